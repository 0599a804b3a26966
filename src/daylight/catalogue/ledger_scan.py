"""The whole ledger, streamed in order for a re-check: entries with their openings, then subtrees."""

from collections.abc import Iterator
from heapq import merge
from itertools import groupby

from daylight.catalogue.cells import as_bytes
from daylight.catalogue.models import Entry, Head, Occurrence, Opening, Request, Subtree
from daylight.errors import HeadRefused
from daylight.ledger.head import SignedHead, from_body
from daylight.ledger.merkle import Node
from daylight.ledger.recheck import Opened, Row

CHUNK = 5000  # rows that are fetched at a time
_POSITION = (1 << 56) - 1


def rows() -> Iterator[Row]:
    """Every entry in the order of its index, with salts and digests of its objects."""
    approved = Request.objects.exclude(entry=None).values_list("entry", "salt")
    subjects = {entry: as_bytes(salt) for entry, salt in approved}
    groups = groupby(_openings(), key=lambda one: one[0])
    entry, opened = next(groups, (-1, iter(())))
    columns = Entry.objects.order_by("index").values_list(
        "index", "leaf", "details", "details_salt"
    )
    for index, leaf, details, salt in columns.iterator(chunk_size=CHUNK):
        while -1 < entry < index:  # of an entry that is gone
            entry, opened = next(groups, (-1, iter(())))
        mine = [one[1] for one in opened] if entry == index else []
        said, closed = as_bytes(details), as_bytes(salt)
        yield Row(index, as_bytes(leaf) or b"", said, closed, mine, subjects.get(index))


def _openings() -> Iterator[tuple[int, Opened]]:
    """Of what was received and of all other acts; no entry has both."""
    yield from merge(_of(Occurrence), _of(Opening), key=lambda one: one[0])


def _of(model: type[Occurrence] | type[Opening]) -> Iterator[tuple[int, Opened]]:
    columns = model.objects.order_by("entry", "position").values_list(
        "entry", "salt", "item__sha256", "commitment"
    )
    for entry, salt, digest, bare in columns.iterator(chunk_size=CHUNK):
        yield entry, (as_bytes(salt), as_bytes(digest), as_bytes(bare))


def subtrees() -> Iterator[Node]:
    """Every stored hash, by level and position."""
    columns = Subtree.objects.order_by("key").values_list("key", "hash")
    for key, value in columns.iterator(chunk_size=CHUNK):
        yield Node(key >> 56, key & _POSITION, as_bytes(value) or b"")


def heads() -> Iterator[tuple[int, SignedHead | None]]:
    """Every head in the catalogue with the size it is kept under; None where the row holds none."""
    columns = Head.objects.order_by("size").values_list("size", "body", "signature")
    for size, body, signature in columns.iterator(chunk_size=CHUNK):
        yield size, _head(size, as_bytes(body) or b"", as_bytes(signature) or b"")


def _head(size: int, body: bytes, signature: bytes) -> SignedHead | None:
    try:
        head = from_body(body, signature)
    except HeadRefused:
        return None
    return head if head.head.size == size else None
