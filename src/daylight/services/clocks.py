"""How the clocks of recordings stand, reckoned from what is known and kept where it changed.

The burnt-in clock is copied from its reading, the container's time from the file's header. Real time
comes from what a person has entered of the camera, and from nothing else. How container and burnt-in
clock stand to each other is reckoned for each camera and kept as an observation.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from daylight.analyses import clock_orders, date_orders
from daylight.analyses.clock_offsets import Estimate, Sample, estimate
from daylight.catalogue.ledger_rows import lock_writers
from daylight.catalogue.models import Camera, ClockOffset, LeakedPath, Media, Recording
from daylight.catalogue.queries.offsets import offsets_by_camera
from daylight.domain.burnt_clock import BurntClock, ClockPiece, Ticking
from daylight.domain.clocks import Offset, Source, real_time
from daylight.media.facts_json import from_json
from daylight.services.rows import create, update

_FIELDS = (
    "container_us", "burnt_us", "pieces", "order_basis", "real_us", "uncertainty_us", "zone", "real_basis"
)  # fmt: skip
_TELL = frozenset({Ticking.EVEN, Ticking.PIECES})
_DATED = ("%Y", "%y")  # a layout with a year has a whole date
_SURE = 0.5  # confidence of a piece below which it tells no time
_MICRO = 1_000_000


def refresh(read: Mapping[int, BurntClock]) -> int:
    """Bring the rows up to what is known; how many were written."""
    known = offsets_by_camera()
    there = {one.item_id: one for one in Recording.objects.all()}
    containers = dict(_container_times())
    ordered = _ordered(read, there, containers)
    fresh, differing = [], []
    for item, container in containers.items():
        row = there.get(item)
        clock, basis = ordered.get(item, (read.get(item), ""))
        said = reckoned(container, clock, known.get(row.camera_id or 0, ()) if row else ())
        said["order_basis"] = basis if said["burnt_us"] is not None else ""
        if row is None:
            fresh.append(Recording(item_id=item, **said))
        elif any(getattr(row, name) != value for name, value in said.items()):
            for name, value in said.items():
                setattr(row, name, value)
            differing.append(row)
    create(Recording, fresh)
    update(Recording, differing, _FIELDS)
    _keep_estimates()
    return len(fresh) + len(differing)


def _ordered(
    read: Mapping[int, BurntClock],
    there: Mapping[int, Recording],
    containers: Mapping[int, int | None],
) -> dict[int, tuple[BurntClock, str]]:
    """Clocks whose day and month can be told only by their camera's others, or by another clock."""
    cameras: dict[int, dict[int, BurntClock]] = {}
    for item, clock in read.items():
        row = there.get(item)
        if row is not None and row.camera_id is not None:
            cameras.setdefault(row.camera_id, {})[item] = clock
    files = _file_times(cameras)
    dates = dict(Camera.objects.exclude(dates="").values_list("pk", "dates"))
    found: dict[int, tuple[BurntClock, str]] = {}
    for camera, clocks in cameras.items():
        if not any(one.others for one in clocks.values()):
            continue
        if camera in dates:
            said = date_orders.said(clocks, dates[camera])
            found |= {item: (one, Source.PERSON.value) for item, one in said.items()}
            continue
        settled = clock_orders.settled(clocks)
        found |= {item: (one, Source.CAMERA.value) for item, one in settled.items()}
        outside = {item: _outside(containers.get(item), files.get(item)) for item in clocks}
        left = {item: one for item, one in clocks.items() if item not in settled}
        told = date_orders.told(left, outside)
        found |= {item: (one, source.value) for item, (one, source) in told.items()}
    return found


def _outside(container_us: int | None, file_us: int | None) -> list[tuple[Source, int]]:
    times = ((Source.CONTAINER, container_us), (Source.FILE, file_us))
    return [(source, at_us) for source, at_us in times if at_us is not None]


def _file_times(cameras: Mapping[int, Mapping[int, BurntClock]]) -> dict[int, int]:
    """Of files whose day and month are open. Of several names the earliest: copying makes later ones."""
    wanted = {item for clocks in cameras.values() for item, one in clocks.items() if one.others}
    return {item: at_us for item, at_us in _earliest() if item in wanted}


def reckoned(
    container_us: int | None, read: BurntClock | None, offsets: Sequence[Offset]
) -> dict[str, Any]:
    """The clock columns of one recording. ``burnt_us`` is of its first piece, at media zero."""
    pieces = () if read is None else _telling(read)
    burnt = pieces[0].naive_us - pieces[0].media_us if pieces else None
    real = None if burnt is None else real_time(burnt, offsets)
    doubt = pieces[0].uncertainty_us if pieces else 0
    return {
        "container_us": container_us,
        "burnt_us": burnt,
        "pieces": [[one.media_us, one.length_us, one.naive_us] for one in pieces],
        "real_us": None if real is None else real.at_us,
        "uncertainty_us": None if real is None else real.uncertainty_us + doubt,
        "zone": "" if real is None else real.zone,
        "real_basis": "" if real is None else real.source.value,
    }


