"""How items were written, as the detector ``structure`` found it; only of items that are seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from daylight.catalogue.models import Finding, Recording
from daylight.catalogue.queries.access import items_seen_by
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal

DETECTOR = "structure"


@dataclass(frozen=True, slots=True)
class StructureView:
    """``camera``: the public id of the camera that it is placed with, None where it is not.

    ``facts``: of the detector's newest version; what the child in the sandbox sent, not yet checked.
    """

    public_id: str
    digest: Digest
    camera: str | None
    codec: str
    size: tuple[int, int]
    fps: float | None
    facts: Mapping[str, Any]


def structures(principal: Principal) -> list[StructureView]:
    """In the order in which the items came in."""
    rows = Finding.objects.filter(detector=DETECTOR, failed="", item__in=items_seen_by(principal))
    names = ("item", "item__public_id", "item__sha256", "facts")
    media = ("item__media__codec", "item__media__width", "item__media__height", "item__media__fps")
    cameras = dict(Recording.objects.exclude(camera=None).values_list("item", "camera__public_id"))
    newest: dict[int, StructureView] = {}
    told = rows.order_by("item", "version").values_list(*names, *media)
    for key, public_id, digest, facts, codec, width, height, fps in told:
        newest[key] = StructureView(
            public_id=public_id,
            digest=Digest(bytes(digest)),
            camera=cameras.get(key),
            codec=codec or "",
            size=(width or 0, height or 0),
            fps=fps,
            facts=facts,
        )
    return list(newest.values())
