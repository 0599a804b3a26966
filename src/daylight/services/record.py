"""Writing to the ledger: inside the transaction of the change that the entry records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from daylight.catalogue.ledger_rows import frontier, key_of, lock_writers
from daylight.catalogue.models import Entry, Subtree
from daylight.domain.clock import Clock, coarse
from daylight.domain.digest import Digest
from daylight.ledger.leaf import (
    Leaf,
    Value,
    canonical,
    commit,
    commit_details,
    commit_objects,
    new_salt,
)
from daylight.ledger.merkle import leaf_hash


@dataclass(frozen=True, slots=True)
class Recorded:
    """The entry's index, and the salt of each object's commitment, in their order."""

    index: int
    salts: tuple[bytes, ...]


def record(
    clock: Clock,
    agent: str,
    action: str,
    *,
    objects: Sequence[Digest] = (),
    details: Mapping[str, Value],
) -> Recorded:
    """Append one entry. The caller owns the transaction and keeps the salts of the objects."""
    if not connection.in_atomic_block:
        raise AssertionError("an entry belongs into the transaction of what it records")
    lock_writers()
    salts, details_salt = tuple(new_salt() for _ in objects), new_salt()
    body = canonical(details)
    before = frontier()
    leaf = Leaf(
        index=before.size,
        at=coarse(clock()),
        action=action,
        agent=agent,
        count=len(objects),
        object=commit_objects([commit(s, o) for s, o in zip(salts, objects, strict=True)]),
        details=commit_details(details_salt, body),
    ).encode()
    _, nodes = before.append(leaf_hash(leaf))
    Entry.objects.create(index=before.size, leaf=leaf, details=body, details_salt=details_salt)
    Subtree.objects.bulk_create(
        [Subtree(key=key_of(node.level, node.position), hash=node.hash) for node in nodes]
    )
    return Recorded(before.size, salts)
