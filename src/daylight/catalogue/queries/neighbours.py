"""Recordings of the same camera that begin about the same time."""

from dataclasses import dataclass
from typing import Final

from daylight.catalogue.models import Recording
from daylight.catalogue.queries.access import items_seen_by
from daylight.domain.principal import Principal

MINUTES: Final = 60


@dataclass(frozen=True, slots=True)
class Near:
    """``digests``: of the others, as far as they may be seen. ``confirmed``: the item's camera."""

    digests: tuple[bytes, ...]
    confirmed: bool
    minutes: int


def near(principal: Principal, public_id: str) -> Near | None:
    """None without a camera or a time that its clock shows."""
    seen = items_seen_by(principal)
    own = Recording.objects.filter(item__in=seen.filter(public_id=public_id)).first()
    if own is None or own.camera_id is None or own.burnt_us is None:
        return None
    reach = MINUTES * 60_000_000
    rows = Recording.objects.filter(
        camera=own.camera_id,
        burnt_us__gte=own.burnt_us - reach,
        burnt_us__lte=own.burnt_us + reach,
        item__in=seen.values("pk"),
    ).exclude(pk=own.pk)
    digests = tuple(bytes(one) for one in rows.values_list("item__sha256", flat=True))
    return Near(digests, own.confirmed, MINUTES)
