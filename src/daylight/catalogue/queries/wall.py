"""All items as columns of numbers: what the wall of cards is narrowed and counted by, in milliseconds.

A catalogue of 100,000 items is counted by ten facets at every click; rows would take a second for it.
The columns are read from time to time and asked in memory. They hold no names and no paths.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from daylight.catalogue.models import (
    Accession,
    Camera,
    Collection,
    Entry,
    Finding,
    Holding,
    Item,
    Occurrence,
    Relation,
    Task,
)

Numbers = NDArray[np.int32]
Mask = NDArray[np.bool_]

NONE: Final = ""  # the name of what is not known, as a value of a facet
UNNAMED: Final = "?"  # before the number of a facility without a name
UNEXAMINED: Final = "unexamined"  # as a kind: what no probe has looked at yet
WHOLE_PART: Final = 0.95  # of both lengths: a copy of so much shows the same
_DAY_US: Final = 86_400_000_000
_HOUR_US: Final = 3_600_000_000
_COLUMNS: Final = (
    "pk",
    "media__kind",
    "media__state",
    "media__duration_us",
    "recording__camera_id",
    "recording__real_us",
    "recording__burnt_us",
    "standing__severity",
    "standing__reviewed",
    "standing__described",
)


class Stamp(NamedTuple):
    """What moves when the wall would look otherwise."""

    entries: int
    items: int
    findings: int
    tasks: int
    ended: int


@dataclass(frozen=True, slots=True)
class Column:
    """One facet: for each item a place in ``values``; ``labels`` are what is shown of them."""

    values: tuple[str, ...]
    labels: tuple[str, ...]
    codes: Numbers


@dataclass(frozen=True, slots=True)
class Wall:
    """``keys`` ascend. ``collections``, ``accessions``: by public id, which items are in them.

    ``groups``: the place of the first item that shows the same, by item.
    """

    keys: NDArray[np.int64]
    columns: Mapping[str, Column]
    collections: Mapping[str, Mask]
    accessions: Mapping[str, Mask]
    names: Mapping[str, str]
    groups: Numbers

    def seen(self, collections: frozenset[str] | None) -> Mask:
        """What may be seen: None is everything."""
        if collections is None:
            return np.ones(len(self.keys), np.bool_)
        found = np.zeros(len(self.keys), np.bool_)
        for public_id in collections:
            if public_id in self.collections:
                found |= self.collections[public_id]
        return found


def stamp() -> Stamp:
    """Cheap: five lookups in indexes."""
    ended = Task.objects.exclude(ended="").count()
    newest = (_newest(model) for model in (Item, Finding, Task))
    last = Entry.objects.order_by("-index").values_list("index", flat=True).first()
    items, findings, tasks = newest
    return Stamp(-1 if last is None else last, items, findings, tasks, ended)


def load() -> Wall:
    """Every item there is, whoever may see it; see :meth:`Wall.seen`."""
    rows = list(Item.objects.order_by("pk").values_list(*_COLUMNS))
    keys = np.array([row[0] for row in rows], np.int64)
    return Wall(
        keys=keys,
        columns=_columns(rows, keys),
        collections=_members(keys, Holding.objects.values_list("item_id", "collection__public_id")),
        accessions=_members(
            keys,
            Occurrence.objects.exclude(item=None)
            .values_list("item_id", "accession__public_id")
            .distinct(),
        ),
        names={
            **dict(Accession.objects.values_list("public_id", "name")),
            **dict(Collection.objects.values_list("public_id", "name")),
        },
        groups=_groups(keys, {row[0]: row[3] for row in rows}),
    )


def _newest(model: Any) -> int:
    found = model.objects.order_by("-pk").values_list("pk", flat=True).first()
    return 0 if found is None else int(found)


def _columns(rows: Sequence[Any], keys: NDArray[np.int64]) -> dict[str, Column]:
    cameras = {row.pk: row for row in Camera.objects.order_by("number")}
    times = [row[5] if row[5] is not None else row[6] for row in rows]
    speaking = _speaking(keys)
    return {
        "kind": _column(row[1] or UNEXAMINED for row in rows),
        "state": _column(row[2] or NONE for row in rows),
        "camera": _cameras((row[4] for row in rows), cameras),
        "facility": _column(_facility(cameras.get(row[4])) for row in rows),
        "month": _column(_month(us) for us in times),
        "day": _column(_day(us) for us in times),
        "hour": _column(NONE if us is None else f"{us % _DAY_US // _HOUR_US:02}" for us in times),
        "severity": _column(NONE if row[7] is None else str(row[7]) for row in rows),
        "seen": _column(_seen(row[8], row[9]) for row in rows),
        "speech": Column(("", "speech"), ("", "speech"), speaking.astype(np.int32)),
    }


def _column(values: Iterable[str]) -> Column:
    """``values`` in order, each once."""
    known: dict[str, int] = {}
    codes = np.array([known.setdefault(one, len(known)) for one in values], np.int32)
    order = sorted(known)
    places = np.array([order.index(one) for one in known], np.int32)
    return Column(tuple(order), tuple(order), places[codes] if len(codes) else codes)


def _cameras(keys: Iterable[int | None], cameras: Mapping[int, Camera]) -> Column:
    """Those with a name first; the label of one without is left to the reader's language."""
    ids = {key: row.public_id for key, row in cameras.items()}
    plain = _column(NONE if key is None else ids[key] for key in keys)
    names = {row.public_id: row.name or row.label or f"#{row.number}" for row in cameras.values()}
    return Column(plain.values, tuple(names.get(one, "") for one in plain.values), plain.codes)


