"""Faces by a model: never looked for unasked, since it costs more than all else that is found.

``examine --only faces`` looks at everything with pictures; ``tracks_of`` at one item, and keeps what
it finds, so that nothing is looked at twice.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from daylight.catalogue.queries.tracks import kept_tracks, with_pictures
from daylight.catalogue.queries.work import Todo, facts_of
from daylight.detectors.centerface import GRAPH, SIGNATURE, graph
from daylight.detectors.results import CheckedBlob, CheckedFinding
from daylight.domain.digest import Digest
from daylight.domain.models import FACES
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.domain.track_blob import pack, unpack
from daylight.domain.tracks import Basis, Track
from daylight.errors import InferenceFailed, MediaRefused, ModelMissing
from daylight.services import findings, heads
from daylight.services.face_finder import FaceFinder, Found
from daylight.services.models import library_there
from daylight.services.workspace import Workspace
from daylight.storage import models
from daylight.storage.layout import in_use, lock
from daylight.storage.models import Installed

NAME: Final = "faces"
VERSION: Final = 6  # with another model, or other tracks made of it, another version
BLOB: Final = "tracks"


@dataclass(frozen=True, slots=True)
class FacesReport:
    """``failed`` of the ``items``: findings that could not be made."""

    items: int
    failed: int


def there() -> bool:
    """Whether model and library are installed."""
    return models.state(FACES) is not Installed.NO and library_there()


def look(ws: Workspace, principal: Principal, progress: Progress) -> FacesReport:
    """Every item with pictures that was not looked at yet.

    Raises ``ModelMissing``, ``ModelRefused``, ``SandboxMissing``, ``VaultBusy`` while another examines.
    """
    principal.require(Right.EXAMINE)
    with ExitStack() as held:
        held.enter_context(in_use(ws.layout))
        held.enter_context(lock(ws.layout, "examine"))
        work = with_pictures(NAME, VERSION)
        progress.total(amount=sum(one.size for one in work), steps=len(work))
        if not work:
            return FacesReport(0, 0)
        finder, failed = held.enter_context(_finder(ws)), 0
        for one in work:
            found = _found(ws, finder, one)
            _keep(ws, one, found)
            failed += bool(found.failed)
            progress.advance(amount=one.size, steps=1)
        heads.keep(ws)
        return FacesReport(len(work), failed)


def tracks_of(ws: Workspace, digest: Digest, progress: Progress) -> tuple[Track, ...]:
    """Faces of one item: as they were kept, or looked for now, and kept.

    Raises ``MediaRefused`` where its pictures cannot be looked at (it has none, or the reader or the
    model failed: the reason says which), ``ModelMissing``, ``ModelRefused``, ``SandboxMissing``.
    """
    kept = kept_of(ws, digest)
    if kept is not None:
        return kept
    todo = with_pictures(NAME, VERSION, digest)
    if not todo:
        raise MediaRefused("there are no pictures in it that faces could be looked for in")
    (one,) = todo
    progress.total(amount=one.size, steps=1)
    with in_use(ws.layout), _finder(ws) as finder:
        found = _found(ws, finder, one)
        _keep(ws, one, found)
        heads.keep(ws)
    progress.advance(amount=one.size, steps=1)
    if found.failed:
        raise MediaRefused(found.failed)
    return unpack(found.blobs[0].data)


def kept_of(ws: Workspace, digest: Digest) -> tuple[Track, ...] | None:
    """Faces that were found before; None where nobody has looked. ``MediaRefused`` where looking failed."""
    kept = kept_tracks(digest, NAME, VERSION, BLOB)
    if kept is None:
        return None
    if kept.failed or kept.blob is None:
        raise MediaRefused(kept.failed or "its tracks are not kept any more")
    return unpack(_bytes(ws, kept.blob))


@contextmanager
def _finder(ws: Workspace) -> Iterator[FaceFinder]:
    """The model is read first: where it is missing nothing is started."""
    if not library_there():
        raise ModelMissing("what runs models is not installed")
    model = graph(models.read(FACES))
    with ws.start_executor(1) as executor, ws.start_inference(model, GRAPH, SIGNATURE) as network:
        yield FaceFinder(executor, network)


def _bytes(ws: Workspace, digest: Digest) -> bytes:
    file = ws.store.open_fd(digest)
    try:
        return os.pread(file, ws.store.size(digest), 0)
    finally:
        os.close(file)


def _found(ws: Workspace, finder: FaceFinder, one: Todo) -> CheckedFinding:
    """A child or a model's worker that dies costs this finding, which says why."""
    facts = facts_of([one.key])[one.key]
    file = ws.store.open_fd(one.digest)
    try:
        found = finder.find(file, facts, one.size)
    except (MediaRefused, InferenceFailed) as error:
        return CheckedFinding(NAME, VERSION, {}, failed=str(error)[:300])
    finally:
        os.close(file)
    blob = CheckedBlob(BLOB, "application/octet-stream", pack(found.tracks), {})
    return CheckedFinding(NAME, VERSION, _facts(found), (blob,))


def _keep(ws: Workspace, one: Todo, found: CheckedFinding) -> None:
    findings.keep_further(ws, [(one, found)], {"model": FACES.digest.hex()})


def _facts(found: Found) -> Mapping[str, Any]:
    """Counts; where the faces are, the blob says."""
    bases = [basis for track in found.tracks for basis in track.bases]
    return {
        "model": {"name": FACES.title, "version": FACES.version, "sha256": FACES.digest.hex()},
        "tracks": len(found.tracks),
        "gaps_closed": sum(track.gaps_closed for track in found.tracks),
        "keys": len(bases),
        "seen": bases.count(Basis.SEEN),
        "frames": found.frames,
        "looks": found.looks,
        "cuts": found.cuts,
        "looked_at": list(found.size),
    }
