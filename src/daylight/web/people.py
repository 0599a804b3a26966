"""The people who work here: for administrators, who have shown lately who they are."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from daylight.catalogue.queries.people import Person, collection_names, people, person
from daylight.domain.principal import Right, Role
from daylight.errors import UsageError
from daylight.services import lockout, second_factor
from daylight.services import people as staff
from daylight.web.asked import Asked, text
from daylight.web.sitting import dangerous

_managing = dangerous(Right.MANAGE_USERS, back="people")


@require_http_methods(["GET", "HEAD", "POST"])
@_managing
def show(request: Asked) -> HttpResponse:
    """Everybody; and a form that adds somebody, whose invitation is shown once."""
    if request.method != "POST":
        return _everybody(request)
    name = text(request.POST, "username", 64)
    try:
        new = staff.NewUser(name, _roles(request), _homes(request))
        staff.add(request.workspace, request.principal, new)
    except UsageError as error:
        return _everybody(request, problem=told(error))
    return _invitation(request, name)


def _everybody(request: Asked, *, problem: str = "") -> HttpResponse:
    found = people()
    words = {
        "people": found,
        "number": len(found),
        "locked": set(_locked(request, found)),
        "roles": list(Role),
        "collections": collection_names(),
        "days": staff.INVITATION_DAYS,
        "problem": problem,
        "typed": {
            "username": text(request.POST, "username", 64),
            "roles": request.POST.getlist("role"),
            "collections": request.POST.getlist("collection"),
        },
    }
    return render(request, "people/list.html", words, status=400 if problem else 200)


@require_safe
@_managing
def one(request: Asked, agent: str) -> HttpResponse:
    return _one(request, agent)


def _one(request: Asked, agent: str, *, problem: str = "") -> HttpResponse:
    shown = _person(agent)
    words = {
        "person": shown,
        "own": agent == request.principal.agent,
        "locked": _locked(request, [shown]).get(shown.username),
        "roles": list(Role),
        "collections": collection_names(),
        "days": staff.INVITATION_DAYS,
        "problem": problem,
    }
    return render(request, "people/person.html", words, status=400 if problem else 200)


@require_POST
@_managing
def change(request: Asked, agent: str) -> HttpResponse:
    """Roles and collections as they were ticked; open sessions end."""
    ws, who = request.workspace, request.principal
    name, roles, homes = _person(agent).username, _roles(request), _homes(request)
    return _after(request, agent, lambda: staff.change(ws, who, name, roles, homes))


@require_POST
@_managing
def disable(request: Asked, agent: str) -> HttpResponse:
    name = _person(agent).username
    return _after(request, agent, lambda: staff.disable(request.workspace, request.principal, name))


@require_POST
@_managing
def enable(request: Asked, agent: str) -> HttpResponse:
    """Back in, with an invitation that is shown at once: nothing else would open."""
    name = _person(agent).username
    try:
        staff.enable(request.workspace, request.principal, name)
    except UsageError as error:
        return _one(request, agent, problem=told(error))
    return _invitation(request, name)


@require_POST
@_managing
def unlock(request: Asked, agent: str) -> HttpResponse:
    name = _person(agent).username
    return _after(
        request, agent, lambda: lockout.unlock(request.workspace, request.principal, name)
    )


@require_POST
@_managing
def reset_code(request: Asked, agent: str) -> HttpResponse:
    """For a lost telephone."""
    name = _person(agent).username
    return _after(
        request, agent, lambda: second_factor.reset(request.workspace, request.principal, name)
    )


@require_POST
@_managing
def invite(request: Asked, agent: str) -> HttpResponse:
    """A new invitation: earlier ones are void."""
    name = _person(agent).username
    try:
        return _invitation(request, name)
    except UsageError as error:
        return _one(request, agent, problem=told(error))


def _invitation(request: Asked, name: str) -> HttpResponse:
    """Shown on this page once, to be handed over; it is in no address and no cookie."""
    token = staff.invite(request.workspace, request.principal, name)
    address = request.build_absolute_uri(reverse("invited", args=[token]))
    words = {"name": name, "address": address, "days": staff.INVITATION_DAYS}
    return render(request, "people/invitation.html", words)


def _after(request: Asked, agent: str, act: Any) -> HttpResponse:
    try:
        act()
    except UsageError as error:
        return _one(request, agent, problem=told(error))
    return redirect("person", agent)


def _person(agent: str) -> Person:
    found = person(agent)
    if found is None:
        raise Http404
    return found


def _locked(request: Asked, found: list[Person]) -> dict[str, datetime]:
    return lockout.locked_until(request.workspace, [one.username for one in found])


def _roles(request: Asked) -> frozenset[Role]:
    known = {role.value for role in Role}
    return frozenset(Role(one) for one in request.POST.getlist("role") if one in known)


def _homes(request: Asked) -> frozenset[str]:
    """Exactly those that were ticked: on this page none means none."""
    return frozenset(one.replace("\0", "\ufffd") for one in request.POST.getlist("collection"))


def told(error: UsageError) -> str:
    """What a service refused, in the reader's language where that is a sentence of ours."""
    known = {
        "a user of this name exists": _("A user of this name exists."),
        "a user's name is 1 to 64 letters, digits and . @ - _": _(
            "A name is 1 to 64 letters, digits and . @ - _"
        ),
        "this user is disabled": _("This user is disabled."),
        "this user is not disabled": _("This user is not disabled."),
        "this user has no second factor": _("This user has no second factor."),
        "this is your own account; somebody else must do it, or the custodian": _(
            "This is your own account: somebody else must do it, or whoever has the shell."
        ),
    }
    said = str(error)
    if said.startswith("a user needs a role"):
        return _("Choose at least one role.")
    return known.get(said, f"{said}.")
