"""A second copy of the vault on another disk or a server, sealed on this side."""

import functools
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from threading import Event
from typing import Final, NamedTuple

from django.db import transaction

from daylight.crypto.sealed import sealed_size
from daylight.domain.clock import coarse
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.errors import ReplicaDamaged, StoreCorrupt
from daylight.services import heads, purged
from daylight.services.flight import in_flight, until
from daylight.services.record import record
from daylight.services.snapshot import snapshot
from daylight.services.workspace import Workspace
from daylight.storage.base import Store
from daylight.storage.layout import in_use, lock
from daylight.storage.names import NameTable
from daylight.storage.remote import Remote
from daylight.storage.replica import Manifest, Replica
from daylight.storage.state_archive import pack

PIECE: Final = 1 << 20  # bytes
CHECK_ALL: Final = -1
LOOKED_FOR: Final = 20  # objects, where a replica has lost its manifests


class Sent(NamedTuple):
    """What became of one object. ``wrong``: empty, or what was found: ``here`` or ``there``."""

    digest: Digest
    size: int
    sent: bool
    checked: bool
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class ReplicateReport:
    """``number`` counts the finished runs to ``replica``, a random id.

    ``broken``: objects whose bytes in the vault are wrong, which were not sent. ``mended``: objects
    that were damaged in the replica and were sent again. ``bytes``: of what was sent.
    """

    replica: str
    number: int
    objects: int
    sent: int
    bytes: int
    checked: int
    forgotten: int
    broken: tuple[Digest, ...]
    mended: tuple[Digest, ...]


def replicate(
    ws: Workspace,
    principal: Principal,
    remote: Remote,
    progress: Progress,
    *,
    check: int = 0,
) -> ReplicateReport:
    """Take away what was purged, send what the replica lacks, then catalogue, heads and keys.

    ``check``: how many of the objects that are there are read back, drawn by lot; ``CHECK_ALL``.
    Cut short, it goes on with what is missing, and the state before stays usable.
    """
    principal.require(Right.PRESERVE)
    with lock(ws.layout, "replicate"), in_use(ws.layout):  # nothing is purged meanwhile
        replica = Replica(remote, ws.keyring.storage_key)
        before = replica.begin(ws.layout.vault_id, islice(ws.store.digests(), LOOKED_FOR))
        at, barred = coarse(ws.clock()), purged.to_let_go(ws)
        with snapshot(ws.layout) as members, NameTable(replica.listing()) as held:
            forgotten = _forget(replica, held, before, barred)
            outcomes = _send(ws.store, replica, held, _Wanted(check, barred), progress)
            next_one = replace(before, number=before.number + 1, objects=outcomes.objects, at=at)
            made = _finish(replica, next_one, pack(members))
        if _is_told_by(before):
            replica.forget_other_state(made)
        report = outcomes.report(made, forgotten)
        _record(ws, principal, report)
    heads.keep(ws)
    return report


def _forget(replica: Replica, held: NameTable, current: Manifest, barred: Iterable[str]) -> int:
    """Take out what was purged, and the state before the last one, which names it; how many."""
    gone = [name for name in barred if held.size_of(name) is not None]
    for name in gone:
        replica.forget(name)
    if gone:
        replica.forget_other_state(current)
        replica.flush()
    return len(gone)


def _is_told_by(state: Manifest) -> bool:
    """Whether a state may name what was purged since: it was taken before, or in that minute."""
    newest = purged.newest()
    return newest is not None and state.at <= coarse(newest)


def _size(store: Store, digest: Digest) -> int | None:
    try:
        return store.size(digest)
    except KeyError:
        return None


class _Outcomes:
    """Counts as they come in; a list only of what is wrong."""

    def __init__(self) -> None:
        self.objects = self.sent = self.bytes = self.checked = 0
        self._broken: list[Digest] = []
        self._mended: list[Digest] = []

    def add(self, one: Sent) -> None:
        self.objects += 1
        self.checked += one.checked
        if one.sent:
            self.sent += 1
            self.bytes += one.size
        if one.wrong == "here":
            self._broken.append(one.digest)
        elif one.wrong == "there":
            self._mended.append(one.digest)

    def report(self, made: Manifest, forgotten: int) -> ReplicateReport:
        return ReplicateReport(
            replica=made.replica,
            number=made.number,
            objects=self.objects,
            sent=self.sent,
            bytes=self.bytes,
            checked=self.checked,
            forgotten=forgotten,
            broken=tuple(self._broken),
            mended=tuple(self._mended),
        )


