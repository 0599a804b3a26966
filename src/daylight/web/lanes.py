"""What is known of an item along its time, for the lanes under the player."""

from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from daylight.domain.lanes import to_json
from daylight.services import lanes
from daylight.web.asked import Asked


@require_safe
def data(request: Asked, public_id: str) -> HttpResponse:
    """JSON ``lanes/1``: ``lanes[{name, examined, by, things[[start_us, end_us, level, word]]}]``."""
    try:
        found = lanes.lanes(request.workspace, request.principal, public_id)
    except KeyError:
        raise Http404 from None
    return JsonResponse({"schema": "lanes/1", "lanes": [to_json(one) for one in found]})
