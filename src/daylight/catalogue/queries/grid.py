"""Items as a wall of cards: light rows, a page at a time, and the counts to narrow it by."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from django.db.models import Exists, OuterRef, Prefetch

from daylight.catalogue.models import Item, Media, Rendition, Standing
from daylight.catalogue.queries.access import accessions_seen_by, items_seen_by
from daylight.catalogue.queries.items import RenditionView, rendition_view
from daylight.catalogue.queries.wall import Mask, Wall
from daylight.domain.principal import Principal, Right

PAGE = 48
_CARD_RENDITIONS = ("filmstrip-shielded", "still-shielded", "waveform")
COLUMNS: Final = (
    "kind",
    "state",
    "severity",
    "seen",
    "speech",
    "facility",
    "camera",
    "month",
    "day",
    "hour",
)
MEMBERS: Final = ("collection", "accession")  # an item may be in several of them
FACETS: Final = (*COLUMNS, *MEMBERS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """``chosen``: a value for each facet that narrows. ``after``: the public id of the last card.

    ``collapsed``: of items that show the same from beginning to end only the first is wanted.
    """

    chosen: dict[str, str] = field(default_factory=dict)
    after: str = ""
    limit: int = PAGE
    collapsed: bool = True


@dataclass(frozen=True, slots=True)
class Card:
    """``picture``: the shielded rendition to show, if there is one. ``duration_us``: microseconds.

    ``copies``: further items that show the same.
    """

    public_id: str
    name: str  # the first digits of the SHA-256: what an item is called where no name may show
    size: int
    kind: str
    state: str
    reason: str
    codec: str
    width: int | None
    height: int | None
    duration_us: int | None
    picture: RenditionView | None
    severity: int | None
    reviewed: bool
    described: bool
    copies: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet, and how many items have it beside all else that was chosen."""

    value: str
    label: str
    items: int


