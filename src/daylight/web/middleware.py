"""What every request passes: the right host, headers, language, login, rights."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import translation

from daylight.catalogue.queries.people import principal_of
from daylight.errors import DaylightError, Forbidden, MediaRefused
from daylight.web.asked import PLAYER, VIEWS, WORKSPACE, Asked, in_part
from daylight.web.failures import bad, missing, refused, unavailable

Next = Callable[[HttpRequest], HttpResponseBase]

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not "no-referrer": browsers then send "Origin: null" with our own forms, and nothing would
    # tell them from those of others. Other sites learn nothing from this value either.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "autoplay=(), camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), "
        "payment=(), picture-in-picture=(), usb=()"
    ),
    "X-Robots-Tag": "noindex",
}


class Guard:
    """The outermost: refuses foreign host names, for static files too, and sets the headers."""

    def __init__(self, get_response: Next) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asked = cast("Asked", request)
        asked.workspace, asked.player = request.META[WORKSPACE], request.META[PLAYER]
        asked.views = request.META[VIEWS]
        response = self._next(request) if _is_ours(request) else bad(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def _is_ours(request: HttpRequest) -> bool:
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return True


class Language:
    """What the person chose, else what the browser asks for."""

    def __init__(self, get_response: Next) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        chosen: str = getattr(request.user, "language", "")
        language = chosen or translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self._next(request)
        response.headers.setdefault("Content-Language", language)
        return response


class Entrance(LoginRequiredMiddleware):
    """Nobody gets further without a login; only pages are led to the form."""

    def handle_no_permission(  # type: ignore[override]  # htmx is told by a header instead
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponseBase:
        if in_part(request):
            return HttpResponse(status=401, headers={"HX-Redirect": reverse("login")})
        if request.method in {"GET", "HEAD"} and "text/html" in request.headers.get("Accept", ""):
            return super().handle_no_permission(request, view_func)
        return HttpResponse(status=401)


class Asking:
    """Names who asks, with rights read afresh; turns our errors into pages."""

    def __init__(self, get_response: Next) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            cast("Asked", request).principal = principal_of(request.user)
        return self._next(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        if isinstance(error, Forbidden):
            return refused(request, error)
        if isinstance(error, MediaRefused):
            return missing(request, error)
        if isinstance(error, DaylightError):
            return unavailable(request, error)
        return None
