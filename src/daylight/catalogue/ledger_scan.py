"""The whole ledger, streamed in order for a re-check: entries with their openings, then subtrees."""

from collections.abc import Iterator
from heapq import merge
from itertools import groupby

from daylight.catalogue.models import Entry, Head, Occurrence, Opening, Request, Subtree
from daylight.ledger.head import SignedHead, from_body
from daylight.ledger.merkle import Node
from daylight.ledger.recheck import Opened, Row

CHUNK = 5000  # rows that are fetched at a time
_POSITION = (1 << 56) - 1


def rows() -> Iterator[Row]:
    """Every entry in the order of its index, with salts and digests of its objects."""
    approved = Request.objects.exclude(entry=None).values_list("entry", "salt")
    subjects = {entry: _bytes(salt) for entry, salt in approved}
    groups = groupby(_openings(), key=lambda one: one[0])
    entry, opened = next(groups, (-1, iter(())))
    columns = Entry.objects.order_by("index").values_list(
        "index", "leaf", "details", "details_salt"
    )
    for index, leaf, details, salt in columns.iterator(chunk_size=CHUNK):
        while -1 < entry < index:  # of an entry that is gone
            entry, opened = next(groups, (-1, iter(())))
        mine = [one[1] for one in opened] if entry == index else []
        yield Row(index, bytes(leaf), _bytes(details), _bytes(salt), mine, subjects.get(index))


def _openings() -> Iterator[tuple[int, Opened]]:
    """Of what was received and of all other acts; no entry has both."""
    yield from merge(_of(Occurrence), _of(Opening), key=lambda one: one[0])


def _of(model: type[Occurrence] | type[Opening]) -> Iterator[tuple[int, Opened]]:
    columns = model.objects.order_by("entry", "position").values_list(
        "entry", "salt", "item__sha256", "commitment"
    )
    for entry, salt, digest, bare in columns.iterator(chunk_size=CHUNK):
        yield entry, (_bytes(salt), _bytes(digest), _bytes(bare))


def subtrees() -> Iterator[Node]:
    """Every stored hash, by level and position."""
    columns = Subtree.objects.order_by("key").values_list("key", "hash")
    for key, value in columns.iterator(chunk_size=CHUNK):
        yield Node(key >> 56, key & _POSITION, bytes(value))


def heads() -> Iterator[SignedHead]:
    """Every head in the catalogue. Raises ``HeadRefused`` for a row that holds none."""
    columns = Head.objects.order_by("size").values_list("body", "signature")
    for body, signature in columns.iterator(chunk_size=CHUNK):
        yield from_body(bytes(body), bytes(signature))


def _bytes(value: bytes | memoryview | None) -> bytes | None:
    return None if value is None else bytes(value)
