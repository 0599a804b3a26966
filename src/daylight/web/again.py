"""Showing anew who one is: before dangerous acts, where the last time is more than ten minutes ago."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from daylight.catalogue.queries.people import has_second_factor
from daylight.services import lockout, second_factor
from daylight.web.asked import Asked, text
from daylight.web.entry import minutes, where_to
from daylight.web.sitting import address_of, prove


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: Asked) -> HttpResponse:
    problem = ""
    if request.method == "POST":
        problem = _proved(request)
        if not problem:
            return redirect(where_to(request))
    words = {
        "problem": problem,
        "next": request.GET.get("next", request.POST.get("next", "")),
        "has_password": request.user.is_authenticated and request.user.has_usable_password(),
        "has_code": request.user.is_authenticated and has_second_factor(request.user),
    }
    return render(request, "again.html", words, status=403 if problem else 200)


def _proved(request: Asked) -> str:
    """Prove this session; what is wrong, or nothing. It tells not which of the two was wrong."""
    user, ws = request.user, request.workspace
    if not user.is_authenticated:
        return _("Password or code is wrong.")
    wait = lockout.attempt(ws, user.get_username(), address_of(request))
    if wait:
        return _("Too many attempts. Wait %(minutes)d min.") % {"minutes": minutes(wait)}
    good = user.check_password(request.POST.get("password", ""))
    if good and has_second_factor(user):
        good = second_factor.check(ws, user, text(request.POST, "code", 40))
    if not good:
        return _("Password or code is wrong.")
    lockout.succeeded(ws, user.get_username())
    prove(request)
    return ""
