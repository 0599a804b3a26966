"""Burnt-in clocks: which are still to be read, and what was read."""

from dataclasses import dataclass

from django.db.models import Q

from daylight.catalogue.models import ClockReading, Finding, Rendition
from daylight.catalogue.queries.access import items_seen_by
from daylight.domain.burnt_clock import BurntClock, Ticking
from daylight.domain.burnt_clock_json import pieces_from_json
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal

CROPS = "overlay"  # the detector, and its blob
PICTURES = 2  # of a label


@dataclass(frozen=True, slots=True)
class ClockTodo:
    """An item whose crops were not read yet; ``crops`` is None where no line was found."""

    key: int
    digest: Digest
    crops: Digest | None


@dataclass(frozen=True, slots=True)
class ClockView:
    """``failed``: why nothing could be read, else empty. ``rebuilt``: it was read in a salvage."""

    clock: BurntClock
    version: int
    failed: str
    rebuilt: bool = False


def unread(detector_version: int, version: int) -> list[ClockTodo]:
    """Items with crops by this detector that this version of the analysis has not read."""
    made = Finding.objects.filter(detector=CROPS, version=detector_version, failed="")
    crops = Rendition.objects.filter(finding__in=made, name=CROPS)
    blobs = {key: bytes(digest) for key, digest in crops.values_list("item_id", "sha256")}
    done = dict(ClockReading.objects.filter(version=version).values_list("item_id", "source"))
    rows = made.order_by("item_id").values_list("item_id", "item__sha256")
    return [
        ClockTodo(key, Digest(bytes(digest)), Digest(blob) if (blob := blobs.get(key)) else None)
        for key, digest in rows.iterator(chunk_size=2000)
        if done.get(key) != blobs.get(key, b"").hex()
    ]


def labelled() -> list[tuple[str, Digest]]:
    """Each key of a label, with the crops that two of its recordings have, where they are kept still."""
    rows = ClockReading.objects.exclude(Q(label_key="") | Q(source="")).order_by("item_id")
    kept = {
        bytes(one) for one in Rendition.objects.filter(name=CROPS).values_list("sha256", flat=True)
    }
    found: dict[str, list[Digest]] = {}
    for key, source in rows.values_list("label_key", "source"):
        crops = Digest(bytes.fromhex(source))
        if len(found.setdefault(key, [])) < PICTURES and crops in kept:
            found[key].append(crops)
    return [(key, crops) for key, many in found.items() for crops in many]


def label_texts(version: int) -> dict[str, str]:
    """What this version has read of labels, by key; keys of which nothing was are missing."""
    rows = ClockReading.objects.filter(version=version).exclude(Q(label_key="") | Q(label=""))
    return dict(rows.values_list("label_key", "label"))


def burnt_clocks() -> dict[int, BurntClock]:
    """By item what was read, of all items that were looked at."""
    rows = ClockReading.objects.order_by("item_id")
    return {row.item_id: clock_of(row) for row in rows.iterator(chunk_size=2000)}


def of_cameras(cameras: frozenset[str]) -> dict[str, dict[int, BurntClock]]:
    """By camera the clocks of all its recordings; only cameras with some date not yet told."""
    rows = ClockReading.objects.filter(camera__in=cameras).exclude(Q(camera="") | Q(pieces=[]))
    found: dict[str, dict[int, BurntClock]] = {}
    for row in rows.iterator(chunk_size=2000):
        found.setdefault(row.camera, {})[row.item_id] = clock_of(row)
    return found


def burnt_clock(principal: Principal, public_id: str) -> ClockView | None:
    """What was read of the clock of an item that the principal may see; None while nobody looked."""
    rows = items_seen_by(principal).filter(public_id=public_id)
    row = ClockReading.objects.filter(item__in=rows).first()
    if row is None:
        return None
    salvaged = Finding.objects.filter(item=row.item_id, detector=CROPS).exclude(read_from=None)
    return ClockView(clock_of(row), row.version, row.failed, salvaged.exists())


def clock_of(row: ClockReading) -> BurntClock:
    return BurntClock(
        ticking=Ticking(row.ticking),
        pieces=pieces_from_json(row.pieces),
        read=row.read,
        seen=row.seen,
        layout=row.layout,
        others=tuple(row.others),
        pace=row.pace,
        label=row.label,
        label_key=row.label_key,
        confidence=row.confidence,
    )
