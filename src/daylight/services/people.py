"""Who may work here: users, roles, collections, passwords and one-time login links.

The ledger learns of agents, roles and collections, never of names: those stay in the user's row.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from daylight.catalogue.models import (
    Collection,
    LoginLink,
    Membership,
    OnionKey,
    PersonalKey,
    RoleGrant,
    Sitting,
    User,
)
from daylight.domain.principal import Principal, Right, Role
from daylight.errors import UsageError
from daylight.ledger.leaf import Value
from daylight.services.record import record
from daylight.services.workspace import Workspace

FIRST = "archivist"  # the user that the first `serve` makes
FIRST_ROLES = (Role.ARCHIVIST, Role.ADMINISTRATOR, Role.ANALYST)
LINK_LIFE = timedelta(minutes=15)
INVITATION_DAYS = 3
MAX_INVITATION_DAYS = 30
TOKEN_BYTES = 32
_USERNAME = re.compile(r"[\w][\w.@-]{0,63}")


@dataclass(frozen=True, slots=True)
class NewUser:
    """``collections``: names of those it may see; None is all there are now."""

    username: str
    roles: frozenset[Role]
    collections: frozenset[str] | None = None
    password: str | None = None


def add(ws: Workspace, principal: Principal, new: NewUser) -> None:
    """Make a user. ``UsageError`` for a name that is taken, a poor password, an unknown collection."""
    principal.require(Right.MANAGE_USERS)
    if not _USERNAME.fullmatch(new.username):
        raise UsageError("a user's name is 1 to 64 letters, digits and . @ - _")
    if not new.roles:
        raise UsageError(f"a user needs a role: {', '.join(Role)}")
    user = User(username=new.username, created=ws.clock())
    if new.password is None:
        user.set_unusable_password()
    else:
        _check_password(new.password, user)
        user.set_password(new.password)
    try:
        with transaction.atomic():
            _keep(ws, principal, user, new)
    except IntegrityError:
        raise UsageError("a user of this name exists") from None


def _keep(ws: Workspace, principal: Principal, user: User, new: NewUser) -> None:
    homes = _collections(new.collections)
    user.save()
    record(ws, principal.agent, "user-added", details=_grant(user, new.roles, homes))


def _grant(user: User, roles: frozenset[Role], homes: list[Collection]) -> dict[str, Value]:
    """Give exactly these; what the entry says of it."""
    RoleGrant.objects.filter(user=user).delete()
    Membership.objects.filter(user=user).delete()
    RoleGrant.objects.bulk_create(RoleGrant(user=user, role=role) for role in roles)
    Membership.objects.bulk_create(Membership(user=user, collection=home) for home in homes)
    return {
        "user": user.agent,
        "roles": " ".join(sorted(roles)),
        "collections": " ".join(sorted(home.public_id for home in homes)),
    }


def change(
    ws: Workspace,
    principal: Principal,
    username: str,
    roles: frozenset[Role] | None,
    collections: frozenset[str] | None,
) -> None:
    """Other roles, other collections (names); None leaves them. Open sessions end at once.

    ``UsageError`` for oneself: nobody gives themselves rights.
    """
    principal.require(Right.MANAGE_USERS)
    if roles is not None and not roles:
        raise UsageError(f"a user needs a role: {', '.join(Role)}")
    with transaction.atomic():
        user = _other(principal, username)
        held = {Role(grant.role) for grant in user.grants.all()}
        homes = [one.collection for one in user.memberships.select_related("collection")]
        if collections is not None:
            homes = _collections(collections)
        details = _grant(user, frozenset(held) if roles is None else roles, homes)
        Sitting.objects.filter(user=user).delete()
        record(ws, principal.agent, "user-changed", details=details)


def _other(principal: Principal, username: str) -> User:
    """An active user who is not oneself: whoever manages users must not act on their own account."""
    user = _named(username)
    if user.agent == principal.agent:
        raise UsageError("this is your own account; somebody else must do it, or the custodian")
    if not user.is_active:
        raise UsageError("this user is disabled")
    return user


def _collections(names: Iterable[str] | None) -> list[Collection]:
    if names is None:
        return list(Collection.objects.all())
    wanted = set(names)
    found = list(Collection.objects.filter(name__in=wanted))
    unknown = wanted - {home.name for home in found}
    if unknown:
        raise UsageError(f"there is no collection named {min(unknown)!r}")
    return found


def disable(ws: Workspace, principal: Principal, username: str) -> None:
    """Shut a user out at once: sessions and links end with it. The row stays for the ledger's sake."""
    principal.require(Right.MANAGE_USERS)
    with transaction.atomic():
        user = _named(username)
        if not user.is_active:
            return
        user = _other(principal, username)
        user.is_active = False
        user.save(update_fields=["is_active"])
        LoginLink.objects.filter(user=user).delete()
        Sitting.objects.filter(user=user).delete()
        record(ws, principal.agent, "user-disabled", details={"user": user.agent})


