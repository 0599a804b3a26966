"""What goes out, of a few seconds: rendered by a job, fetched by whoever asked for it, beside the player, and not kept."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from daylight.services import studio
from daylight.services.preview import Preview
from daylight.web.asked import Asked, note_view, text
from daylight.web.item import seen
from daylight.web.jobs import PREVIEW, clear_of, made_by, refused
from daylight.web.sitting import still_here

HOW = "redacted"  # in the log of views


@require_safe
def show(request: Asked, public_id: str) -> HttpResponse:
    """The film or picture that a job made; 409 and JSON ``refused/1`` with words where there is none.

    It is clear but for its masks: the shield must be lifted to the end still, for what it shows.
    """
    view = seen(request, public_id)
    studio.require(request.principal)
    lift = clear_of(request, view)
    made = rendered(request, public_id)
    if made is None:
        return refused(_("This part cannot be rendered now."))
    start, end = made.span.start_us, made.span.end_us
    if lift.within is not None and not (lift.within[0] <= start and end <= lift.within[1]):
        raise PermissionDenied
    if not still_here(request):
        raise PermissionDenied
    note_view(request, public_id, HOW, (start, end))
    told = {
        "X-Daylight-Start": str(start),
        "X-Daylight-End": str(end),
        "X-Daylight-Version": str(made.version),
        "X-Daylight-Pictures": str(made.pictures),
    }
    return HttpResponse(made.data, content_type=made.media_type, headers=told)


def rendered(request: Asked, public_id: str) -> Preview | None:
    made = made_by(request, public_id, text(request.GET, "job", 40), PREVIEW)
    return made if isinstance(made, Preview) else None
