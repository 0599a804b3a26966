"""Somebody with a role in some collections, without a row of their own."""

from daylight.catalogue.models import Collection
from daylight.domain.principal import Principal, Role, rights_of


def person(agent: str, *collections: str, role: Role = Role.ANALYST) -> Principal:
    """``agent``: one hexadecimal digit; ``collections``: names."""
    held = Collection.objects.filter(name__in=collections).values_list("public_id", flat=True)
    return Principal(agent * 32, rights_of(frozenset({role})), frozenset(held))
