"""Coming in and going out: password, one-time link, first password, language."""

from typing import cast

from django.conf import settings
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from daylight.errors import UsageError
from daylight.services import own, people
from daylight.web.asked import Asked, text
from daylight.web.patience import Patience

_BACKEND = settings.AUTHENTICATION_BACKENDS[0]
_PATIENCE = Patience()


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """By name and password. A wrong name and a wrong password look the same, and take as long."""
    problem = ""
    if request.method == "POST":
        problem = _signed_in(request)
        if not problem:
            return redirect(_where_to(request))
    words = {"problem": problem, "next": request.GET.get("next", request.POST.get("next", ""))}
    return render(request, "login.html", words, status=403 if problem else 200)


def _signed_in(request: HttpRequest) -> str:
    """Sign in; what is wrong, or nothing."""
    name = text(request.POST, "username", 150)
    if _PATIENCE.must_wait(name):
        return _("Too many attempts for this name. Wait a minute.")
    user = authenticate(request, username=name, password=request.POST.get("password", ""))
    if user is None:
        _PATIENCE.failed(name)
        return _("Name or password is wrong.")
    _PATIENCE.succeeded(name)
    login(request, user)
    _open_own(request, user.agent, request.POST.get("password", ""))
    return ""


def _open_own(request: HttpRequest, agent: str, password: str) -> None:
    """The person's own key, for as long as this session lasts and in memory alone."""
    asked = cast("Asked", request)
    secret = own.opened(asked.workspace, agent, password)
    asked.views.opened(request.session.session_key or "", agent, secret)


def _where_to(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if ours and wanted.startswith("/") else reverse("overview")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: Asked, token: str) -> HttpResponse:
    """A link is looked at by previews and mail scanners: only the button uses it up."""
    if request.method != "POST":
        stands = people.link_stands(request.workspace, token)
        return render(request, "link.html", {"stands": stands}, status=200 if stands else 410)
    user = people.enter(request.workspace, token)
    if user is None:
        return render(request, "link.html", {"stands": False}, status=410)
    login(request, user, backend=_BACKEND)
    return redirect("overview" if user.has_usable_password() else "password")


@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Choose a password; whoever has one already must know it."""
    known = request.user.is_authenticated and request.user.has_usable_password()
    problem = ""
    if request.method == "POST":
        problem = _changed(request, known=known)
        if not problem:
            return redirect("overview")
    words = {"problem": problem, "known": known}
    return render(request, "password.html", words, status=400 if problem else 200)


def _changed(request: HttpRequest, *, known: bool) -> str:
    """Set the password; what is wrong, or nothing. This session goes on, all others end."""
    user = request.user
    if not user.is_authenticated:
        raise PermissionDenied
    wanted = request.POST.get("new", "")
    if known and not user.check_password(request.POST.get("old", "")):
        return _("The present password is wrong.")
    if wanted != request.POST.get("again", ""):
        return _("The two passwords differ.")
    try:
        people.set_password(user, wanted)
    except UsageError as error:
        return f"{error}."
    secret = _own_secret(request, user.agent)
    if secret is not None:
        own.relocked(user.agent, secret, wanted)
    cast("Asked", request).views.closed(request.session.session_key)
    update_session_auth_hash(request, user)
    _open_own(request, user.agent, wanted)
    return ""


def _own_secret(request: HttpRequest, agent: str) -> str | None:
    """To put one's own key under a new password. Without the old one at hand a new key begins."""
    asked = cast("Asked", request)
    secret = asked.views.secret(request.session.session_key, agent)
    if secret is None and request.POST.get("old"):
        return own.opened(asked.workspace, agent, request.POST["old"])
    return secret


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    cast("Asked", request).views.closed(request.session.session_key)
    logout(request)
    return redirect("login")


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remember the language, with the person where there is one, else in a cookie."""
    chosen = request.POST.get("language", "")
    response = redirect(_where_to(request))
    if chosen in dict(settings.LANGUAGES):
        if request.user.is_authenticated:
            people.set_language(request.user, chosen)
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, samesite="Strict", httponly=True)
    return response
