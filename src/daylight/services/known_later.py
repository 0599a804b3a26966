"""Films that are known outside, held against what came in since; and forgotten, with a reason.

Of a film its fingerprint is kept, not the film. That shows copies which were not encoded again. Others have to be
looked at, which takes the film: it is used where it still lies unchanged where it was compared from.
"""

import hashlib
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.db import transaction

from daylight.analyses.sameness import VERSION
from daylight.catalogue.models import Analysed, Contested, Known
from daylight.catalogue.queries.relations import Fingerprinted, fingerprinted
from daylight.detectors.registry import listed
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.errors import UsageError
from daylight.services import heads
from daylight.services.approvals import check_reason
from daylight.services.known import Film, Found, contests, mark
from daylight.services.record import record
from daylight.services.workspace import Workspace
from daylight.storage.layout import in_use, lock

ANALYSIS: Final = "known"


@dataclass(frozen=True, slots=True)
class LaterReport:
    """``away`` of the ``films``: not where they were; ``contested``: items that were marked now."""

    films: int
    away: int
    contested: int


def compare_known(ws: Workspace, principal: Principal, progress: Progress) -> LaterReport:
    """Hold every known film against every item, once for the same films and items.

    Marks that are there stay as they are. Raises ``VaultBusy`` when another process examines, ``SandboxMissing``.
    """
    principal.require(Right.EXAMINE)
    with in_use(ws.layout), lock(ws.layout, "examine"):
        known = list(Known.objects.order_by("digest"))
        items = fingerprinted(listed()["fingerprint"].version)
        if not known or not items or _done(_inputs(known, items, _lying(known))):
            return LaterReport(len(known), 0, 0)
        films = [_film(one) for one in known]
        inputs = _inputs(known, items, [film.path is not None for film in films])
        marked = _mark(ws, known, contests(ws, films, progress), inputs)
        heads.keep(ws)
        return LaterReport(len(known), sum(film.path is None for film in films), marked)


def _lying(known: Iterable[Known]) -> list[bool]:
    """Whether something lies where each film was: to tell cheaply that nothing has changed."""
    return [bool(one.path) and Path(os.fsdecode(bytes(one.path))).is_file() for one in known]


def _inputs(known: Sequence[Known], items: Sequence[Fingerprinted], lying: Sequence[bool]) -> str:
    whole = hashlib.sha256()
    for film, there in zip(known, lying, strict=True):
        whole.update(bytes(film.digest) + bytes([there]))
    for item in items:
        whole.update(bytes(item.digest) + bytes(item.blob))
    return whole.hexdigest()


def _done(inputs: str) -> bool:
    return Analysed.objects.filter(analysis=ANALYSIS, version=VERSION, inputs=inputs).exists()


def _film(one: Known) -> Film:
    return Film(
        _unchanged(one),
        one.name,
        Digest(bytes(one.digest)),
        one.facts or {},
        bytes(one.key_frames),
        bytes(one.prints),
    )


def _unchanged(one: Known) -> Path | None:
    """Where it lies, if these are still its bytes; anything else may lie there by now."""
    if not one.path or one.facts is None:
        return None
    path = Path(os.fsdecode(bytes(one.path)))
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if hashlib.file_digest(file, "sha256").digest() == bytes(one.digest):
                return path
    return None


def _mark(ws: Workspace, known: Sequence[Known], found: Found, inputs: str) -> int:
    """How many items got a mark that they did not have."""
    by_digest = {Digest(bytes(one.digest)): one for one in known}
    with transaction.atomic():
        there = set(Contested.objects.values_list("item", "known"))
        new = {
            (item, film): many
            for (item, film), many in found.items()
            if (item, by_digest[film].pk) not in there
        }
        if new:
            mark(ws, by_digest, new)
        said = {"version": VERSION, "inputs": inputs}
        Analysed.objects.update_or_create(analysis=ANALYSIS, defaults=said)
    return len({item for item, _ in new})


def forget(ws: Workspace, principal: Principal, public_id: str, reason: str) -> int:
    """The film is known no more, and its marks go; how many. ``UsageError`` where there is none.

    The entry names it, so that nobody can say it was never compared.
    """
    principal.require(Right.EXAMINE)
    check_reason(reason)
    with in_use(ws.layout), lock(ws.layout, "examine"):
        with transaction.atomic():
            film = Known.objects.filter(public_id=public_id).first()
            if film is None:
                raise UsageError(f"no film that is known outside is named {public_id!r}")
            marks = Contested.objects.filter(known=film)
            digests = marks.values_list("item__sha256", flat=True).distinct()
            details = {"sha256": bytes(film.digest).hex(), "reason": reason}
            record(
                ws,
                principal.agent,
                "known-forgotten",
                objects=sorted({Digest(bytes(one)) for one in digests}),
                details=details,
            )
            gone, _ = marks.delete()
            film.delete()
        heads.keep(ws)
    return gone