def _telling(read: BurntClock) -> tuple[ClockPiece, ...]:
    """Pieces that tell a moment: a wrong time is worse than none.

    What is frozen or unread tells none, nor does a clock without a year, nor one whose day and month
    may stand the other way round.
    """
    dated = any(one in read.layout for one in _DATED)
    if read.ticking not in _TELL or read.others or not dated:
        return ()
    return tuple(one for one in read.pieces if one.confidence >= _SURE)


def _container_times() -> Iterable[tuple[int, int | None]]:
    rows = Media.objects.filter(kind__in=("video", "audio")).order_by("pk")
    for item, facts in rows.values_list("pk", "facts").iterator(chunk_size=500):
        told = from_json(facts)
        tags = [told.untrusted_metadata, *(one.untrusted_metadata for one in told.streams)]
        yield item, container_time(pair for pairs in tags for pair in pairs)


def container_time(untrusted_tags: Iterable[tuple[str, str]]) -> int | None:
    """The creation time that the file's header states, UTC; None for none, or for one that is empty.

    Recorders without a clock write the epoch of the format (1904) or of Unix (1970).
    """
    for key, value in untrusted_tags:
        if key.casefold() != "creation_time" or len(value) > 40:
            continue
        try:
            told = datetime.fromisoformat(value)
        except ValueError:
            continue
        stated = told if told.tzinfo else told.replace(tzinfo=UTC)
        if 1971 <= stated.year <= 2200:
            return round(stated.timestamp() * _MICRO)
    return None


def _keep_estimates() -> None:
    """Observations of how container and file times stand to the burnt-in clock, for each camera."""
    wanted = [
        (camera, made)
        for source, samples in ((Source.CONTAINER, _by_container()), (Source.FILE, _by_file()))
        for camera, those in samples.items()
        if (made := estimate(those, source)) is not None
    ]
    with transaction.atomic():
        lock_writers()
        there = ClockOffset.objects.exclude(source=Source.PERSON)
        rows = {(one.camera_id, one.source): one for one in there}
        for camera, made in wanted:
            values = _columns(made)
            row = rows.pop((camera, made.source.value), None)
            if row is None:
                ClockOffset.objects.create(camera_id=camera, source=made.source.value, **values)
            elif any(getattr(row, name) != value for name, value in values.items()):
                ClockOffset.objects.filter(pk=row.pk).update(**values)
        ClockOffset.objects.filter(pk__in=[one.pk for one in rows.values()]).delete()


def _columns(made: Estimate) -> dict[str, Any]:
    return {
        "offset_us": made.offset_us,
        "uncertainty_us": 2 * made.spread_us,
        "drift": made.drift,
        "at_us": made.at_us,
        "samples": made.samples,
    }


def _by_container() -> dict[int, list[Sample]]:
    rows = Recording.objects.exclude(camera=None).exclude(burnt_us=None).exclude(container_us=None)
    found: dict[int, list[Sample]] = {}
    for camera, burnt, container in rows.values_list("camera_id", "burnt_us", "container_us"):
        found.setdefault(camera or 0, []).append(
            Sample(burnt or 0, (container or 0) - (burnt or 0))
        )
    return found


def _earliest() -> Iterable[tuple[int, int]]:
    """Item and the earliest time that a disk kept of it, in microseconds."""
    earliest: dict[int, int] = {}
    rows = LeakedPath.objects.exclude(mtime_ns=None).exclude(occurrence__item=None)
    told = rows.values_list("occurrence__item_id", "mtime_ns")
    for item, mtime in told.iterator(chunk_size=2000):
        if item is not None and mtime is not None:
            earliest[item] = min(mtime // 1000, earliest.get(item, mtime // 1000))
    return earliest.items()


def _by_file() -> dict[int, list[Sample]]:
    """A recorder closes a file at its end."""
    held = Recording.objects.exclude(camera=None).exclude(burnt_us=None)
    known = {
        item: (camera or 0, burnt or 0, length or 0)
        for item, camera, burnt, length in held.values_list(
            "item_id", "camera_id", "burnt_us", "item__media__duration_us"
        )
    }
    found: dict[int, list[Sample]] = {}
    for item, mtime_us in _earliest():
        if item not in known:
            continue
        camera, burnt, length = known[item]
        found.setdefault(camera, []).append(Sample(burnt + length, mtime_us - burnt - length))
    return found
