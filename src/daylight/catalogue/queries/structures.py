"""How items were written, as the detector ``structure`` found it; only of items that are seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from daylight.catalogue.models import Finding, Item, Media, Recording
from daylight.catalogue.queries.access import items_seen_by
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal

DETECTOR = "structure"


@dataclass(frozen=True, slots=True)
class StructureView:
    """``key``: of the item's row. ``camera``: the public id of the camera that it is placed with, None where it is not.

    ``facts``: of the detector's newest version; what the child in the sandbox sent, not yet checked.
    """

    key: int
    public_id: str
    digest: Digest
    camera: str | None
    codec: str
    size: tuple[int, int]
    fps: float | None
    facts: Mapping[str, Any]


def structures(principal: Principal, public_id: str = "") -> list[StructureView]:
    """In the order in which the items came in; with ``public_id`` that item and those of its company."""
    seen = items_seen_by(principal)
    rows = Finding.objects.filter(detector=DETECTOR, failed="", item__in=seen)
    if public_id:
        rows = rows.filter(item__in=_company(seen, public_id))
    names = ("item", "item__public_id", "item__sha256", "facts")
    camera = "item__recording__camera__public_id"
    media = ("item__media__codec", "item__media__width", "item__media__height", "item__media__fps")
    newest: dict[int, StructureView] = {}
    told = rows.order_by("item", "version").values_list(*names, camera, *media)
    for key, name, digest, facts, placed, codec, width, height, fps in told:
        newest[key] = StructureView(
            key=key,
            public_id=name,
            digest=Digest(bytes(digest)),
            camera=placed,
            codec=codec or "",
            size=(width or 0, height or 0),
            fps=fps,
            facts=facts,
        )
    return list(newest.values())


def _company(seen: QuerySet[Item], public_id: str) -> QuerySet[Item]:
    """Those of the item's camera; where it has none, those without one of its codec and size."""
    placed = Recording.objects.exclude(camera=None)
    camera = placed.filter(item__public_id=public_id).values("camera")
    if camera.exists():
        return seen.filter(pk__in=placed.filter(camera__in=camera).values("item"))
    alike = seen.exclude(pk__in=placed.values("item"))
    shape = Media.objects.filter(item__public_id=public_id).exclude(codec="").first()
    if shape is None:
        return seen.filter(public_id=public_id)
    return alike.filter(
        media__codec=shape.codec, media__width=shape.width, media__height=shape.height
    )