@dataclass(frozen=True, slots=True)
class Page:
    """``after``: the cursor of the next page, empty at the end. ``items``: before copies were folded."""

    cards: tuple[Card, ...]
    after: str
    cards_in_all: int
    items: int
    facets: dict[str, tuple[Choice, ...]]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Public ids of the items before and after one, in the order they came in; empty at the ends."""

    before: str
    after: str


def page(wall: Wall, principal: Principal, wanted: Wanted, *, facets: bool = True) -> Page | None:
    """One page in the order items came in; None if the cursor is not an item."""
    principal.require(Right.SEE_ITEMS)
    seen = wall.seen(principal.collections)
    masks = _masks(wall, wanted)
    found = seen.copy()
    for mask in masks.values():
        found &= mask
    places = np.flatnonzero(found)
    items = len(places)
    if wanted.collapsed and items:
        places = places[np.unique(wall.groups[places], return_index=True)[1]]
    shown = _after(wall, principal, wanted, places)
    if shown is None:
        return None
    more = len(shown) > wanted.limit
    cards = _cards(wall, principal, seen, shown[: wanted.limit])
    counted = _facets(wall, principal, (seen, found), masks) if facets else {}
    return Page(cards, cards[-1].public_id if more and cards else "", len(places), items, counted)


def neighbours(principal: Principal, public_id: str) -> Neighbours:
    """Of an item that the principal may see."""
    seen = items_seen_by(principal)
    key = seen.get(public_id=public_id).pk
    before = seen.filter(pk__lt=key).order_by("-pk").values_list("public_id", flat=True)
    after = seen.filter(pk__gt=key).order_by("pk").values_list("public_id", flat=True)
    return Neighbours(before.first() or "", after.first() or "")


def probe_versions(principal: Principal) -> list[int]:
    """The versions of the probe that spoke of the items seen."""
    seen = items_seen_by(principal)
    rows = Media.objects.filter(Exists(seen.filter(pk=OuterRef("pk"))))
    return sorted(rows.values_list("probe_version", flat=True).distinct())


def _masks(wall: Wall, wanted: Wanted) -> dict[str, Mask]:
    """For each facet that narrows, the items that have what was chosen."""
    return {
        name: _mask(wall, name, value)
        for name, value in wanted.chosen.items()
        if value and name in FACETS
    }


def _mask(wall: Wall, name: str, value: str) -> Mask:
    none = np.zeros(len(wall.keys), np.bool_)
    if name == "collection":
        return wall.collections.get(value, none)
    if name == "accession":
        return wall.accessions.get(value, none)
    column = wall.columns[name]
    unknown = "" if value == "none" else value
    if unknown not in column.values:
        return none
    found: Mask = column.codes == column.values.index(unknown)
    return found


def _after(
    wall: Wall, principal: Principal, wanted: Wanted, places: np.ndarray
) -> list[int] | None:
    begin = 0
    if wanted.after:
        cursor = items_seen_by(principal).filter(public_id=wanted.after)
        last = cursor.values_list("pk", flat=True).first()
        if last is None:
            return None
        begin = int(np.searchsorted(wall.keys[places], last, side="right"))
    return [int(one) for one in places[begin : begin + wanted.limit + 1]]


def _facets(
    wall: Wall, principal: Principal, base: tuple[Mask, Mask], masks: dict[str, Mask]
) -> dict[str, tuple[Choice, ...]]:
    """A facet's own choice does not narrow its counts: one can change one's mind.

    ``base``: what is seen, and what is left of it by all choices together.
    """
    found = {}
    for name in FACETS:
        others = base[1]
        if name in masks:
            others = base[0].copy()
            for other, mask in masks.items():
                if other != name:
                    others &= mask
        found[name] = (
            _members(wall, principal, name, others)
            if name in MEMBERS
            else _values(wall, name, others)
        )
    return found


def _values(wall: Wall, name: str, among: Mask) -> tuple[Choice, ...]:
    column = wall.columns[name]
    counts = np.bincount(column.codes[among], minlength=len(column.values))
    choices = [
        Choice(value or "none", label, int(count))
        for value, label, count in zip(column.values, column.labels, counts, strict=True)
        if count
    ]
    if name == "camera":  # those with a name first
        choices.sort(key=lambda one: (one.value == "none", one.label[:1] == "#", one.label))
    else:
        choices.sort(key=lambda one: (one.value == "none", one.value))
    return tuple(choices)


def _members(wall: Wall, principal: Principal, name: str, among: Mask) -> tuple[Choice, ...]:
    held = wall.collections if name == "collection" else wall.accessions
    if name == "collection":
        mine = set(held) if principal.collections is None else held.keys() & principal.collections
    else:
        seen = accessions_seen_by(principal).values_list("public_id", flat=True)
        mine = held.keys() & set(seen)
    counts = {one: int(np.count_nonzero(held[one] & among)) for one in mine}
    named = [Choice(one, wall.names.get(one, ""), count) for one, count in counts.items() if count]
    return tuple(sorted(named, key=lambda one: one.label))


def _cards(wall: Wall, principal: Principal, seen: Mask, places: list[int]) -> tuple[Card, ...]:
    pictures = Rendition.objects.filter(name__in=_CARD_RENDITIONS).select_related("finding")
    pictures = pictures.order_by("finding__version")  # of several versions the newest counts
    rows = (
        items_seen_by(principal)
        .filter(pk__in=[int(wall.keys[one]) for one in places])
        .select_related("media", "standing")
        .defer("media__facts")
        .prefetch_related(Prefetch("renditions", queryset=pictures))
        .order_by("pk")
    )
    alike = np.bincount(wall.groups[seen], minlength=len(wall.groups))
    copies = {int(wall.keys[one]): int(alike[wall.groups[one]]) - 1 for one in places}
    return tuple(_card(row, copies[row.pk]) for row in rows)


def _card(row: Item, copies: int) -> Card:
    media = getattr(row, "media", None) or Media()
    standing = getattr(row, "standing", None) or Standing()
    pictures = {one.name: one for one in row.renditions.all()}
    picture = next((pictures[name] for name in _CARD_RENDITIONS if name in pictures), None)
    return Card(
        public_id=row.public_id,
        name=bytes(row.sha256).hex()[:12],
        size=row.size,
        kind=media.kind,
        state=media.state,
        reason=media.reason,
        codec=media.codec,
        width=media.width,
        height=media.height,
        duration_us=media.duration_us,
        picture=None if picture is None else rendition_view(picture),
        severity=standing.severity,
        reviewed=standing.reviewed,
        described=standing.described,
        copies=copies,
    )
