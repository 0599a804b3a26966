"""Everything that was recorded, by camera and time, as far as the principal may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from daylight.catalogue.models import Media, Recording
from daylight.catalogue.queries.access import items_seen_by
from daylight.catalogue.queries.cameras import cameras_seen_by
from daylight.catalogue.queries.gathered import contested, copies
from daylight.catalogue.queries.offsets import offsets_by_camera
from daylight.catalogue.queries.salvages import salvages
from daylight.domain.clocks import Offset, real_time
from daylight.domain.principal import Principal
from daylight.domain.sameness import ActiveSpan, Copy
from daylight.domain.timeline import LEVELS, By, Mark, Row, Stretch

_COLUMNS = (
    "pk", "item__public_id", "item__sha256", "state", "duration_us", "item__recording__camera_id",
    "item__recording__confirmed", "item__recording__container_us", "item__recording__burnt_us",
    "item__recording__pieces", "item__recording__real_us", "item__recording__uncertainty_us",
    "item__recording__activity",
)  # fmt: skip


REPEATED_US: Final = 1_500_000  # what lies nearer is the same time


@dataclass(frozen=True, slots=True)
class Untimed:
    """An item (its public id) that no clock puts anywhere. ``camera``: the public id of the one it is put
    to, or empty. ``digest``: SHA-256, hexadecimal.
    """

    item: str
    digest: str
    camera: str
    duration_us: int | None
    state: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Rows by facility and name, then what is of no known camera; ``untimed``: never left out."""

    rows: tuple[Row, ...]
    untimed: tuple[Untimed, ...]
    items: int


@dataclass(frozen=True, slots=True)
class _Item:
    key: int
    public_id: str
    digest: str
    state: str
    duration_us: int | None
    camera: int | None
    confirmed: bool
    container_us: int | None
    burnt_us: int | None
    pieces: tuple[tuple[int, int, int], ...]
    real_us: int | None
    uncertainty_us: int | None
    activity: tuple[ActiveSpan, ...] | None


@dataclass(frozen=True, slots=True)
class _Known:
    """What is said of items elsewhere, by key."""

    offsets: Mapping[int, Sequence[Offset]]
    contested: frozenset[int]
    copies: Mapping[int, tuple["_Hidden", ...]]


@dataclass(frozen=True, slots=True)
class _Hidden:
    """An item that is not shown, since another shows it all; from ``at_us`` of that one on, None: all."""

    digest: str
    at_us: int | None


def timeline(principal: Principal) -> Timeline:
    """Duplicates collapsed into the one that knows its time; each item once, placed or untimed."""
    items = _items(principal)
    shown, hidden = _collapsed(items)
    known = _Known(offsets_by_camera(), contested(), hidden)
    found: dict[int, list[Stretch]] = {}
    untimed: list[_Item] = []
    for one in shown:
        stretches = _stretches(one, known)
        found.setdefault(one.camera or 0, []).extend(stretches)
        if not stretches:
            untimed.append(one)
    cameras = list(cameras_seen_by(principal))
    rows = [
        Row(row.public_id, row.number, row.name, row.facility, row.label, row.confirmed,
            _ordered(found[row.pk]), row.site)
        for row in cameras
        if found.get(row.pk)
    ]  # fmt: skip
    rows.sort(key=_place)
    if found.get(0):
        rows.append(Row("", 0, "", "", "", False, _ordered(found[0])))  # as above
    names = {row.pk: row.public_id for row in cameras}
    return Timeline(tuple(rows), tuple(_untimed(one, names) for one in untimed), len(items))


def _place(row: Row) -> tuple[object, ...]:
    """By facility, unnamed ones by what seems to belong together; then by name or number."""
    unnamed = (row.site is None, row.site or 0)
    where = (False, row.facility, False, 0) if row.facility else (True, "", *unnamed)
    return *where, not row.name, row.name, row.number


def _ordered(stretches: Sequence[Stretch]) -> tuple[Stretch, ...]:
    return tuple(sorted(stretches, key=lambda one: (one.start, one.end, one.item)))


def _untimed(one: _Item, cameras: Mapping[int, str]) -> Untimed:
    return Untimed(
        one.public_id, one.digest, cameras.get(one.camera or 0, ""), one.duration_us, one.state
    )


def _items(principal: Principal) -> list[_Item]:
    rows = Media.objects.filter(kind__in=("video", "audio"), item__in=items_seen_by(principal))
    found = [_item(values) for values in rows.order_by("pk").values_list(*_COLUMNS)]
    rebuilt = salvages()
    return [
        replace(one, duration_us=rebuilt[one.key].duration_us) if one.key in rebuilt else one
        for one in found
    ]


def _item(values: Sequence[Any]) -> _Item:
    key, public_id, sha256, state, length, camera, confirmed, container, burnt, *rest = values
    pieces, real, doubt, active = rest
    return _Item(
        key, public_id, bytes(sha256).hex(), state, length, camera, bool(confirmed), container, burnt,
        tuple((media, span, naive) for media, span, naive in pieces or ()), real, doubt,
        None if active is None else tuple(_active(one) for one in active),
    )  # fmt: skip


def _active(one: Sequence[int]) -> ActiveSpan:
    media, length, level = one
    return ActiveSpan(media, length, level / LEVELS)


