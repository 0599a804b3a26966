"""Copies that left the vault while it held an item: what a purge cannot reach, as the ledger tells."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from daylight.catalogue.ledger_rows import EntryView, entries_at, entries_of
from daylight.catalogue.models import Occurrence, Opening
from daylight.ledger.leaf import Value

BACKED_UP, REPLICATED, EXPORTED = "backed-up", "replicated", "originals-exported"


@dataclass(frozen=True, slots=True)
class Copy:
    """``entry`` says that it was made, ``at`` when; ``replica``: the random id of one, else empty."""

    entry: int
    at: str
    replica: str = ""


@dataclass(frozen=True, slots=True)
class Copies:
    """Backups that hold it, the last run to each replica that has seen it, exports that it was in."""

    backups: tuple[Copy, ...] = ()
    replicas: tuple[Copy, ...] = ()
    exports: tuple[Copy, ...] = ()


def copies_of(items: Collection[int]) -> dict[str, Value]:
    """Before their openings go: what the entry of their purge says of copies. ``items``: keys."""
    about = {
        *Occurrence.objects.filter(item__in=items).values_list("entry", flat=True),
        *Opening.objects.filter(item__in=items).values_list("entry", flat=True),
    }
    made = entries_of({BACKED_UP, REPLICATED, EXPORTED}, min(about, default=0))
    backups = [one.index for one in made if one.action == BACKED_UP]
    replicas = {_replica(one): one.index for one in made if one.action == REPLICATED}
    exports = [one.index for one in made if one.action == EXPORTED and one.index in about]
    listed = {"backups": backups, "replicas": sorted(replicas.values()), "exports": exports}
    return {name: " ".join(map(str, indices)) for name, indices in listed.items()}


def told_in(details: Mapping[str, object]) -> Copies:
    """What the entry of a purge names, read again."""
    return Copies(*(_told(details.get(name)) for name in ("backups", "replicas", "exports")))


def _told(said: object) -> tuple[Copy, ...]:
    indices = [int(one) for one in said.split()] if isinstance(said, str) else []
    return tuple(Copy(one.index, one.at, _replica(one)) for one in entries_at(indices))


def _replica(entry: EntryView) -> str:
    return str(json.loads(entry.details or b"{}").get("replica", ""))
