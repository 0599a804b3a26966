"""What every template may use."""

from typing import Any

from django.http import HttpRequest

from daylight.catalogue.queries.alerts import open_alerts
from daylight.domain.principal import Principal, Right
from daylight.services.watch import MARK_DIGITS


def common(request: HttpRequest) -> dict[str, Any]:
    principal: Principal | None = getattr(request, "principal", None)
    rights = principal.rights if principal else frozenset()
    return {
        "signed_in": principal is not None,
        "username": request.user.get_username() if principal else "",
        "own_mark": principal.agent[:MARK_DIGITS] if principal else "",
        "open_alerts": open_alerts() if Right.SEE_ALERTS in rights else 0,
        "may": {right.name.lower(): right in rights for right in Right},
    }
