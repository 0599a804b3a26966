"""Reading the ledger's rows into the pure ledger's values."""

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
    index: int
    leaf: bytes
    details: bytes | None


def entries(start: int = 0, limit: int = 1000) -> list[EntryView]:
    """Entries from ``start`` on, in order."""
    rows = Entry.objects.filter(index__gte=start).order_by("index")[:limit]
    return [
        EntryView(r.index, bytes(r.leaf), None if r.details is None else bytes(r.details))
        for r in rows
    ]
