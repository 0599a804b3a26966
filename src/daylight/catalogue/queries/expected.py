"""Which objects the catalogue names: what the store must hold, no more and no less."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import groupby

from django.db.models import Exists, OuterRef, QuerySet

from daylight.catalogue.cells import as_bytes, as_size
from daylight.catalogue.ledger_rows import entries_at, size
from daylight.catalogue.models import Item, Media, Occurrence, Rendition
from daylight.domain.digest import Digest
from daylight.domain.fault import Fault

CHUNK = 5000  # rows that are fetched at a time
_Row = tuple[bytes, int]  # digest and size in bytes, -1 where the catalogue does not know it


@dataclass(frozen=True, slots=True)
class Expected:
    """``size`` in bytes, -1 unknown (of key-frame indexes)."""

    digest: Digest
    size: int


def expected(since: int = 0) -> Iterator[Expected | Fault]:
    """Every object once, in the order of its digest: originals, renditions, key-frame indexes.

    ``since``: only those of items that an entry of at least this index received.
    """
    items, renditions, media = Item.objects.all(), Rendition.objects.all(), Media.objects.all()
    if since:
        received = Occurrence.objects.filter(entry__gte=since)
        items = items.filter(Exists(received.filter(item=OuterRef("pk"))))
        renditions = renditions.filter(Exists(received.filter(item=OuterRef("item"))))
        media = media.filter(Exists(received.filter(item=OuterRef("item"))))
    rows = merge(_sized(items), _sized(renditions), _unsized(media.exclude(key_frames=None)))
    for digest, same in groupby(rows, key=lambda row: row[0]):
        yield from _one(digest, {size for _, size in same})


def _one(digest: bytes, sizes: Iterable[int]) -> Iterator[Expected | Fault]:
    if len(digest) != 32:
        yield Fault("row-unreadable", "catalogue", "a row names an object by what is no digest")
        return
    known = sorted(set(sizes) - {-1})
    if len(known) > 1:
        yield Fault("size-contradicted", digest.hex(), "rows of the catalogue give it two sizes")
    yield Expected(Digest(digest), known[0] if known else -1)


def _sized(rows: QuerySet[Item] | QuerySet[Rendition]) -> Iterator[_Row]:
    for digest, length in rows.order_by("sha256").values_list("sha256", "size").iterator(CHUNK):
        yield as_bytes(digest) or b"", as_size(length)


def _unsized(rows: QuerySet[Media]) -> Iterator[_Row]:
    for digest in rows.order_by("key_frames").values_list("key_frames", flat=True).iterator(CHUNK):
        yield as_bytes(digest) or b"", -1


def is_expected(digest: Digest) -> bool:
    """Whether the catalogue names it now."""
    return (
        Item.objects.filter(sha256=digest).exists()
        or Rendition.objects.filter(sha256=digest).exists()
        or Media.objects.filter(key_frames=digest).exists()
    )


def first_entry_since(at: str) -> int:
    """The index of the first entry made at ``at`` (``YYYY-MM-DD``) or later; the size without one.

    Entries stand in the order of their time, so it takes a few look-ups.
    """
    low, high = 0, size()
    while low < high:
        middle = (low + high) // 2
        (found,) = entries_at([middle])
        low, high = (middle + 1, high) if found.at < at else (low, middle)
    return low