def enable(ws: Workspace, principal: Principal, username: str) -> None:
    """Let a disabled user work here again, with the roles and collections they had.

    They come in by a new invitation, and with the code where there was one: what opened before
    (password, links, sessions, the onion key) does not any more. Their personal key stays void.
    """
    principal.require(Right.MANAGE_USERS)
    with transaction.atomic():
        user = _named(username)
        if user.is_active:
            raise UsageError("this user is not disabled")
        user.is_active = True
        user.set_unusable_password()
        user.save(update_fields=["is_active", "password"])
        for kept in (LoginLink, Sitting, OnionKey):
            kept.objects.filter(user=user).delete()
        # The ledger took it from them with `user-disabled`: what it signed now would not stand.
        PersonalKey.objects.filter(user=user, retired=None).update(retired=ws.clock(), locked={})
        record(ws, principal.agent, "user-enabled", details={"user": user.agent})


def first_user(ws: Workspace, principal: Principal) -> tuple[str, bool]:
    """Whom `serve` makes a link for, and whether it was made just now."""
    principal.require(Right.MANAGE_USERS)
    known = User.objects.filter(is_active=True).order_by("pk").first()
    if known is not None:
        return known.username, False
    add(ws, principal, NewUser(FIRST, frozenset(FIRST_ROLES)))
    return FIRST, True


def link(ws: Workspace, principal: Principal, username: str) -> str:
    """A token that lets the user in once within 15 minutes; only its SHA-256 is kept."""
    principal.require(Right.MANAGE_USERS)
    with transaction.atomic():
        user = _named(username)
        if not user.is_active:
            raise UsageError("this user is disabled")
        return _token(ws, user, LINK_LIFE, invites=False)


def invite(ws: Workspace, principal: Principal, username: str, days: int = INVITATION_DAYS) -> str:
    """A token with which a user chooses a password, once, within ``days``; earlier ones are void.

    Whoever holds it becomes that user: an entry says that it was made.
    """
    principal.require(Right.MANAGE_USERS)
    if not 1 <= days <= MAX_INVITATION_DAYS:
        raise UsageError(f"an invitation stands for 1 to {MAX_INVITATION_DAYS} days")
    with transaction.atomic():
        user = _other(principal, username)
        LoginLink.objects.filter(user=user).delete()
        token = _token(ws, user, timedelta(days=days), invites=True)
        record(ws, principal.agent, "user-invited", details={"user": user.agent, "days": days})
    return token


def _token(ws: Workspace, user: User, life: timedelta, *, invites: bool) -> str:
    token, now = secrets.token_urlsafe(TOKEN_BYTES), ws.clock()
    LoginLink.objects.filter(expires__lte=now).delete()
    LoginLink.objects.create(
        user=user, token_sha256=_hash(token), expires=now + life, invites=invites
    )
    return token


def _links(ws: Workspace, token: str, *, invites: bool) -> QuerySet[LoginLink]:
    return LoginLink.objects.select_related("user").filter(
        token_sha256=_hash(token),
        expires__gt=ws.clock(),
        user__is_active=True,
        invites=invites,
    )


def link_stands(ws: Workspace, token: str) -> bool:
    """Whether a link could still be used. Looking does not use it."""
    return _links(ws, token, invites=False).exists()


def enter(ws: Workspace, token: str) -> User | None:
    """Use a link up: its user, or None if it was used, is too old or never was."""
    with transaction.atomic():
        one = _links(ws, token, invites=False).first()
        if one is None or not LoginLink.objects.filter(pk=one.pk).delete()[0]:
            return None
        return one.user


def invited(ws: Workspace, token: str) -> User | None:
    """Whom an invitation is for, while it stands. Looking does not use it."""
    one = _links(ws, token, invites=True).first()
    return None if one is None else one.user


def accept(ws: Workspace, token: str, password: str) -> User | None:
    """Use an invitation up: its user, whose password this is from now on; None if it is void.

    ``UsageError`` for a poor password, and the invitation stands. Open sessions of that user end.
    """
    with transaction.atomic():
        one = _links(ws, token, invites=True).first()
        if one is None:
            return None
        _check_password(password, one.user)
        if not LoginLink.objects.filter(pk=one.pk).delete()[0]:
            return None
        one.user.set_password(password)
        one.user.save(update_fields=["password"])
        Sitting.objects.filter(user=one.user).delete()
        return one.user


def set_password(user: User, password: str) -> None:
    """``UsageError`` with what is wrong with it; one's own password needs no other right."""
    _check_password(password, user)
    user.set_password(password)
    with transaction.atomic():
        user.save(update_fields=["password"])


def set_language(user: User, language: str) -> None:
    """``language``: a code that the room has been translated to; the caller has checked it."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(language=language)


def _named(username: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise UsageError("there is no user of this name")
    return user


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise UsageError(" ".join(error.messages).rstrip(".")) from None


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
