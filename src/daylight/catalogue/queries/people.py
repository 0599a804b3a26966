"""Who works here, as a principal for services and queries."""

from collections.abc import Iterable
from dataclasses import dataclass

from daylight.catalogue.models import User
from daylight.domain.principal import RIGHTS, Principal, Right, Role, rights_of


@dataclass(frozen=True, slots=True)
class Person:
    username: str
    agent: str
    active: bool
    roles: tuple[str, ...]
    collections: tuple[str, ...]


def principal_of(user: User) -> Principal:
    """The rights and collections a signed-in user has now, read afresh for every request."""
    roles = frozenset(Role(grant.role) for grant in user.grants.all())
    held = user.memberships.values_list("collection__public_id", flat=True)
    return Principal(agent=user.agent, rights=rights_of(roles), collections=frozenset(held))


def people() -> list[Person]:
    rows = User.objects.order_by("username").prefetch_related("grants", "memberships__collection")
    return [
        Person(
            username=row.username,
            agent=row.agent,
            active=row.is_active,
            roles=tuple(sorted(grant.role for grant in row.grants.all())),
            collections=tuple(sorted(one.collection.name for one in row.memberships.all())),
        )
        for row in rows
    ]


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
