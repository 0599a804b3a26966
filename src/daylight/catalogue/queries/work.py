"""What should be known and is not: the work."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q

from daylight.catalogue.models import Finding, Item, Media
from daylight.catalogue.queries.salvages import Salvage, salvages
from daylight.domain.digest import Digest


@dataclass(frozen=True, slots=True)
class Todo:
    """An item, and the detectors that may have to look at it (which apply, its facts decide).

    ``size``: of what is read. ``salvage``: the object that is read in place of an original that cannot be opened.
    """

    key: int
    digest: Digest
    size: int
    detectors: tuple[str, ...]
    probed: bool
    salvage: Digest | None = None

    @property
    def read(self) -> Digest:
        """The object whose bytes are read."""
        return self.salvage or self.digest


_APPLIES = {
    "key-frames": Q(media__kind="video", media__key_frames__isnull=False),
    "samples": Q(media__kind__in=["video", "audio"], media__has_sound=True),
    "still": Q(media__kind="image"),
    "container": Q(media__kind__in=["video", "audio"]),
}


def todo(detectors: Mapping[str, tuple[int, str]], probe_version: int) -> list[Todo]:
    """Items without facts of this version, or lacking a finding that applies to them; what was read
    from a salvage is none of the original's.

    ``detectors``: name to (version, what it is fed).
    """
    wanted: dict[int, Todo] = {}
    fresh = ~Exists(Media.objects.filter(item=OuterRef("pk"), probe_version=probe_version))
    for key, digest, size in Item.objects.filter(fresh).values_list("pk", "sha256", "size"):
        wanted[key] = Todo(key, Digest(bytes(digest)), size, tuple(detectors), probed=False)
    readable = ~Q(media__state="unreadable")
    for name, (version, fed) in detectors.items():
        made = Finding.objects.filter(
            item=OuterRef("pk"), detector=name, version=version, read_from=None
        )
        rows = Item.objects.filter(_APPLIES[fed] & readable, ~Exists(made), ~fresh)
        for key, digest, size in rows.values_list("pk", "sha256", "size"):
            before = wanted.get(key)
            names = (*(before.detectors if before else ()), name)
            wanted[key] = Todo(key, Digest(bytes(digest)), size, names, probed=True)
    salvaged = [one for one in _salvaged(detectors) if one.key not in wanted]
    return sorted([*wanted.values(), *salvaged], key=lambda one: one.key)


def _salvaged(detectors: Mapping[str, tuple[int, str]]) -> Iterator[Todo]:
    """Salvages in which not every detector that reads pictures or sound has looked.

    How the file is written is not read from them: that is our own work, and a sibling's.
    """
    for one in salvages().values():
        fed = {"key-frames": one.facts["key_frames"] > 0, "samples": _has_sound(one)}
        names = tuple(
            name
            for name, (version, what) in detectors.items()
            if fed.get(what, False) and (name, version) not in one.read
        )
        if names:
            yield Todo(one.key, one.digest, one.size, names, probed=True, salvage=one.made)


def _has_sound(one: Salvage) -> bool:
    return any(stream["media"] == "audio" for stream in one.facts["streams"])


def facts_of(keys: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """Facts as they were kept, by item."""
    return dict(Media.objects.filter(item__in=keys).values_list("item", "facts"))