def _facility(camera: Camera | None) -> str:
    """Its name; for one that nobody has named its number, after ``UNNAMED``."""
    if camera is None or camera.facility or camera.site is None:
        return NONE if camera is None else camera.facility
    return f"{UNNAMED}{camera.site + 1}"


def _day(us: int | None) -> str:
    if us is None:
        return NONE
    return str(np.datetime64(us // _DAY_US, "D"))


def _month(us: int | None) -> str:
    return _day(us)[:7]


def _seen(reviewed: bool | None, described: bool | None) -> str:
    return "reviewed" if reviewed else "described" if described else "open"


def _speaking(keys: NDArray[np.int64]) -> Mask:
    """Where a detector heard somebody speak."""
    rows = Finding.objects.filter(
        Q(detector="sound", facts__speech__count__gt=0) | Q(detector="speech", facts__count__gt=0)
    )
    return np.isin(keys, np.array(list(rows.values_list("item_id", flat=True)), np.int64))


def _members(keys: NDArray[np.int64], pairs: Iterable[tuple[int, str]]) -> dict[str, Mask]:
    found: dict[str, list[int]] = {}
    for key, public_id in pairs:
        found.setdefault(public_id, []).append(key)
    return {one: np.isin(keys, np.array(held, np.int64)) for one, held in found.items()}


def _groups(keys: NDArray[np.int64], lengths: Mapping[int, int | None]) -> Numbers:
    """Items that show the same from beginning to end, joined."""
    places = {int(key): n for n, key in enumerate(keys)}
    first = list(range(len(keys)))

    def root(n: int) -> int:
        while first[n] != n:
            first[n] = first[first[n]]
            n = first[n]
        return n

    rows = Relation.objects.values_list("item_a_id", "item_b_id", "length_us")
    for a, b, length in rows.iterator(chunk_size=5000):
        whole = max(lengths.get(a) or 0, lengths.get(b) or 0) * WHOLE_PART
        if a in places and b in places and length and length >= whole > 0:
            one, two = sorted((root(places[a]), root(places[b])))
            first[two] = one
    return np.array([root(n) for n in range(len(first))], np.int32)
