"""A request as the views of the review room know it."""

from django.http import HttpRequest, QueryDict

from daylight.domain.principal import Principal
from daylight.domain.views import View
from daylight.services.jobs import Jobs
from daylight.services.views import ViewLog
from daylight.services.watch import Player
from daylight.services.workspace import Workspace

WORKSPACE = "daylight.workspace"  # where the WSGI environment carries it
PLAYER = "daylight.player"
BEYOND = "daylight.beyond"  # whether others than this machine reach the room
VIEWS = "daylight.views"
JOBS = "daylight.jobs"


class Asked(HttpRequest):
    """What :mod:`daylight.web.middleware` puts on every request.

    ``principal``: who asks, with the rights held at this moment.
    """

    workspace: Workspace
    player: Player
    views: ViewLog
    jobs: Jobs
    principal: Principal


def text(values: QueryDict, name: str, limit: int) -> str:
    """One value of a form or address, cut to ``limit``; without NUL, which PostgreSQL refuses."""
    return values.get(name, "")[:limit].replace("\0", "\ufffd")


def in_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def note_view(
    request: Asked, public_id: str, how: str, span: tuple[int, int] | None = None
) -> None:
    """Write down that something is sent; ``span`` in microseconds. ``how`` is empty for no view."""
    if not how:
        return
    now = int(request.workspace.clock().timestamp())
    start, end = span or (None, None)
    request.views.note(View(request.principal.agent, public_id, how, start, end, now, now))