def _collapsed(items: Sequence[_Item]) -> tuple[list[_Item], dict[int, tuple[_Hidden, ...]]]:
    """Items to show, and of each those that are not shown because of it."""
    seen = {one.key: one for one in items}
    best = {
        one.copy: one
        for one in sorted(copies(), key=lambda one: (one.whole, one.score))
        if one.copy in seen and one.original in seen
    }
    above = {key: one.original for key, one in best.items()}
    groups: dict[int, list[_Item]] = {}
    for one in items:
        groups.setdefault(_top(one.key, above), []).append(one)
    shown, hidden = [], {}
    for top, members in groups.items():
        first = min(members, key=lambda one: (not _timed(one), one.key != top, one.key))
        shown.append(first)
        hidden[first.key] = tuple(
            _Hidden(one.digest, _part_of(first.key, best.get(one.key)))
            for one in members
            if one is not first
        )
    return shown, hidden


def _part_of(shown: int, copy: Copy | None) -> int | None:
    """Where in the one that is shown a copy begins, if it is known to be a part of that one."""
    return copy.at_us if copy is not None and copy.original == shown and not copy.whole else None


def _top(key: int, above: Mapping[int, int]) -> int:
    """The end of the chain of originals; of a ring its least key."""
    met = [key]
    while met[-1] in above:
        after = above[met[-1]]
        if after in met:
            return min(met[met.index(after) :])
        met.append(after)
    return met[-1]


def _timed(one: _Item) -> bool:
    return any(value is not None for value in (one.real_us, one.burnt_us, one.container_us))


def _stretches(one: _Item, known: _Known) -> list[Stretch]:
    """One, or one for each piece of an item that was put together from several."""
    base = _stretch(one, known)
    if base is None:
        return []
    if base.by is By.CONTAINER or _is_one(one):
        return [base]
    offsets = known.offsets.get(one.camera or 0, ())
    hidden = known.copies.get(one.key, ())
    return [_piece(base, piece, offsets, hidden) for piece in _told_apart(one.pieces)]


def _told_apart(pieces: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Without those that repeat the time of another: an export may hold the same recording twice."""
    kept: list[tuple[int, int, int]] = []
    for piece in sorted(pieces, key=lambda one: (-one[1], one[0])):
        _, length, naive = piece
        if not any(
            naive >= start - REPEATED_US and naive + length <= start + long + REPEATED_US
            for _, long, start in kept
        ):
            kept.append(piece)
    return sorted(kept)


def _is_one(one: _Item) -> bool:
    """Whether its clock goes evenly over all of it, as far as it was read."""
    read = sum(length for _, length, _ in one.pieces)
    return len(one.pieces) < 2 and (not one.pieces or read * 2 >= (one.duration_us or 0))


def _stretch(one: _Item, known: _Known) -> Stretch | None:
    times = (one.real_us, one.burnt_us, one.container_us)
    told = [(by, at) for by, at in zip(By, times, strict=True) if at is not None]
    if not told:
        return None
    by, start = told[0]
    return Stretch(
        item=one.public_id,
        digest=one.digest,
        start=start,
        end=start + max(one.duration_us or 0, 1),
        by=by,
        uncertainty_us=one.uncertainty_us,
        marks=_marks(one, known),
        copies=tuple(hidden.digest for hidden in known.copies.get(one.key, ())),
        activity=one.activity,
        container_us=one.container_us,
        burnt_us=one.burnt_us,
        real_us=one.real_us,
    )


def _marks(one: _Item, known: _Known) -> Mark:
    marks = Mark.CONFIRMED if one.confirmed else Mark.NONE
    if one.state != "ok":
        marks |= Mark.DAMAGED
    if one.key in known.contested:
        marks |= Mark.CONTESTED
    return marks | (Mark.COPIES if known.copies.get(one.key) else Mark.NONE)


def _piece(
    base: Stretch,
    piece: tuple[int, int, int],
    offsets: Sequence[Offset],
    hidden: Sequence[_Hidden],
) -> Stretch:
    """Counted with it are copies of the whole item, and those that lie within this piece of it."""
    media, length, naive = piece
    copied = tuple(
        one.digest
        for one in hidden
        if one.at_us is None or media - REPEATED_US <= one.at_us < media + length
    )
    marks = base.marks | Mark.COPIES if copied else base.marks & ~Mark.COPIES
    real = real_time(naive, offsets)
    start = naive if real is None else real.at_us
    return replace(
        base,
        start=start,
        end=start + max(length, 1),
        by=By.BURNT if real is None else By.REAL,
        media_us=media,
        marks=marks,
        copies=copied,
        burnt_us=naive,
        real_us=None if real is None else real.at_us,
        uncertainty_us=None if real is None else real.uncertainty_us,
        container_us=None if base.container_us is None else base.container_us + media,
    )


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """One recording in the world. Microseconds; None is unknown. ``camera_id``: empty without one.

    ``order_basis``: what told day and month apart, if the picture did not.
    """

    camera_id: str
    number: int
    name: str
    label: str
    facility: str
    site: int | None
    confirmed: bool
    confidence: float
    container_us: int | None
    burnt_us: int | None
    real_us: int | None
    uncertainty_us: int | None
    pieces: int
    order_basis: str


def whereabouts(principal: Principal, public_id: str) -> Whereabouts | None:
    """None for what is no recording, or was not placed yet."""
    held = Recording.objects.filter(item__in=items_seen_by(principal).filter(public_id=public_id))
    row = held.select_related("camera").first()
    if row is None:
        return None
    camera = row.camera
    return Whereabouts(
        camera_id=camera.public_id if camera else "",
        number=camera.number if camera else 0,
        name=camera.name if camera else "",
        label=camera.label if camera else "",
        facility=camera.facility if camera else "",
        site=camera.site if camera else None,
        confirmed=row.confirmed,
        confidence=row.confidence,
        container_us=row.container_us,
        burnt_us=row.burnt_us,
        real_us=row.real_us,
        uncertainty_us=row.uncertainty_us,
        pieces=len(row.pieces),
        order_basis=row.order_basis,
    )
