"""Legal holds: which items may not be purged, by anyone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from daylight.catalogue.models import Hold
from daylight.domain.digest import Digest


@dataclass(frozen=True, slots=True)
class HoldView:
    """``entry``: the ledger entry that placed it."""

    entry: int
    since: datetime
    reason: str


def hold_on(digest: Digest) -> HoldView | None:
    """The hold an item is under now."""
    row = Hold.objects.filter(item__sha256=digest, lifted=None).order_by("pk").first()
    return None if row is None else HoldView(row.entry, row.created, row.reason)


def held_among(digests: Sequence[Digest]) -> list[Digest]:
    """Those that are under hold."""
    rows = Hold.objects.filter(item__sha256__in=list(digests), lifted=None)
    return sorted({Digest(bytes(one)) for one in rows.values_list("item__sha256", flat=True)})
