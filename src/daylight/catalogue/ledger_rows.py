"""Reading the ledger's rows into the pure ledger's values."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Max

from daylight.catalogue.models import Entry, Subtree
from daylight.ledger.merkle import Frontier, frontier_positions

_LOCK = 0x6461796C69676874  # "daylight": the advisory lock that orders all writers


def lock_writers() -> None:
    """Take the vault's write lock until the transaction ends.

    SQLite took it when the transaction began (BEGIN IMMEDIATE).
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def key_of(level: int, position: int) -> int:
    return level << 56 | position


def frontier() -> Frontier:
    """The ledger's frontier now; call under :func:`lock_writers` to append to it."""
    last = Entry.objects.aggregate(last=Max("index"))["last"]
    size = 0 if last is None else last + 1
    keys = [key_of(level, position) for level, position in frontier_positions(size)]
    hashes = dict(Subtree.objects.filter(key__in=keys).values_list("key", "hash"))
    return Frontier(size, tuple(bytes(hashes[key]) for key in keys))


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry as people read it; ``leaf`` is what was hashed."""

    index: int
    at: str
    action: str
    agent: str
    leaf: bytes
    details: bytes | None


def entries(start: int = 0, limit: int = 1000) -> list[EntryView]:
    """Entries from ``start`` on, in order."""
    return [_view(row) for row in Entry.objects.filter(index__gte=start).order_by("index")[:limit]]


def entries_at(indices: Iterable[int]) -> list[EntryView]:
    rows = Entry.objects.filter(index__in=sorted(set(indices))).order_by("index")
    return [_view(row) for row in rows]


def _view(row: Entry) -> EntryView:
    leaf = json.loads(bytes(row.leaf))
    return EntryView(
        index=row.index,
        at=leaf["at"],
        action=leaf["action"],
        agent=leaf["agent"],
        leaf=bytes(row.leaf),
        details=None if row.details is None else bytes(row.details),
    )
