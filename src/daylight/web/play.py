"""Playing: a playlist and its segments, made in the sandbox as they are asked for."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from daylight.catalogue.queries.pictures import is_seen
from daylight.domain.principal import Right
from daylight.domain.views import SHIELDED
from daylight.services import watch
from daylight.web import shield
from daylight.web.asked import Asked, note_view
from daylight.web.line import is_thin
from daylight.web.sitting import still_here


@require_safe
def playlist(request: Asked, public_id: str, mode: str) -> HttpResponse:
    """HLS (RFC 8216). ``MediaRefused``, when it cannot be played, becomes 404."""
    within = _check(request, public_id, mode)
    text = watch.playlist(request.player, request.principal, public_id, mode, within)
    return HttpResponse(text, content_type="application/vnd.apple.mpegurl")


@require_safe
def segment(request: Asked, public_id: str, mode: str, number: int) -> HttpResponse:
    """One segment, MPEG-TS. That it is sent is written down."""
    within = _check(request, public_id, mode)
    try:
        made = watch.segment(
            request.player,
            request.principal,
            public_id,
            number,
            mode,
            within,
            thin=is_thin(request),
        )
    except (IndexError, KeyError):
        raise Http404 from None
    if not still_here(request):  # it took its time, and they were shut out meanwhile
        raise PermissionDenied
    how = SHIELDED if made.shielded else mode
    note_view(request, public_id, how, (made.start_us, made.end_us))
    return HttpResponse(made.data, content_type="video/mp2t")


def _check(request: Asked, public_id: str, mode: str) -> tuple[int, int] | None:
    """Need-to-know first, so that a foreign item looks like none; then the shield. The span lifted for."""
    try:
        freely = shield.needs_none(mode)
    except ValueError:
        raise Http404 from None
    if not is_seen(request.principal, public_id):
        raise Http404
    request.principal.require(Right.WATCH)
    if freely:
        return None
    return shield.require_lifted(request.session, public_id, "player", mode).within
