"""Putting recordings to cameras, and reckoning their clocks: proposals, until a person says so.

What should stand in the rows is reckoned anew from what is known and compared with what stands there;
only the difference is written, some rows a transaction. A run that was cut short is made good by the
next. What a person has confirmed is never written over.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from daylight.analyses import placing
from daylight.analyses.path_clues import pieces
from daylight.catalogue.ledger_rows import lock_writers
from daylight.catalogue.models import (
    Camera,
    ClockOffset,
    LeakedPath,
    Media,
    PlacingRun,
    Recording,
    Rendition,
)
from daylight.catalogue.queries.burnt_clocks import burnt_clocks
from daylight.catalogue.queries.gathered import copies
from daylight.catalogue.queries.vault import agents
from daylight.domain.background import LENGTH, Background, unpack
from daylight.domain.burnt_clock import BurntClock
from daylight.domain.clocks import Source
from daylight.domain.digest import Digest
from daylight.domain.folders import Pieces
from daylight.domain.placing import Alike, Basis, Clues, Group, Placed, Placing, Structure
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import SILENT, Progress
from daylight.ledger.leaf import Value
from daylight.services import clocks, densities, heads
from daylight.services.record import record
from daylight.services.rows import create, update
from daylight.services.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PlacingReport:
    """``changed``: rows that were written; 0 where nothing new was to be said."""

    cameras: int
    placed: int
    changed: int


def propose(ws: Workspace, principal: Principal, progress: Progress = SILENT) -> PlacingReport:
    """Propose a camera for every recording that nobody has placed, and reckon all clocks.

    Progress counts the recordings whose pictures are gathered, then those whose activity is copied.
    """
    principal.require(Right.EXAMINE)
    return reckon(ws, progress)


def reckon(ws: Workspace, progress: Progress = SILENT) -> PlacingReport:
    """The same, by the software itself: after a person's word other proposals may change."""
    read = burnt_clocks()
    clues = gather(ws, read, progress)
    alike = [Alike(one.copy, one.original, one.score) for one in copies()]
    known = _known_labels()
    inputs = _digest(clues, alike, known)
    changed = 0
    if clues and not PlacingRun.objects.filter(inputs=inputs).exists():
        changed = _place(ws, placing.place(clues, alike, known), inputs)
    changed += clocks.refresh(read) + densities.refresh(ws, progress)
    placed = Recording.objects.exclude(camera=None).count()
    return PlacingReport(Camera.objects.count(), placed, changed)


def _place(ws: Workspace, made: Placing, inputs: str) -> int:
    """Cameras and the entry, then recordings, then the note that it is done; the rows written."""
    with transaction.atomic():
        lock_writers()
        cameras = _keep_cameras(made)
        details: dict[str, Value] = {
            "analysis": f"placing/{placing.VERSION}",
            "cameras": len(made.groups),
            "recordings": len(made.placed),
        }
        entry = record(ws, agents().software, "cameras-proposed", details=details).index
    heads.keep(ws)
    changed = _keep_recordings(made, cameras)
    with transaction.atomic():
        lock_writers()
        drop_empty()
        PlacingRun.objects.all().delete()
        PlacingRun.objects.create(inputs=inputs, entry=entry)
    return changed


def gather(
    ws: Workspace, read: Mapping[int, BurntClock], progress: Progress = SILENT
) -> list[Clues]:
    """What is known of every recording with pictures, as the analysis takes it."""
    paths, pictures = _paths(), dict(_backgrounds(ws, progress))
    before = {one.item_id: one for one in Recording.objects.all()}
    rows = Media.objects.filter(kind="video").order_by("pk")
    told = rows.values_list("pk", "container", "codec", "width", "height", "fps", "facts")
    return [
        _clue(
            key,
            _structure(*made),
            read.get(key),
            before.get(key),
            pictures.get(key),
            paths.get(key),
        )
        for key, *made in told.iterator(chunk_size=1000)
    ]


def _clue(
    key: int,
    structure: Structure,
    clock: BurntClock | None,
    before: Recording | None,
    background: Background | None,
    paths: Sequence[Pieces] | None,
) -> Clues:
    camera = None if before is None else before.camera_id
    return Clues(
        key,
        structure,
        background,
        "" if clock is None else clock.label[:200],
        "" if clock is None else clock.label_key[:64],
        tuple(paths or ()),
        camera if before is not None and before.confirmed else None,
        camera,
    )


def _structure(
    container: str,
    codec: str,
    width: int | None,
    height: int | None,
    fps: float | None,
    facts: Mapping[str, Any],
) -> Structure:
    """A rate that was assumed is no rate."""
    rate = 0.0 if fps is None or facts["assumed_rate"] else round(fps, 2)
    return Structure(container, codec, width or 0, height or 0, rate, facts["encoder"])


