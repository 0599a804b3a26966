"""One's own account: what is open under it, its second factor, its password."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from segno import make_qr

from daylight.catalogue.queries.people import Account, has_second_factor
from daylight.catalogue.queries.policy import policy
from daylight.services import lockout, second_factor, sittings
from daylight.web.asked import Asked, text
from daylight.web.entry import minutes
from daylight.web.line import is_thin
from daylight.web.middleware import asks_second_factor
from daylight.web.sitting import SITTING, address_of, dangerous


@require_safe
def show(request: Asked) -> HttpResponse:
    user = _self(request)
    words = {
        "here": request.session.get(SITTING, ""),
        "sittings": sittings.open_of(request.workspace, user),
        "rules": policy(),
        "has_code": has_second_factor(user),
        "codes_left": second_factor.codes_left(user),
        "asked": asks_second_factor(request),
        "thin": is_thin(request),
    }
    return render(request, "account.html", words)


@require_POST
def end(request: Asked) -> HttpResponse:
    """End one of one's own sessions, or all but this one."""
    user = _self(request)
    which = text(request.POST, "sitting", 32)
    if which == "others":
        sittings.end_others(user, request.session[SITTING])
    else:
        sittings.end(user, which)
    return redirect("account")


@require_http_methods(["GET", "HEAD", "POST"])
@dangerous(back="second-factor")
def factor(request: Asked) -> HttpResponse:
    """Set up, confirm, renew the codes, remove: each a button of its own."""
    acts = {"begin": _begin, "confirm": _confirm, "codes": _codes, "remove": _remove}
    if request.method == "POST":
        act = acts.get(request.POST.get("act", ""))
        if act is None:
            raise PermissionDenied
        return act(request, _self(request))
    return _page(request)


def _begin(request: Asked, user: Account) -> HttpResponse:
    if not has_second_factor(user):
        second_factor.begin(request.workspace, user)
    return redirect("second-factor")


def _confirm(request: Asked, user: Account) -> HttpResponse:
    wait = lockout.attempt(request.workspace, user.get_username(), address_of(request))
    if wait:
        told = _("Too many attempts. Wait %(minutes)d min.") % {"minutes": minutes(wait)}
        return _page(request, problem=told, status=403)
    codes = second_factor.confirm(request.workspace, user, text(request.POST, "code", 40))
    if codes is None:
        return _page(request, problem=_("This code is wrong, or was used already."), status=400)
    lockout.succeeded(request.workspace, user.get_username())
    sittings.end_others(user, request.session[SITTING])
    return _page(request, codes=codes)


def _codes(request: Asked, user: Account) -> HttpResponse:
    return _page(request, codes=second_factor.new_codes(user) if has_second_factor(user) else [])


def _remove(request: Asked, user: Account) -> HttpResponse:
    if asks_second_factor(request) and has_second_factor(user):
        raise PermissionDenied
    second_factor.remove(user)
    return redirect("account")


def _page(
    request: Asked, *, problem: str = "", codes: list[str] | None = None, status: int = 200
) -> HttpResponse:
    user = _self(request)
    secret = second_factor.waiting_secret(request.workspace, user)
    words = {
        "problem": problem,
        "codes": codes,
        "has_code": has_second_factor(user),
        "codes_left": second_factor.codes_left(user),
        "asked": asks_second_factor(request),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "picture": _picture(request, user, secret) if secret else "",
    }
    return render(request, "second_factor.html", words, status=status)


def _picture(request: Asked, user: Account, secret: str) -> str:
    """The QR code as SVG inside the page: it is in no file and no cache."""
    said = second_factor.address(secret, user.get_username(), request.workspace.layout.vault_id)
    drawn = make_qr(said, error="m").svg_inline(
        scale=5, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True
    )
    return mark_safe(drawn)  # noqa: S308  # segno's own drawing; nothing of it was typed


def _self(request: Asked) -> Account:
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user
