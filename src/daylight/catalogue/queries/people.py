"""Who works here, as a principal for services and queries."""

from dataclasses import dataclass

from daylight.catalogue.models import User
from daylight.domain.principal import Principal, Role, rights_of


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
