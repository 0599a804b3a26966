"""Alerts: that somebody opens or exports unusually much. How many items it was, never which."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from daylight.catalogue.queries.alerts import alerts
from daylight.catalogue.queries.policy import policy
from daylight.services.alerts import settle as settle_alert
from daylight.web.asked import Asked


@require_safe
def show(request: Asked) -> HttpResponse:
    return render(request, "alerts.html", {"alerts": alerts(request.principal), "rules": policy()})


@require_POST
def settle(request: Asked, public_id: str) -> HttpResponse:
    """Somebody has looked into it: not whom it is about."""
    if not settle_alert(request.workspace, request.principal, public_id):
        raise Http404
    return redirect("alerts")
