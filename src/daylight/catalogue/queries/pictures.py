"""What is asked for once for every picture and segment: kept light."""

from dataclasses import dataclass
from typing import Any

from daylight.catalogue.models import Rendition
from daylight.catalogue.queries.access import items_seen_by
from daylight.catalogue.queries.items import RenditionView, rendition_view
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal


@dataclass(frozen=True, slots=True)
class RebuiltView:
    """What was put together of an item that cannot be opened. ``facts`` are those of its own probe."""

    digest: Digest
    facts: dict[str, Any]
    index: Digest | None


def is_seen(principal: Principal, public_id: str) -> bool:
    """Whether there is such an item in a collection of the principal."""
    return items_seen_by(principal).filter(public_id=public_id).exists()


def rendition(principal: Principal, public_id: str, name: str) -> RenditionView | None:
    """The newest rendition of this name of an item that the principal may see."""
    rows = Rendition.objects.filter(name=name, item__public_id=public_id)
    found = rows.select_related("finding").order_by("-finding__version").first()
    if found is None or not is_seen(principal, public_id):
        return None
    return rendition_view(found)


def rebuilt(principal: Principal, public_id: str) -> RebuiltView | None:
    """The newest salvage of an item that the principal may see."""
    found = rendition(principal, public_id, "salvage")
    if found is None:
        return None
    index = rendition(principal, public_id, "salvage-index")
    return RebuiltView(found.digest, found.facts["facts"], None if index is None else index.digest)
