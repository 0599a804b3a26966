"""Recordings that cannot be opened, and those that could lend them what they lost."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from daylight.catalogue.models import Finding, Media, Occurrence
from daylight.domain.digest import Digest

CONTAINERS = ("mp4", "matroska", "avi")
CODECS = ("h264", "hevc")  # whose parameter sets are the same in every container
ALIKE = 2  # siblings of one codec, size and rate that are tried: they differ in little
MOST = 24  # siblings that are tried


@dataclass(frozen=True, slots=True)
class Broken:
    """``tried``: what an earlier run tried in vain, as it noted it; empty if there was none."""

    key: int
    digest: Digest
    size: int
    container: str
    tried: str


@dataclass(frozen=True, slots=True)
class Lender:
    """A whole recording. ``shape``: its codec, size and rate."""

    key: int
    digest: Digest
    shape: tuple[str, int | None, int | None, float | None]
    container: str


def broken(detector: str, version: int) -> list[Broken]:
    """Those without a salvage of this version, or with one that failed."""
    made = Finding.objects.filter(detector=detector, version=version)
    failed = {row.item_id: str(row.facts.get("tried", "")) for row in made if row.failed}
    done = {row.item_id for row in made if not row.failed}
    rows = Media.objects.filter(kind="video", state="unreadable", container__in=CONTAINERS)
    found = rows.order_by("item").values_list("item", "item__sha256", "item__size", "container")
    return [
        Broken(key, Digest(bytes(digest)), size, container, failed.get(key, ""))
        for key, digest, size, container in found
        if key not in done
    ]


def lenders(container: str, others: Collection[str]) -> list[Lender]:
    """Recordings without a sign of damage, in the order in which they came in.

    ``others``: containers of which those are asked too whose parameter sets can be lent.
    """
    rows = Media.objects.filter(kind="video", state="ok").order_by("item")
    same = Q(container=container)
    rows = rows.filter(same | Q(container__in=others, codec__in=CODECS))
    names = ("item", "item__sha256", "codec", "width", "height", "fps", "container")
    return [
        Lender(key, Digest(bytes(digest)), (codec, width, height, fps), its)
        for key, digest, codec, width, height, fps, its in rows.values_list(*names)
    ]


def folders(keys: Sequence[int]) -> dict[int, list[bytes]]:
    """The leaked folders that items lay in: to tell who is whose neighbour, not to be shown."""
    found: dict[int, list[bytes]] = {}
    rows = Occurrence.objects.exclude(leaked_path=None).order_by("pk")
    for start in range(0, len(keys), 500):
        some = rows.filter(item__in=keys[start : start + 500])
        for key, path in some.values_list("item", "leaked_path__path"):
            found.setdefault(key, []).append(os.path.dirname(bytes(path)))
    return found


def nearest(
    one: Broken, among: Sequence[Lender], lying: Mapping[int, Sequence[bytes]]
) -> list[Lender]:
    """Those to be tried, the likeliest first: a camera's recordings mostly lie in one folder.

    Of what lies as near, its own container first, which lends more than the parameter sets.
    """
    own = lying.get(one.key, ())

    def apart(lender: Lender) -> tuple[int, bool]:
        theirs = lying.get(lender.key, ())
        shared = max((_shared(a, b) for a in own for b in theirs), default=0)
        return -shared, lender.container != one.container

    chosen: list[Lender] = []
    for lender in sorted(among, key=apart):
        kind = lender.shape, lender.container
        alike = sum((other.shape, other.container) == kind for other in chosen)
        if lender.digest != one.digest and alike < ALIKE:
            chosen.append(lender)
        if len(chosen) == MOST:
            break
    return chosen


def _shared(one: bytes, other: bytes) -> int:
    """How many folders two paths share from the top."""
    parts = zip(one.split(b"/"), other.split(b"/"), strict=False)
    count = 0
    for a, b in parts:
        if a != b:
            break
        count += 1
    return count
