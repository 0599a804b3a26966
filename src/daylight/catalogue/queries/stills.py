"""Stills that people kept of an item, as they are listed: who kept which, and when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from daylight.catalogue.models import Rendition
from daylight.catalogue.queries.access import items_seen_by
from daylight.catalogue.queries.people import names_of
from daylight.domain.principal import Principal

GRABBED: Final = "grab"  # the detector under whose name they lie
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class KeptStill:
    """``who``, ``at``: empty and None for those of before they were noted. ``us``: media time."""

    name: str
    number: int
    us: int
    clear: bool
    width: int
    height: int
    digest: str
    who: str
    at: datetime | None


def kept_stills(principal: Principal, public_id: str) -> list[KeptStill]:
    """In the order of the recording; those of the newest two hundred that were kept."""
    rows = Rendition.objects.filter(
        finding__detector=GRABBED,
        item__in=items_seen_by(principal).filter(public_id=public_id),
    )
    found = list(rows.order_by("-pk")[:MOST])
    names = names_of({row.facts["agent"] for row in found if "agent" in row.facts})
    made = [_still(row, names) for row in found]
    return sorted(made, key=lambda one: (one.number, one.clear))


def _still(row: Rendition, names: dict[str, str]) -> KeptStill:
    said = row.facts
    return KeptStill(
        name=row.name,
        number=said["number"],
        us=said["us"],
        clear=row.name.endswith("-clear"),
        width=said["width"],
        height=said["height"],
        digest=bytes(row.sha256).hex(),
        who=names.get(said.get("agent", ""), ""),
        at=datetime.fromisoformat(said["at"]) if "at" in said else None,
    )
