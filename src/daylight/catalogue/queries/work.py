"""What should be known and is not: the work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q

from daylight.catalogue.models import Finding, Item, Media
from daylight.domain.digest import Digest


@dataclass(frozen=True, slots=True)
class Todo:
    """An item, and the detectors that may have to look at it (which apply, its facts decide)."""

    key: int
    digest: Digest
    size: int
    detectors: tuple[str, ...]
    probed: bool


_APPLIES = {
    "key-frames": Q(media__kind="video", media__key_frames__isnull=False),
    "samples": Q(media__kind__in=["video", "audio"], media__has_sound=True),
    "still": Q(media__kind="image"),
    "container": Q(media__kind__in=["video", "audio"]),
}


def todo(detectors: Mapping[str, tuple[int, str]], probe_version: int) -> list[Todo]:
    """Items without facts of this version, or lacking a finding that applies to them.

    ``detectors``: name to (version, what it is fed).
    """
    wanted: dict[int, Todo] = {}
    fresh = ~Exists(Media.objects.filter(item=OuterRef("pk"), probe_version=probe_version))
    for key, digest, size in Item.objects.filter(fresh).values_list("pk", "sha256", "size"):
        wanted[key] = Todo(key, Digest(bytes(digest)), size, tuple(detectors), probed=False)
    readable = ~Q(media__state="unreadable")
    for name, (version, fed) in detectors.items():
        made = Finding.objects.filter(item=OuterRef("pk"), detector=name, version=version)
        rows = Item.objects.filter(_APPLIES[fed] & readable, ~Exists(made), ~fresh)
        for key, digest, size in rows.values_list("pk", "sha256", "size"):
            before = wanted.get(key)
            names = (*(before.detectors if before else ()), name)
            wanted[key] = Todo(key, Digest(bytes(digest)), size, names, probed=True)
    return sorted(wanted.values(), key=lambda one: one.key)


def facts_of(keys: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """Facts as they were kept, by item."""
    return dict(Media.objects.filter(item__in=keys).values_list("item", "facts"))
