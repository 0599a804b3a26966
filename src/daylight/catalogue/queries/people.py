"""Who works here, as a principal for services and queries."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from daylight.catalogue.models import Collection, SecondFactor, User
from daylight.domain.principal import RIGHTS, Principal, Right, Role, rights_of

Account = User  # what a request's user is, for rooms that may not import the models


@dataclass(frozen=True, slots=True)
class Person:
    username: str
    agent: str
    active: bool
    roles: tuple[str, ...]
    collections: tuple[str, ...]
    has_password: bool = False
    second_factor: bool = False
    sittings: int = 0  # open now, as far as nobody looked at the clock
    invited: bool = False  # an invitation stands, or stood lately


def principal_of(user: User) -> Principal:
    """The rights and collections a signed-in user has now, read afresh for every request."""
    roles = frozenset(Role(grant.role) for grant in user.grants.all())
    held = user.memberships.values_list("collection__public_id", flat=True)
    return Principal(agent=user.agent, rights=rights_of(roles), collections=frozenset(held))


def people() -> list[Person]:
    """Everybody, by name."""
    return [_person(row) for row in _rows().order_by("username")]


def person(agent: str) -> Person | None:
    row = _rows().filter(agent=agent).first()
    return None if row is None else _person(row)


def collection_names() -> list[str]:
    return list(Collection.objects.order_by("name").values_list("name", flat=True))


def active_user(key: int) -> User | None:
    """Whoever owes a second factor, while they may still come in."""
    return User.objects.filter(pk=key, is_active=True).first()


def has_second_factor(user: User) -> bool:
    """Whether this person has confirmed a second factor."""
    return SecondFactor.objects.filter(user=user).exclude(confirmed=None).exists()


def _rows() -> QuerySet[User]:
    related = ("grants", "memberships__collection", "sittings", "loginlink_set")
    return User.objects.select_related("second_factor").prefetch_related(*related)


def _person(row: User) -> Person:
    factor: SecondFactor | None = getattr(row, "second_factor", None)
    return Person(
        username=row.username,
        agent=row.agent,
        active=row.is_active,
        roles=tuple(sorted(grant.role for grant in row.grants.all())),
        collections=tuple(sorted(one.collection.name for one in row.memberships.all())),
        has_password=row.has_usable_password(),
        second_factor=factor is not None and factor.confirmed is not None,
        sittings=len(row.sittings.all()),
        invited=any(one.invites for one in row.loginlink_set.all()),
    )


def names_of(agents: Iterable[str]) -> dict[str, str]:
    """What colleagues call each other in the room; who is no user (the shell) is left out."""
    rows = User.objects.filter(agent__in=set(agents))
    return dict(rows.values_list("agent", "username"))


def colleagues(principal: Principal) -> list[str]:
    """Those who go through recordings and are in a collection of one's own, by name."""
    roles = [role.value for role in Role if {Right.MARK, Right.WATCH} <= RIGHTS[role]]
    rows = User.objects.filter(is_active=True, grants__role__in=roles)
    if principal.collections is not None:
        rows = rows.filter(memberships__collection__public_id__in=principal.collections)
    return list(rows.order_by("username").values_list("username", flat=True).distinct())
