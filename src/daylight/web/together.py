"""From one moment of a recording to what the other cameras of the place saw then, side by side."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from daylight.catalogue.queries.items import item
from daylight.domain.principal import Right
from daylight.domain.together import together
from daylight.web.asked import Asked, text
from daylight.web.timeline import RECENT

_MOST = 10**9  # seconds


@require_safe
def show(request: Asked, public_id: str) -> HttpResponse:
    """Up to nine players, all shielded and without sound; none asks for anything before Play."""
    request.principal.require(Right.WATCH)
    view = item(request.principal, public_id)
    if view is None:
        raise Http404
    at_us = round(_seconds(request) * 1_000_000)
    words = {
        "item": view,
        "at_us": at_us,
        "found": together(RECENT.of(request).rows, public_id, at_us),
    }
    return render(request, "together.html", words)


def _seconds(request: Asked) -> float:
    """The moment asked for; 0 for what is none."""
    typed = text(request.GET, "t", 20)
    plain = typed.replace(".", "", 1)
    if not (plain.isascii() and plain.isdecimal()):
        return 0.0
    return min(_MOST, float(typed))
