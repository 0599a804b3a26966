"""The components that every screen is made of, in one place, to be looked at."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from daylight.domain.marks import SEVERITIES
from daylight.web.asked import Asked

_COLOURS = ("ground", "panel", "raised", "line", "line-strong", "text", "soft", "dawn", "sky", "ok", "damaged",
            "unreadable", "waiting")  # fmt: skip


@require_safe
def show(request: Asked) -> HttpResponse:
    return render(request, "style.html", {"colours": _COLOURS, "severities": SEVERITIES})
