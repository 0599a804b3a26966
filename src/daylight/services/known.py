"""Holding the archive against footage that is known outside: examined in the sandbox, and not taken in.

The cheapest way to discredit an archive is one old clip slipped in. An item that shares a stretch with a
known film is marked contested, with the match; whether that means anything, people decide.
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from daylight.analyses import kinds
from daylight.analyses.kinds import Kind, Relation
from daylight.analyses.sameness import sought
from daylight.analyses.stretches import Recording
from daylight.catalogue.models import Contested, Item, Known
from daylight.catalogue.queries.relations import fingerprinted, item_keys
from daylight.catalogue.queries.vault import agents
from daylight.detectors.registry import listed
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.errors import UsageError
from daylight.ledger.leaf import Value
from daylight.media.executor import SLOTS, Executor
from daylight.media.facts_json import to_json
from daylight.media.prints import unpack
from daylight.services import heads
from daylight.services.approvals import check_reason
from daylight.services.fingerprinting import fingerprint
from daylight.services.record import record
from daylight.services.sameness import shelved
from daylight.services.settling import Settler, Shelf
from daylight.services.side_by_side import Material
from daylight.services.workspace import Workspace
from daylight.storage.layout import in_use, lock

MOST_NAME: Final = 300  # characters


@dataclass(frozen=True, slots=True)
class AgainstReport:
    """``files`` met in the folder; ``compared``: those with pictures to compare; ``contested``: items."""

    files: int
    compared: int
    contested: int


@dataclass(frozen=True, slots=True)
class Film:
    """A film that is known outside, examined. ``prints``: its fingerprint as a blob.

    ``path``: where it lies; None where it cannot be looked at any more.
    """

    path: Path | None
    name: str
    digest: Digest
    facts: Mapping[str, Any]
    index: bytes
    prints: bytes


Found = Mapping[tuple[int, Digest], Sequence[Relation]]  # item's key and film -> what they share


def against(
    ws: Workspace, principal: Principal, folder: Path, progress: Progress, note: str = ""
) -> AgainstReport:
    """Mark what of the archive is in the films of ``folder``, links left out; remember the films.

    Raises ``UsageError`` where it is no folder, ``VaultBusy`` when another process examines,
    ``SandboxMissing``.
    """
    principal.require(Right.EXAMINE)
    if note:
        check_reason(note)
    if not folder.is_dir():
        raise UsageError(f"{str(folder)!r} is not a folder")
    files = list(_files(folder.absolute()))
    with ExitStack() as held:
        held.enter_context(in_use(ws.layout))
        held.enter_context(lock(ws.layout, "examine"))
        with ws.start_executor(SLOTS) as executor:
            films = _films(executor, folder.absolute(), files, progress)
        found = contests(ws, films, progress, len(files))
        _keep(ws, principal, films, found, note)
        heads.keep(ws)
    return AgainstReport(len(files), len(films), len({item for item, _ in found}))


def _files(folder: Path) -> Iterator[Path]:
    for path, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            one = Path(path, name)
            if stat.S_ISREG(one.lstat().st_mode):
                yield one


def _open(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)


def _films(
    executor: Executor, folder: Path, files: Sequence[Path], progress: Progress
) -> list[Film]:
    """Each film once, in the order of their names."""
    films: dict[Digest, Film] = {}
    progress.total(amount=-1, steps=len(files))
    for path in files:
        descriptor = _open(path)
        with os.fdopen(descriptor, "rb") as file:
            digest = Digest(hashlib.file_digest(file, "sha256").digest())
            made = fingerprint(executor, file.fileno())
        progress.advance(steps=1)
        if made is not None:
            name = os.fsencode(path.relative_to(folder)).decode(errors="replace")[:MOST_NAME]
            facts: Any = to_json(made.facts)
            films.setdefault(digest, Film(path, name, digest, facts, made.index, made.prints))
    return [films[digest] for digest in sorted(films)]


def contests(ws: Workspace, films: Sequence[Film], progress: Progress, counted: int = 0) -> Found:
    """What items share with films; ``counted``: steps that were done already. The caller holds the
    lock of examining.
    """
    return _Matching(ws, films, progress, counted).contests() | _the_same_bytes(films)


def _the_same_bytes(films: Sequence[Film]) -> dict[tuple[int, Digest], list[Relation]]:
    keys = item_keys([film.digest for film in films])
    found: dict[tuple[int, Digest], list[Relation]] = {}
    for film in films:
        if film.digest in keys:
            length = unpack(film.prints).duration_us
            one = Relation(
                Kind.IDENTICAL, 0, 0, 0, 0, length, 1.0, coded=True, mirrored=False, pace=1.0
            )
            found[keys[film.digest], film.digest] = [one]
    return found


class _Matching:
    """Items first, films after them. What items share with one another is settled as well (mostly it was
    compared before): a film that is a copy of one item is then found in all copies of it.
    """

    def __init__(
        self, ws: Workspace, films: Sequence[Film], progress: Progress, counted: int
    ) -> None:
        self._items = shelved(ws.store, fingerprinted(listed()["fingerprint"].version))
        self._films, self._ws, self._progress = films, ws, progress
        self._counted = counted
        self._count = len(self._items.recordings)

    def contests(self) -> dict[tuple[int, Digest], list[Relation]]:
        shelf = self._shelf()
        settler = Settler(self._ws, shelf, SLOTS, self._progress, counted=self._counted)
        stretches = settler.settle(sought(shelf.recordings))
        found: dict[tuple[int, Digest], list[Relation]] = {}
        for one in kinds.relations(shelf.recordings, stretches):
            low, high = sorted((one.a, one.b))
            key = shelf.rows[low]
            if low < self._count <= high and key is not None:
                found.setdefault((key, self._films[high - self._count].digest), []).append(
                    one if one.a == low else _turned(one)
                )
        return found

    def _shelf(self) -> Shelf:
        recordings = [Recording(bytes(f.digest), unpack(f.prints)) for f in self._films]
        material = [
            Material(
                None if film.path is None else partial(_open, film.path),
                film.facts,
                film.index,
                film.digest.hex(),
            )
            for film in self._films
        ]
        return Shelf(
            [*self._items.recordings, *recordings],
            [*self._items.material, *material],
            [*self._items.rows, *(None for _ in self._films)],
        )


def _turned(one: Relation) -> Relation:
    return Relation(
        one.kind,
        one.b,
        one.a,
        one.b_start_us,
        one.a_start_us,
        round(one.length_us * one.pace),
        one.score,
        one.coded,
        one.mirrored,
        1 / one.pace,
    )


def _keep(
    ws: Workspace, principal: Principal, films: Sequence[Film], found: Found, note: str
) -> None:
    """The films that were compared are known from now on; marks on the same films are made anew."""
    with transaction.atomic():
        known = {film.digest: _known(ws, principal, film, note) for film in films}
        Contested.objects.filter(known__in=known.values()).delete()
        if films:
            details: dict[str, Value] = {"films": len(films), "note": note}
            record(ws, principal.agent, "known-added", details=details)
            mark(ws, known, found)


def mark(ws: Workspace, known: Mapping[Digest, Known], found: Found) -> None:
    """An entry, and a mark for each stretch; within the caller's transaction."""
    keys = sorted({item for item, _ in found})
    digests = _digests(keys)
    entry = record(
        ws,
        agents().software,
        "contested",
        objects=[digests[key] for key in keys],
        details={"known": len(known), "marks": sum(map(len, found.values()))},
    ).index
    Contested.objects.bulk_create(
        Contested(
            item_id=item,
            known=known[digest],
            kind=one.kind.value,
            item_start_us=one.a_start_us,
            known_start_us=one.b_start_us,
            length_us=one.length_us,
            score=one.score,
            entry=entry,
        )
        for (item, digest), many in sorted(found.items())
        for one in many
    )


def _known(ws: Workspace, principal: Principal, film: Film, note: str) -> Known:
    """Who added it first is kept; where it lies now is written anew."""
    now: dict[str, Any] = {
        "prints": film.prints,
        "path": os.fsencode(film.path or ""),
        "facts": dict(film.facts),
        "key_frames": film.index,
    }
    first = {"name": film.name, "added": ws.clock(), "agent": principal.agent, "note": note}
    known, _ = Known.objects.update_or_create(
        digest=bytes(film.digest), defaults=now, create_defaults=now | first
    )
    return known


def _digests(keys: Sequence[int]) -> dict[int, Digest]:
    rows = Item.objects.filter(pk__in=keys).values_list("pk", "sha256")
    return {key: Digest(bytes(digest)) for key, digest in rows}
