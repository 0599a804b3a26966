"""Playing: a playlist and its segments, made in the sandbox as they are asked for."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from daylight.services import watch
from daylight.web.asked import Asked
from daylight.web.frames import check
from daylight.web.sitting import still_here


@require_safe
def playlist(request: Asked, public_id: str, mode: str) -> HttpResponse:
    """HLS (RFC 8216). ``MediaRefused``, when it cannot be played, becomes 404."""
    check(request, public_id, mode)
    text = watch.playlist(request.player, request.principal, public_id, mode)
    return HttpResponse(text, content_type="application/vnd.apple.mpegurl")


@require_safe
def segment(request: Asked, public_id: str, mode: str, number: int) -> HttpResponse:
    """One segment, MPEG-TS."""
    check(request, public_id, mode)
    try:
        data = watch.segment(request.player, request.principal, public_id, number, mode)
    except (IndexError, KeyError):
        raise Http404 from None
    if not still_here(request):  # it took its time, and they were shut out meanwhile
        raise PermissionDenied
    return HttpResponse(data, content_type="video/mp2t")
