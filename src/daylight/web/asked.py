"""A request as the views of the review room know it."""

from django.http import HttpRequest

from daylight.domain.principal import Principal
from daylight.services.workspace import Workspace

WORKSPACE = "daylight.workspace"  # where the WSGI environment carries it


class Asked(HttpRequest):
    """``principal``: who asks, with the rights held at this moment."""

    workspace: Workspace
    principal: Principal

    @property
    def in_part(self) -> bool:
        """Whether htmx asks for a part of a page."""
        return self.headers.get("HX-Request") == "true"
