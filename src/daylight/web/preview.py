"""What goes out, of a few seconds: rendered when it is asked for, beside the player, never kept."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from daylight.domain.marks import MAX_US
from daylight.errors import MediaRefused, PlanRefused, RedactionFailed
from daylight.media.cut import look_of
from daylight.services import preview, studio
from daylight.web import shield
from daylight.web.asked import Asked, note_view, text
from daylight.web.item import seen
from daylight.web.sitting import still_here

HOW = "redacted"  # in the log of views


@require_safe
def show(request: Asked, public_id: str) -> HttpResponse:
    """The film or picture itself; 409 and JSON ``refused/1`` with words where there is none.

    It is clear but for its masks: the shield must have been lifted to the end.
    """
    view = seen(request, public_id)
    studio.require(request.principal)
    part = "pictures" if view.kind == "image" else "player"
    lift = shield.require_clear(request.session, public_id, part)
    try:
        made = preview.preview(
            request.workspace,
            request.player,
            request.principal,
            view,
            _at(request),
            lift.within,
            heard=look_of(lift.look).sound,
        )
    except (PlanRefused, MediaRefused, RedactionFailed) as error:
        return JsonResponse({"schema": "refused/1", "words": _words(error)}, status=409)
    if not still_here(request):  # it took its time, and they were shut out meanwhile
        raise PermissionDenied
    note_view(request, public_id, HOW, (made.span.start_us, made.span.end_us))
    told = {
        "X-Daylight-Start": str(made.span.start_us),
        "X-Daylight-End": str(made.span.end_us),
        "X-Daylight-Version": str(made.version),
        "X-Daylight-Pictures": str(made.pictures),
    }
    return HttpResponse(made.data, content_type=made.media_type, headers=told)


def _words(error: Exception) -> str:
    if isinstance(error, PlanRefused):
        return _("This moment does not go out, or the shield is not lifted there.")
    if isinstance(error, RedactionFailed):
        return _("What was made did not pass its check, and is not shown.")
    return _("This part cannot be rendered now.")


def _at(request: Asked) -> int:
    typed = text(request.GET, "at", 20) or "0"
    if not (typed.isascii() and typed.isdecimal()) or int(typed) > MAX_US:
        raise Http404
    return int(typed)
