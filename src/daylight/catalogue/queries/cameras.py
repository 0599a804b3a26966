"""Cameras as people list and name them; each only to whoever sees a recording of it."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from daylight.catalogue.models import Camera, LeakedPath, Recording
from daylight.catalogue.queries.access import accessions_seen_by, items_seen_by
from daylight.catalogue.queries.offsets import observed, offsets_by_camera
from daylight.domain.clocks import Offset
from daylight.domain.folders import camera_and_facility
from daylight.domain.principal import Principal, Right
from daylight.errors import UsageError

MIN_PREFIX = 8  # hexadecimal digits of an id that may stand for the whole
_NUMBER = re.compile(r"#?(\d{1,9})")


@dataclass(frozen=True, slots=True)
class PathName:
    """By the folders that a camera's items lay in: for whoever may see leaked names, and no one else."""

    camera: str
    facility: str


@dataclass(frozen=True, slots=True)
class CameraView:
    """``recordings``: those seen, ``confirmed_items`` of them put there by a person.

    ``name`` and ``facility`` are what people said; ``label`` is what the burnt-in name seems to say.
    ``dates``: the order of day, month and year (``dmy``), as a person said. ``offsets``: what people entered of its clock; ``observed``: what was reckoned, each with the
    number of recordings. ``path_name``: None without the right, or where no folder tells.
    """

    public_id: str
    number: int
    name: str
    facility: str
    confirmed: bool
    label: str
    zone: str
    dates: str
    recordings: int
    confirmed_items: int
    offsets: tuple[Offset, ...]
    observed: tuple[tuple[Offset, int], ...]
    path_name: PathName | None


def cameras(principal: Principal) -> list[CameraView]:
    """Named ones first, by facility and name, then by number."""
    rows = list(cameras_seen_by(principal))
    keys = [row.pk for row in rows]
    held = Recording.objects.filter(camera__in=keys, item__in=items_seen_by(principal))
    counts = {
        key: (every, said)
        for key, every, said in held.values_list("camera")
        .annotate(every=Count("pk"), said=Count("pk", filter=Q(confirmed=True)))
        .order_by("camera")
    }
    entered, seen, named = offsets_by_camera(), observed(keys), path_names(principal, keys)
    if not principal.may(Right.SEE_LEAKED_PATHS):
        seen = {
            key: [one for one in those if one[0].source != "file-time"]
            for key, those in seen.items()
        }
    views = [
        CameraView(
            public_id=row.public_id,
            number=row.number,
            name=row.name,
            facility=row.facility,
            confirmed=row.confirmed,
            label=row.label,
            zone=row.zone,
            dates=row.dates,
            recordings=counts.get(row.pk, (0, 0))[0],
            confirmed_items=counts.get(row.pk, (0, 0))[1],
            offsets=tuple(entered.get(row.pk, ())),
            observed=tuple(seen.get(row.pk, ())),
            path_name=named.get(row.pk),
        )
        for row in rows
    ]
    return sorted(views, key=lambda one: (not one.name, one.facility, one.name, one.number))


def cameras_seen_by(principal: Principal) -> QuerySet[Camera]:
    held = Recording.objects.filter(camera=OuterRef("pk"), item__in=items_seen_by(principal))
    return Camera.objects.filter(Exists(held)).order_by("number")


def camera_names(principal: Principal) -> list[tuple[str, int, str, str]]:
    """Public id, number, name (of people, else as it is written in the picture), facility."""
    rows = cameras_seen_by(principal).values_list(
        "public_id", "number", "name", "label", "facility"
    )
    named = [(key, number, name or label, facility) for key, number, name, label, facility in rows]
    return sorted(named, key=lambda one: (not one[2], one[3], one[2], one[1]))


def camera_key(principal: Principal, named: str) -> int:
    """A camera by its number, its id or the first digits of it, or its name. Raises ``UsageError``."""
    seen = cameras_seen_by(principal)
    number = _NUMBER.fullmatch(named)
    wanted = Q(name=named) | Q(public_id=named)
    if number:
        wanted |= Q(number=int(number[1]))
    if len(named) >= MIN_PREFIX:
        wanted |= Q(public_id__startswith=named.lower())
    found = list(seen.filter(wanted).values_list("pk", flat=True)[:2])
    if len(found) != 1:
        said = "no camera has this name" if not found else "several cameras are called this"
        raise UsageError(f"{said}; `daylight cameras` lists them with their numbers")
    return found[0]


def path_names(principal: Principal, keys: Iterable[int]) -> dict[int, PathName]:
    """Nothing for whoever may not see leaked names; never anything out of a foreign accession."""
    if not principal.may(Right.SEE_LEAKED_PATHS):
        return {}
    rows = LeakedPath.objects.filter(
        accession__in=accessions_seen_by(principal),
        occurrence__item__in=items_seen_by(principal),
        occurrence__item__recording__camera__in=list(keys),
    )
    told: dict[int, Counter[tuple[str, str]]] = {}
    for key, path in rows.values_list("occurrence__item__recording__camera_id", "path"):
        name = camera_and_facility(bytes(path))
        if key is not None and name is not None:
            told.setdefault(key, Counter())[name] += 1
    return {
        key: PathName(*min(names, key=lambda one: (-names[one], one)))
        for key, names in told.items()
    }