class _Wanted(NamedTuple):
    """How many objects are read back; names that are not sent (a purge that was cut short)."""

    check: int
    barred: frozenset[str]


def _send(
    store: Store, replica: Replica, held: NameTable, wanted: _Wanted, progress: Progress
) -> _Outcomes:
    outcomes = _Outcomes()
    tasks = _tasks(store, replica, held, wanted)
    for one in in_flight(functools.partial(_one, store, replica), tasks):
        outcomes.add(one)
        progress.advance(amount=one.size if one.sent or one.checked else 0, steps=1)
    return outcomes


class _Task(NamedTuple):
    digest: Digest
    size: int
    held: bool
    check: bool


def _tasks(store: Store, replica: Replica, held: NameTable, wanted: _Wanted) -> Iterator[_Task]:
    chance = _chance(store, wanted.check)
    for digest in store.digests():
        size, name = _size(store, digest), replica.name(digest)
        if size is None or name in wanted.barred:
            continue  # purged since it was listed, or a purge is at it
        there = held.size_of(name) == sealed_size(size)
        yield _Task(digest, size, there, there and secrets.randbelow(1 << 30) < chance)


def _chance(store: Store, check: int) -> int:
    """Of 2^30: how probable it must be that an object is read back, so that ``check`` of them are."""
    if check <= 0:
        return (1 << 30) * (check == CHECK_ALL)
    count = sum(1 for _ in store.digests())
    return -(-(1 << 30) * check // max(count, 1))


def _one(store: Store, replica: Replica, task: _Task, halt: Event) -> Sent:
    wrong = ""
    if task.check and not _is_whole(until(halt, replica.object(task.digest))):
        wrong = "there"
    if task.held and not wrong:
        return Sent(task.digest, task.size, sent=False, checked=task.check)
    try:
        replica.put_object(task.digest, until(halt, _read(store, task.digest)))
    except StoreCorrupt:
        return Sent(task.digest, task.size, sent=False, checked=task.check, wrong="here")
    return Sent(task.digest, task.size, sent=True, checked=task.check, wrong=wrong)


def _is_whole(chunks: Iterator[bytes]) -> bool:
    try:
        for _ in chunks:
            pass
    except (ReplicaDamaged, KeyError):
        return False
    return True


def _read(store: Store, digest: Digest) -> Iterator[bytes]:
    """An object's bytes; ``StoreCorrupt`` at their end unless they are what the name says."""
    hasher = hashlib.sha256()
    try:
        with os.fdopen(store.open_fd(digest), "rb", buffering=0) as file:
            while chunk := file.read(PIECE):
                hasher.update(chunk)
                yield chunk
    except (OSError, KeyError) as error:
        raise StoreCorrupt("an object cannot be read from the vault's disk") from error
    if hasher.digest() != digest:
        raise StoreCorrupt("an object has other bytes than its name says")


def _finish(replica: Replica, next_one: Manifest, state: Iterator[bytes]) -> Manifest:
    """Write the state of the other slot, then its manifest, which makes it the newest."""
    sha256, size = replica.put_state(next_one.slot, state)
    made = replace(next_one, state_sha256=sha256, state_bytes=size)
    replica.finish(made)
    return made


def _record(ws: Workspace, principal: Principal, report: ReplicateReport) -> None:
    with transaction.atomic():
        record(
            ws,
            principal.agent,
            "replicated",
            details={
                "replica": report.replica,
                "number": report.number,
                "objects": report.objects - len(report.broken),
                "sent": report.sent,
                "bytes": str(report.bytes),
            },
        )


def hexes(digests: Sequence[Digest]) -> list[str]:
    return [one.hex() for one in digests]
