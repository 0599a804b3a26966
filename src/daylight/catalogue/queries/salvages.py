"""What was put together anew of items that cannot be opened, and what detectors found in it."""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

from daylight.catalogue.models import Finding, Rendition
from daylight.domain.digest import Digest

DETECTOR: Final = "salvage"
MADE: Final = "salvage"  # the rendition that is the rebuilt file
INDEX: Final = "salvage-index"  # its key frames


@dataclass(frozen=True, slots=True)
class Salvage:
    """``digest``: the item's. ``made``: what was rebuilt of it, ``facts`` (facts/1): what the probe says of that.

    ``read``: the detectors, with their versions, that have read just this salvage.
    """

    key: int
    digest: Digest
    made: Digest
    size: int
    facts: dict[str, Any]
    index: Digest | None
    read: frozenset[tuple[str, int]]

    @property
    def duration_us(self) -> int | None:
        length = self.facts["duration"]
        return None if length is None else round(length[0] * 1_000_000 / length[1])


def salvages() -> dict[int, Salvage]:
    """By item, those of items that cannot be opened; of several versions the newest."""
    index = {
        row.item_id: Digest(bytes(row.sha256)) for row in _renditions(INDEX) if row.facts["keys"]
    }
    read = _read()
    return {
        row.item_id: Salvage(
            row.item_id,
            Digest(bytes(row.item.sha256)),
            made := Digest(bytes(row.sha256)),
            row.size,
            row.facts["facts"],
            index.get(row.item_id),
            read.get((row.item_id, made), frozenset()),
        )
        for row in _renditions(MADE)
    }


def _renditions(name: str) -> QuerySet[Rendition]:
    """The newest last."""
    rows = Rendition.objects.filter(name=name, finding__detector=DETECTOR)
    rows = rows.filter(item__media__state="unreadable").select_related("item")
    return rows.order_by("finding__version")


def _read() -> dict[tuple[int, Digest], frozenset[tuple[str, int]]]:
    rows = Finding.objects.exclude(read_from=None)
    found: dict[tuple[int, Digest], set[tuple[str, int]]] = {}
    for item, made, name, version in rows.values_list(
        "item_id", "read_from", "detector", "version"
    ):
        if made is not None:
            found.setdefault((item, Digest(bytes(made))), set()).add((name, version))
    return {key: frozenset(names) for key, names in found.items()}
