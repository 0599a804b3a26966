"""What every template may use."""

from typing import Any

from django.http import HttpRequest

from daylight.domain.principal import Principal, Right


def common(request: HttpRequest) -> dict[str, Any]:
    principal: Principal | None = getattr(request, "principal", None)
    rights = principal.rights if principal else frozenset()
    return {
        "signed_in": principal is not None,
        "username": request.user.get_username() if principal else "",
        "may": {right.name.lower(): right in rights for right in Right},
    }
