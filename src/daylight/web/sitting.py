"""Coming in and staying: a session counts while its sitting stands, and proves itself for dangerous acts.

A session keeps ``sitting``, the id of its row; ``proved``, when its person last showed who they are;
and, between password and code, ``half``: who has shown the one and owes the other.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from daylight.catalogue.queries.people import Account, active_user, has_second_factor
from daylight.domain.principal import Right
from daylight.services import lockout, sittings
from daylight.web.asked import Asked, in_part

SITTING, PROVED, HALF = "sitting", "proved", "half"
FRESH = timedelta(minutes=10)  # how long a sign-in is good for dangerous acts
HALF_LIFE = timedelta(minutes=5)  # to type a code after the password
_BROWSERS = {"Firefox/": "Firefox", "Edg/": "Edge", "Chrome/": "Chromium", "Safari/": "Safari"}
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")

View = Callable[..., HttpResponseBase]


def come_in(request: Asked, user: Account) -> None:
    """Sign in for good: all that was asked for was shown."""
    lockout.succeeded(request.workspace, user.get_username())
    sittings.leave(request.session.get(SITTING, ""))
    request.views.closed(request.session.session_key)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session[SITTING] = sittings.begin(request.workspace, user, _browser(request))
    prove(request)


def shown_one(request: Asked, user: Account, where: str) -> str:
    """After password, link or invitation: come in, or go and show the second factor. Where to."""
    if not has_second_factor(user):
        request.session.pop(HALF, None)
        come_in(request, user)
        return where
    now = request.workspace.clock().isoformat()
    request.session[HALF] = {"user": user.pk, "at": now, "where": where}
    return reverse("login-code")


def half_in(request: Asked) -> tuple[Account, str] | None:
    """Who owes a code, and where they go then; None when nobody does, or too late."""
    half = request.session.get(HALF)
    if not half or request.workspace.clock() - datetime.fromisoformat(half["at"]) > HALF_LIFE:
        return None
    user = active_user(half["user"])
    return None if user is None else (user, half["where"])


def prove(request: Asked) -> None:
    request.session[PROVED] = request.workspace.clock().isoformat()


def is_fresh(request: Asked) -> bool:
    """Whether this session's person showed lately who they are."""
    proved = request.session.get(PROVED, "")
    return bool(proved) and request.workspace.clock() - datetime.fromisoformat(proved) <= FRESH


def still_here(request: Asked) -> bool:
    """Asked once more before what took long to make is sent."""
    return sittings.stands(request.session.get(SITTING, ""))


def dangerous(right: Right | None = None, back: str = "account") -> Callable[[View], View]:
    """A view that needs ``right`` and a fresh sign-in. ``back``: the page to which a form belongs."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Asked, *args: Any, **words: Any) -> HttpResponseBase:
            if right is not None:
                request.principal.require(right)
            if is_fresh(request):
                return view(request, *args, **words)
            return _ask_again(request, back)

        return guarded

    return decorate


def _ask_again(request: Asked, back: str) -> HttpResponse:
    here = request.get_full_path() if request.method in {"GET", "HEAD"} else reverse(back)
    address = f"{reverse('again')}?{urlencode({'next': here})}"
    if in_part(request):
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    return redirect(address)


def address_of(request: Asked) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _browser(request: Asked) -> str:
    """Enough to know one's own again, and no more."""
    agent = request.headers.get("User-Agent", "")
    browser = next((name for sign, name in _BROWSERS.items() if sign in agent), "")
    system = next((name for name in _SYSTEMS if name in agent), "")
    return ", ".join(one for one in (browser, system.replace("Macintosh", "macOS")) if one)
