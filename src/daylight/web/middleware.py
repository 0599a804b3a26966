"""What every request passes: the right host, headers, language, login, rights."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation

from daylight.catalogue.queries.people import has_second_factor, principal_of
from daylight.catalogue.queries.policy import policy
from daylight.errors import DaylightError, Forbidden, MediaRefused
from daylight.services import sittings
from daylight.web.asked import BEYOND, JOBS, PLAYER, VIEWS, WORKSPACE, Asked, in_part
from daylight.web.failures import bad, missing, refused, unavailable
from daylight.web.sitting import SITTING

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
        asked.views, asked.jobs = request.META[VIEWS], request.META[JOBS]
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


class Sitting:
    """A session counts while its sitting stands: ended ones, idle ones and old ones are over."""

    def __init__(self, get_response: Next) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asked, sitting = cast("Asked", request), request.session.get(SITTING, "")
        if request.user.is_authenticated:
            if not sittings.goes_on(asked.workspace, request.user, sitting):
                asked.views.closed(request.session.session_key)
                logout(request)
        elif sitting:  # of somebody who was disabled
            asked.views.closed(request.session.session_key)
        return self._next(request)


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
        if in_part(request) and request.method == "POST":
            return HttpResponse(status=401)  # the form stays, with what was typed
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


# What is open to whoever has still to set up the second factor that is asked of them.
_BEFORE_ENROLMENT = frozenset(
    {"second-factor", "again", "password", "logout", "language"}
    | {"login", "login-code", "enter", "invited"}  # to come in as somebody else
)


def asks_second_factor(request: Asked) -> bool:
    """Whether this vault asks one of whoever has these rights, where it is served now."""
    beyond = bool(request.META.get(BEYOND, False))
    return policy().asks(request.principal.rights, beyond=beyond)


class Enrolment:
    """Whoever needs a second factor and has none sets it up before anything else."""

    def __init__(self, get_response: Next) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._next(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, words: Any
    ) -> HttpResponseBase | None:
        del view, args, words
        match = request.resolver_match
        if not request.user.is_authenticated or match is None:
            return None
        if match.url_name in _BEFORE_ENROLMENT or not asks_second_factor(cast("Asked", request)):
            return None
        if has_second_factor(request.user):
            return None
        if in_part(request):
            return HttpResponse(status=401, headers={"HX-Redirect": reverse("second-factor")})
        if request.method in {"GET", "HEAD"} and "text/html" in request.headers.get("Accept", ""):
            return redirect("second-factor")
        return HttpResponse(status=403)
