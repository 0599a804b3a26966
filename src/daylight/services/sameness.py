"""Which recordings show the same: run at the end of examining, over all fingerprints that there are.

What was compared is kept, so that nothing is decoded twice: what came in since is new work, the rest is
arithmetic. Relations that no longer hold go, new ones come, and a marker says for which inputs it is done.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from django.db import transaction

from daylight.analyses import kinds
from daylight.analyses.sameness import VERSION, sought
from daylight.analyses.stretches import Recording
from daylight.catalogue.models import Analysed, Comparison, Relation
from daylight.catalogue.queries.burnt_clocks import burnt_clocks
from daylight.catalogue.queries.relations import Fingerprinted, fingerprinted
from daylight.catalogue.queries.vault import agents
from daylight.detectors.registry import listed
from daylight.domain.burnt_clock import BurntClock
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.ledger.leaf import Value
from daylight.media.executor import SLOTS
from daylight.media.prints import unpack
from daylight.services import heads, standing
from daylight.services.record import record
from daylight.services.settling import BATCH, Settler, Shelf
from daylight.services.side_by_side import Material
from daylight.services.workspace import Workspace
from daylight.storage.base import Store
from daylight.storage.layout import in_use, lock

ANALYSIS: Final = "sameness"
_COLUMNS: Final = (
    "kind",
    "item_a_id",
    "item_b_id",
    "a_start_us",
    "b_start_us",
    "length_us",
    "score",
)
_Row = tuple[Any, ...]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class SamenessReport:
    """``recordings`` with a fingerprint; ``compared``: pairs that were looked at in this run."""

    recordings: int
    relations: int
    compared: int


def compare_all(ws: Workspace, principal: Principal, progress: Progress) -> SamenessReport:
    """Bring the relations up to date. Interrupted, it goes on with what was not compared yet.

    Raises ``VaultBusy`` when another process examines, ``SandboxMissing``.
    """
    principal.require(Right.EXAMINE)
    with in_use(ws.layout), lock(ws.layout, "examine"):
        found = fingerprinted(listed()["fingerprint"].version)
        inputs = _inputs(found, burnt_clocks())
        if Analysed.objects.filter(analysis=ANALYSIS, version=VERSION, inputs=inputs).exists():
            return SamenessReport(len(found), Relation.objects.count(), 0)
        if not found and not Relation.objects.exists():
            return SamenessReport(0, 0, 0)
        progress.say(f"{len(found)} recordings")
        shelf = shelved(ws.store, found)
        settler = Settler(ws, shelf, SLOTS, progress)
        stretches = settler.settle(sought(shelf.recordings))
        made = kinds.relations(shelf.recordings, stretches)
        _forget_unused(settler.used)
        _keep(ws, found, made, inputs)
        heads.keep(ws)
        return SamenessReport(len(found), len(made), settler.compared)


def shelved(store: Store, found: Sequence[Fingerprinted]) -> Shelf:
    clocks = burnt_clocks()
    recordings = [
        Recording(bytes(one.digest), unpack(read(store, one.blob)), clocks.get(one.key))
        for one in found
    ]
    material = [
        Material(
            partial(store.open_fd, one.read),
            one.facts,
            read(store, one.index),
            one.blob.hex(),
        )
        for one in found
    ]
    return Shelf(recordings, material, [one.key for one in found])


def read(store: Store, digest: Digest) -> bytes:
    """A small object, whole."""
    with os.fdopen(store.open_fd(digest), "rb") as file:
        return file.read()


def _inputs(found: Sequence[Fingerprinted], clocks: Mapping[int, BurntClock]) -> str:
    whole = hashlib.sha256()
    for one in found:
        whole.update(bytes(one.digest) + bytes(one.blob))
        clock = clocks.get(one.key)
        whole.update(repr((clock.ticking.value, clock.pieces) if clock else None).encode())
    return whole.hexdigest()


def _keep(
    ws: Workspace, found: Sequence[Fingerprinted], made: Sequence[kinds.Relation], inputs: str
) -> None:
    """In batches: whoever reads meanwhile sees some of the new beside some of the old."""
    wanted = {_row(found, one): one for one in made}
    there: dict[_Row, int] = {}
    gone: list[int] = []
    for pk, version, *values in Relation.objects.values_list("pk", "version", *_COLUMNS):
        row = tuple(values)
        if version == VERSION and row in wanted and row not in there:
            there[row] = pk
        else:
            gone.append(pk)
    for part in _parts(gone):
        Relation.objects.filter(pk__in=part).delete()
    for rows in _parts([row for row in wanted if row not in there]):
        with transaction.atomic():
            Relation.objects.bulk_create(_new(row, wanted[row]) for row in rows)
    with transaction.atomic():
        standing.refresh_copies()
        details: dict[str, Value] = {
            "analysis": f"{ANALYSIS}/{VERSION}",
            "recordings": len(found),
            "relations": len(made),
        }
        record(ws, agents().software, "compared", details=details)
        said = {"version": VERSION, "inputs": inputs}
        Analysed.objects.update_or_create(analysis=ANALYSIS, defaults=said)


def _row(found: Sequence[Fingerprinted], one: kinds.Relation) -> _Row:
    return (
        one.kind.value,
        found[one.a].key,
        found[one.b].key,
        one.a_start_us,
        one.b_start_us,
        one.length_us,
        one.score,
    )


def _new(row: _Row, one: kinds.Relation) -> Relation:
    facts = {"coded": one.coded, "mirrored": one.mirrored, "pace": one.pace}
    values: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
    return Relation(analysis=ANALYSIS, version=VERSION, facts=facts, **values)


def _forget_unused(used: set[str]) -> None:
    rows = Comparison.objects.values_list("pk", "asked")
    for part in _parts([pk for pk, asked in rows if asked not in used]):
        Comparison.objects.filter(pk__in=part).delete()


def _parts(many: Sequence[_T]) -> Iterable[Sequence[_T]]:
    return (many[first : first + BATCH] for first in range(0, len(many), BATCH))
