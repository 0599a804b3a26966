"""Everything that was said of an item and of its copies, read once for all parts of a page."""

from dataclasses import dataclass

from daylight.catalogue.queries.items import ItemView
from daylight.catalogue.queries.marks import Inherited, MarkView, inherited, marks_of
from daylight.domain.principal import Principal


@dataclass(frozen=True, slots=True)
class Spoken:
    """``own``: marks that stand; ``copies``: those of items that show the same, as they lie in this one."""

    own: tuple[MarkView, ...]
    copies: tuple[Inherited, ...]


def spoken_of(principal: Principal, view: ItemView) -> Spoken:
    return Spoken(
        marks_of(principal, view.public_id), inherited(principal, view.public_id, view.digest)
    )
