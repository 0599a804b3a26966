"""The very picture: which one stands at a moment, its still, and keeping it."""

from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from daylight.catalogue.queries.pictures import is_seen
from daylight.domain.principal import Right
from daylight.errors import Forbidden
from daylight.services import frames
from daylight.services.kept import Still
from daylight.web import shield
from daylight.web.asked import Asked, note_view, text
from daylight.web.line import is_thin

MODES = ("shielded", "clear")
_MOST = 1 << 53  # what a browser's numbers hold


@require_safe
def find(request: Asked, public_id: str, mode: str) -> HttpResponse:
    """JSON ``frames/1``: the picture at ``t`` (microseconds), or number ``n``, and those around it."""
    check(request, public_id, mode)
    at, number = _number(request, "t"), _number(request, "n")
    if at is None and number is None:
        raise Http404
    asked = (request.player, request.principal, public_id, mode)
    if number is None:
        found = frames.at_moment(*asked, at or 0, thin=is_thin(request))
    else:
        toward = -1 if request.GET.get("toward") == "-1" else 1
        found = frames.at_number(*asked, number, toward, thin=is_thin(request))
    around = [_told(one, public_id, mode) for one in found.around]
    return JsonResponse(
        {
            "schema": "frames/1",
            "frame": _told(found.still, public_id, mode),
            "around": around,
        }
    )


@require_safe
def show(request: Asked, public_id: str, mode: str, number: int) -> HttpResponse:
    """The still itself."""
    check(request, public_id, mode)
    try:
        found = frames.still(
            request.player, request.principal, public_id, mode, number, thin=is_thin(request)
        )
    except IndexError:
        raise Http404 from None
    at = found.us
    note_view(request, public_id, mode, (at, at))
    return HttpResponse(found.data, content_type=found.media_type)


@require_POST
def grab(request: Asked, public_id: str, mode: str, number: int) -> HttpResponse:
    """Keep it in its own size, as a rendition; JSON ``still/1`` says where it is."""
    check(request, public_id, mode)
    try:
        kept = frames.grab(
            request.workspace, request.player, request.principal, public_id, mode, number
        )
    except IndexError:
        raise Http404 from None
    return JsonResponse(
        {
            "schema": "still/1",
            "name": kept.name,
            "sha256": kept.digest.hex(),
            "address": reverse("rendition", args=[public_id, kept.name]),
        }
    )


def marked(request: Asked, public_id: str, number: int) -> Still | None:
    """A clear still with the viewer's mark, where the policy says that nothing goes out without."""
    try:
        return frames.marked(
            request.player, request.principal, public_id, number, thin=is_thin(request)
        )
    except IndexError:
        raise Http404 from None


def check(request: Asked, public_id: str, mode: str) -> None:
    """Need-to-know first, so that a foreign item looks like none; then the shield."""
    if mode not in MODES or not is_seen(request.principal, public_id):
        raise Http404
    request.principal.require(Right.WATCH)
    found = shield.lifted(request.session, public_id, "player")
    if mode == shield.CLEAR and shield.of_frames(found) != shield.CLEAR:
        raise Forbidden("the shield of this item was not lifted")


def _number(request: Asked, name: str) -> int | None:
    """None where it is not asked for; 404 for what is no number."""
    if name not in request.GET:
        return None
    typed = text(request.GET, name, 20)
    if not (typed.isascii() and typed.isdecimal()) or int(typed) > _MOST:
        raise Http404
    return int(typed)


def _told(one: Still, public_id: str, mode: str) -> dict[str, Any]:
    where = reverse("frame", args=[public_id, mode, one.number])
    return {**frames.address(one), "still": where, "width": one.width, "height": one.height}
