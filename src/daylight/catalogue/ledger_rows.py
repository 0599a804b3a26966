"""Reading the ledger's rows into the pure ledger's values."""

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.db import connection
from django.db.models import Max

from daylight.catalogue.cells import as_bytes
from daylight.catalogue.models import Entry, Head, Occurrence, Opening, Subtree, Vault, Witness
from daylight.domain.digest import Digest
from daylight.errors import VaultMissing
from daylight.ledger.head import SignedHead, from_body
from daylight.ledger.merkle import Frontier, frontier_positions
from daylight.ledger.proofs import Nodes

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
    entries = size()
    keys = [key_of(level, position) for level, position in frontier_positions(entries)]
    hashes = dict(Subtree.objects.filter(key__in=keys).values_list("key", "hash"))
    return Frontier(entries, tuple(bytes(hashes[key]) for key in keys))


def signing_key() -> bytes:
    """The public key that signs from here on, 32 bytes."""
    found = Vault.objects.values_list("key", flat=True).first()
    if found is None:
        raise VaultMissing("the vault's catalogue is empty: `daylight init` was interrupted")
    return bytes(found)


def nodes(level: int, position: int) -> bytes:
    """The root of a complete subtree, as ``ledger.proofs`` asks for it; ``KeyError`` without one."""
    found = Subtree.objects.filter(key=key_of(level, position)).values_list("hash", flat=True)
    if not found:
        raise KeyError((level, position))
    return bytes(found[0])


Result = TypeVar("Result")


def with_nodes(ask: Callable[[Nodes], Result]) -> Result:
    """What ``ask`` makes of the stored hashes, which are fetched all at once.

    It is called twice: which subtrees it asks for must not depend on their hashes, and does not for
    proofs. ``KeyError`` where one is missing.
    """
    wanted: list[int] = []

    def note(level: int, position: int) -> bytes:
        wanted.append(key_of(level, position))
        return bytes(32)

    ask(note)
    found = dict(Subtree.objects.filter(key__in=wanted).values_list("key", "hash"))
    return ask(lambda level, position: bytes(found[key_of(level, position)]))


def size() -> int:
    """How many entries there are."""
    last = Entry.objects.aggregate(last=Max("index"))["last"]
    return 0 if last is None else last + 1


def newest_head() -> SignedHead | None:
    return _head(Head.objects.order_by("-size").first())


def head_at(size: int) -> SignedHead | None:
    return _head(Head.objects.filter(size=size).first())


@dataclass(frozen=True, slots=True)
class WitnessView:
    """A countersignature over the head of ``size``; ``key`` and ``signature`` as OpenSSH writes them."""

    size: int
    name: str
    key: str
    signature: str
    entry: int


def witnesses() -> list[WitnessView]:
    """In the order in which they were taken."""
    rows = Witness.objects.order_by("pk")
    return [WitnessView(one.size, one.name, one.key, one.signature, one.entry) for one in rows]


def _head(row: Head | None) -> SignedHead | None:
    return None if row is None else from_body(bytes(row.body), bytes(row.signature))


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


def entries_about(digest: Digest) -> list[int]:
    """Indices of the entries of every act that an item was the object of."""
    received = Occurrence.objects.filter(item__sha256=digest).values_list("entry", flat=True)
    others = Opening.objects.filter(item__sha256=digest).values_list("entry", flat=True)
    return sorted({*received, *others})


def key_entries() -> list[int]:
    """Indices of the entries that name the keys which sign: the first, and each change.

    Actions stand in the leaves alone, so a change is looked for only where there was one.
    """
    first = Entry.objects.get(index=0)
    said = {} if first.details is None else json.loads(bytes(first.details))
    if said.get("key") == signing_key().hex():
        return [0]
    return [0, *indices_of({"key-rotated", "key-replaced"})]


def entries_of(actions: Collection[str], start: int = 0) -> list[EntryView]:
    """Entries of these actions from ``start`` on, in order: few, found by going over the leaves."""
    return entries_at(indices_of(actions, start))


def indices_of(actions: Collection[str], start: int = 0) -> list[int]:
    """As :func:`entries_of`; whatever lies in the rows, it reads none of them."""
    marks = [f'"action":"{one}"'.encode() for one in actions]
    leaves = Entry.objects.filter(index__gte=start).order_by("index").values_list("index", "leaf")
    return [
        index
        for index, leaf in leaves.iterator(chunk_size=5000)
        if any(mark in (as_bytes(leaf) or b"") for mark in marks)
    ]


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
