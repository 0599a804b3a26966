"""Bringing back from a replica what is broken here, and nothing else."""

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Final, NamedTuple

from django.db import transaction

from daylight.catalogue.queries.objects import items_among, named
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.errors import ReplicaDamaged, ReplicaForeign, UsageError
from daylight.services import heads
from daylight.services.flight import in_flight, until
from daylight.services.purged import PURGED, among
from daylight.services.record import record
from daylight.services.workspace import Workspace
from daylight.storage.base import Staged, Store
from daylight.storage.layout import Layout, in_use, lock
from daylight.storage.quarantine import fault_of, object_path, set_aside
from daylight.storage.remote import Remote
from daylight.storage.replica import Replica
from daylight.storage.state_archive import Chunks

IN_ONE_ENTRY: Final = 200  # objects: what a transaction may hold


class Mended(NamedTuple):
    """One object. ``fault``: what was wrong, empty if nothing; ``left``: why it still is, or empty."""

    digest: Digest
    size: int
    fault: str
    left: str = ""


@dataclass(frozen=True, slots=True)
class RepairReport:
    """``repaired``: restored and hashed again from the medium; ``left``: still broken."""

    objects: int
    repaired: tuple[Mended, ...]
    left: tuple[Mended, ...]


def repair(
    ws: Workspace,
    principal: Principal,
    remote: Remote,
    progress: Progress,
    only: Sequence[Digest] = (),
) -> RepairReport:
    """Hash every object (or ``only`` some) from the medium; bring back what is broken or missing.

    What lay under the name is kept under ``quarantine/``. Every entry is written after the objects
    that it names are durable.
    """
    principal.require(Right.PRESERVE)
    with lock(ws.layout, "repair"), in_use(ws.layout):
        if among(ws, only):
            raise UsageError(PURGED)
        replica = Replica(remote, ws.keyring.storage_key)
        manifest = replica.newest()
        if manifest.vault != ws.layout.vault_id:
            raise ReplicaForeign("the replica is of another vault")
        found = mend(ws.store, ws.layout, replica, only or _everything(ws.store), progress)
        objects, faulty = _recorded(ws, principal, manifest.replica, found)
    if faulty:
        heads.keep(ws)
    return RepairReport(
        objects,
        tuple(sorted(one for one in faulty if not one.left)),
        tuple(sorted(one for one in faulty if one.left)),
    )


def _recorded(
    ws: Workspace, principal: Principal, replica: str, found: Iterable[Mended]
) -> tuple[int, list[Mended]]:
    """Count what comes, and enter what was repaired, also when the next one ends the run."""
    count = 0
    faulty: list[Mended] = []
    waiting: list[Mended] = []
    try:
        for one in found:
            count += 1
            if one.fault:
                faulty.append(one)
            if one.fault and not one.left:
                waiting.append(one)
            if len(waiting) == IN_ONE_ENTRY:
                batch, waiting = waiting, []
                _record(ws, principal, replica, batch)
    finally:
        if waiting:
            _record(ws, principal, replica, waiting)
    return count, faulty


def mend(
    store: Store,
    layout: Layout,
    replica: Replica,
    digests: Iterable[Digest],
    progress: Progress,
) -> Iterator[Mended]:
    """Look at objects one by one, several at once, and bring back the broken ones."""
    for one in in_flight(functools.partial(_mend, store, layout, replica), digests):
        progress.advance(amount=one.size, steps=1)
        yield one


def missing(store: Store) -> set[Digest]:
    """What the catalogue names and the store lacks: small, but for a vault that is being restored."""
    found: set[Digest] = set()
    for digest in named():
        try:
            store.size(digest)
        except KeyError:
            found.add(digest)
    return found


def _everything(store: Store) -> Iterator[Digest]:
    """What should be there and is not, then what is; each once, whatever is mended meanwhile."""
    gone = missing(store)
    yield from gone
    yield from (one for one in store.digests() if one not in gone)


def _mend(store: Store, layout: Layout, replica: Replica, digest: Digest, halt: Event) -> Mended:
    fault = fault_of(layout, digest)
    if not fault:
        return Mended(digest, object_path(layout, digest).stat().st_size, "")
    staged = _fetch(store, until(halt, replica.object(digest)))
    if isinstance(staged, str):
        return Mended(digest, 0, fault, staged)
    if fault != "object-missing":
        set_aside(layout, digest)
    store.settle([staged], verify=True)
    return Mended(digest, staged.size, fault, fault_of(layout, digest))


def _fetch(store: Store, chunks: Iterator[bytes]) -> Staged | str:
    """The object's bytes in the spool, true to its name; or why they are not to be had."""
    try:
        return store.stage(Chunks(chunks), -1)
    except KeyError:
        return "the replica does not have it"
    except ReplicaDamaged:
        return "the replica's copy is damaged"


def _record(ws: Workspace, principal: Principal, replica: str, batch: Sequence[Mended]) -> None:
    with transaction.atomic():
        items = items_among([one.digest for one in batch])
        record(
            ws,
            principal.agent,
            "repaired",
            objects=items,
            details={
                "replica": replica,
                "others": len(batch) - len(items),
                "bytes": str(sum(one.size for one in batch)),
            },
        )
