"""What is known of how a camera's burnt-in clock stands to others."""

from collections.abc import Iterable

from daylight.catalogue.models import ClockOffset
from daylight.domain.clocks import Offset, Source


def offsets_by_camera() -> dict[int, list[Offset]]:
    """Camera to what people entered of it, oldest first; nothing that was reckoned."""
    found: dict[int, list[Offset]] = {}
    for row in ClockOffset.objects.filter(source=Source.PERSON).order_by("pk"):
        found.setdefault(row.camera_id, []).append(as_offset(row))
    return found


def observed(cameras: Iterable[int]) -> dict[int, list[tuple[Offset, int]]]:
    """Camera to what was reckoned, each with the number of recordings that it rests on."""
    found: dict[int, list[tuple[Offset, int]]] = {}
    rows = ClockOffset.objects.exclude(source=Source.PERSON).filter(camera__in=list(cameras))
    for row in rows.order_by("source"):
        found.setdefault(row.camera_id, []).append((as_offset(row), row.samples))
    return found


def as_offset(row: ClockOffset) -> Offset:
    return Offset(
        offset_us=row.offset_us,
        uncertainty_us=row.uncertainty_us,
        source=Source(row.source),
        since=row.since,
        until=row.until,
        zone=row.zone,
        drift=row.drift or 0.0,
        at_us=row.at_us or 0,
        order=row.pk,
        drift_doubt=row.drift_doubt,
    )
