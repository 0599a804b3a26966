"""Coming in and going out: password, code, one-time link, invitation, password, language."""

import math
from datetime import timedelta
from typing import cast

from django.conf import settings
from django.contrib.auth import authenticate, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from daylight.catalogue.queries.people import Account
from daylight.errors import UsageError
from daylight.services import lockout, own, people, second_factor, sittings
from daylight.web.asked import Asked, text
from daylight.web.sitting import (
    HALF,
    SITTING,
    address_of,
    come_in,
    half_in,
    is_fresh,
    shown_one,
)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: Asked) -> HttpResponse:
    """By name and password. A wrong name and a wrong password look the same, and take as long."""
    problem = ""
    if request.method == "POST":
        user, problem = _known(request)
        if user is not None:
            where = shown_one(request, user, where_to(request))
            _open_or_wait(request, user, request.POST.get("password", ""))
            return redirect(where)
    words = {"problem": problem, "next": request.GET.get("next", request.POST.get("next", ""))}
    return render(request, "login.html", words, status=403 if problem else 200)


def _known(request: Asked) -> tuple[Account | None, str]:
    """Who it is; and what is wrong, or nothing."""
    name = text(request.POST, "username", 150)
    wait = lockout.attempt(request.workspace, name, address_of(request))
    if wait:
        return None, _("Too many attempts. Wait %(minutes)d min.") % {"minutes": minutes(wait)}
    user = authenticate(request, username=name, password=request.POST.get("password", ""))
    if not isinstance(user, Account):
        return None, _("Name or password is wrong.")
    return user, ""


def _open_or_wait(request: Asked, user: Account, password: str) -> None:
    """Open their own part; where a code is owed nobody has come in yet, and it waits for that."""
    if HALF not in request.session:
        _open_own(request, user.agent, password)
        return
    if request.session.session_key is None:
        request.session.save()  # so that it has a name under which to wait
    request.views.owes_code(request.session.session_key or "", user.agent, password)


def _open_own(request: HttpRequest, agent: str, password: str) -> None:
    """The person's own key, for as long as this session lasts and in memory alone."""
    asked = cast("Asked", request)
    secret = own.opened(asked.workspace, agent, password)
    asked.views.opened(request.session.session_key or "", agent, secret)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: Asked) -> HttpResponse:
    """The second factor, within five minutes of the first."""
    half = half_in(request)
    if half is None:
        request.session.pop(HALF, None)
        return redirect("login")
    user, where = half
    problem = ""
    if request.method == "POST":
        problem = _coded(request, user)
        if not problem:
            request.session.pop(HALF, None)
            password = request.views.showed_code(request.session.session_key, user.agent)
            come_in(request, user)
            if password is not None:
                _open_own(request, user.agent, password)
            return redirect(where)
    return render(request, "code.html", {"problem": problem}, status=403 if problem else 200)


def _coded(request: Asked, user: Account) -> str:
    wait = lockout.attempt(request.workspace, user.get_username(), address_of(request))
    if wait:
        return _("Too many attempts. Wait %(minutes)d min.") % {"minutes": minutes(wait)}
    if second_factor.check(request.workspace, user, text(request.POST, "code", 40)):
        return ""
    return _("This code is wrong, or was used already.")


def minutes(wait: timedelta) -> int:
    return max(1, math.ceil(wait / timedelta(minutes=1)))


def where_to(request: HttpRequest) -> str:
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
    where = reverse("overview" if user.has_usable_password() else "password")
    return redirect(shown_one(request, user, where))


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def invited(request: Asked, token: str) -> HttpResponse:
    """An invitation: choose a password, then come in with it. Looking does not use it up."""
    guest = people.invited(request.workspace, token)
    problem = ""
    if guest is not None and request.method == "POST":
        user, problem = _accepted(request, token)
        if user is not None:
            where = shown_one(request, user, reverse("overview"))
            _open_or_wait(request, user, request.POST.get("new", ""))
            return redirect(where)
    name = "" if guest is None else guest.get_username()
    words = {"stands": guest is not None, "name": name, "problem": problem}
    status = 410 if guest is None else 400 if problem else 200
    return render(request, "invited.html", words, status=status)


def _accepted(request: Asked, token: str) -> tuple[Account | None, str]:
    wanted = request.POST.get("new", "")
    if wanted != request.POST.get("again", ""):
        return None, _("The two passwords differ.")
    try:
        return people.accept(request.workspace, token, wanted), ""
    except UsageError as error:
        return None, f"{error}."


@require_http_methods(["GET", "HEAD", "POST"])
def password(request: Asked) -> HttpResponse:
    """Choose a password; whoever has one already must know it, whoever has none came in lately."""
    known = request.user.is_authenticated and request.user.has_usable_password()
    problem = ""
    if request.method == "POST":
        problem = _changed(request, known=known)
        if not problem:
            return redirect("overview")
    words = {"problem": problem, "known": known}
    return render(request, "password.html", words, status=400 if problem else 200)


def _changed(request: Asked, *, known: bool) -> str:
    """Set the password; what is wrong, or nothing. This session goes on, all others end."""
    user = request.user
    if not user.is_authenticated:
        raise PermissionDenied
    wanted = request.POST.get("new", "")
    if known and not user.check_password(request.POST.get("old", "")):
        return _("The present password is wrong.")
    if not known and not is_fresh(request):
        return _("You came in too long ago: have a new link printed, and come in with it.")
    if wanted != request.POST.get("again", ""):
        return _("The two passwords differ.")
    try:
        people.set_password(user, wanted)
    except UsageError as error:
        return f"{error}."
    sittings.end_others(user, request.session[SITTING])
    secret = _own_secret(request, user.agent)
    if secret is not None:
        own.relocked(user.agent, secret, wanted)
    request.views.closed(request.session.session_key)
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
def sign_out(request: Asked) -> HttpResponse:
    if request.user.is_authenticated:
        sittings.end(request.user, request.session.get(SITTING, ""))
    request.views.closed(request.session.session_key)
    logout(request)
    return redirect("login")


@login_not_required
@require_POST
def language(request: Asked) -> HttpResponse:
    """Remember the language, with the person where there is one, else in a cookie."""
    chosen = request.POST.get("language", "")
    response = redirect(where_to(request))
    if chosen in dict(settings.LANGUAGES):
        if request.user.is_authenticated:
            people.set_language(request.user, chosen)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            samesite="Strict",
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response