def _paths() -> dict[int, list[Pieces]]:
    """Leaked names, for weighing alone: nothing of them goes into a row."""
    found: dict[int, list[Pieces]] = {}
    rows = LeakedPath.objects.filter(occurrence__item__media__kind="video").order_by("pk")
    for key, path in rows.values_list("occurrence__item_id", "path").iterator(chunk_size=2000):
        found.setdefault(key, []).append(pieces(bytes(path)))
    return found


def _backgrounds(ws: Workspace, progress: Progress) -> Iterator[tuple[int, Background]]:
    """Of several versions the newest."""
    rows = Rendition.objects.filter(name="background", finding__detector="background")
    told = rows.order_by("finding__version").values_list("item_id", "sha256")
    progress.total(amount=-1, steps=rows.count() + densities.count())
    for key, digest in told.iterator(chunk_size=2000):
        fd = ws.store.open_fd(Digest(bytes(digest)))
        try:
            yield key, unpack(os.pread(fd, LENGTH + 1, 0))
        finally:
            os.close(fd)
        progress.advance(steps=1)


def _known_labels() -> dict[str, int]:
    """Labels, as pictures, that are those of one confirmed camera."""
    held = Camera.objects.filter(confirmed=True).values_list("pk", "label_keys")
    told = [(key, camera) for camera, keys in held for key in keys]
    often = Counter(key for key, _ in told)
    return {key: camera for key, camera in told if often[key] == 1}


def _digest(clues: Sequence[Clues], alike: Sequence[Alike], known: Mapping[str, int]) -> str:
    """Of all that the analysis is handed, and its version."""
    hashed = hashlib.sha256(repr((placing.VERSION, sorted(known.items()))).encode())
    for one in clues:
        hashed.update(repr(replace(one, before=None)).encode("utf-8", "surrogateescape"))
    hashed.update(repr(sorted(alike, key=repr)).encode())
    return hashed.hexdigest()


def _keep_cameras(made: Placing) -> dict[int, int]:
    """Group to camera; a group that is none yet gets the next number."""
    last = Camera.objects.order_by("-number").values_list("number", flat=True).first() or 0
    cameras: dict[int, int] = {}
    for group in made.groups:
        if group.camera is None:
            last += 1
            cameras[group.number] = Camera.objects.create(number=last, **_seen(group)).pk
        else:
            cameras[group.number] = group.camera
            Camera.objects.filter(pk=group.camera, confirmed=False).update(**_seen(group))
            Camera.objects.filter(pk=group.camera, site=None).update(site=group.site)
    return cameras


def _seen(group: Group) -> dict[str, Any]:
    """What the pictures themselves say of a camera. Nothing here comes out of a leaked name."""
    return {"label": group.label, "label_keys": list(group.label_keys), "site": group.site}


def _keep_recordings(made: Placing, cameras: Mapping[int, int]) -> int:
    """Where they differ from what stands there; what a person has confirmed is left alone."""
    wanted = {one.item: one for one in made.placed}
    there = {one.item_id: one for one in Recording.objects.all()}
    items = set(Media.objects.filter(kind="video").values_list("pk", flat=True))
    fresh = [
        Recording(item_id=item, **_said(one, cameras))
        for item, one in wanted.items()
        if item not in there and item in items
    ]
    differing = []
    for item, row in there.items():
        said = _said(wanted.get(item), cameras)
        if not row.confirmed and any(getattr(row, name) != value for name, value in said.items()):
            for name, value in said.items():
                setattr(row, name, value)
            differing.append(row)
    create(Recording, fresh)
    update(Recording, differing, ["camera", "confidence", "basis"])
    return len(fresh) + len(differing)


def _said(one: Placed | None, cameras: Mapping[int, int]) -> dict[str, Any]:
    if one is None:
        return {"camera_id": None, "confidence": 0.0, "basis": {}}
    basis = {name.value: value for name, value in one.basis.items() if name is not Basis.PERSON}
    return {"camera_id": cameras[one.group], "confidence": one.confidence, "basis": basis}


def drop_empty() -> None:
    """Proposed cameras that nothing is put to any more, and of whose clock nobody has said anything."""
    held = Recording.objects.exclude(camera=None).values("camera")
    gone = Camera.objects.filter(confirmed=False, dates="").exclude(pk__in=held)
    gone.exclude(pk__in=ClockOffset.objects.filter(source=Source.PERSON).values("camera")).delete()
