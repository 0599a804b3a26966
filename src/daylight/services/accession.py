"""Accessions: opened before the bytes, filled a lot at a time, closed; each step in the ledger."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from django.db import OperationalError, transaction

from daylight.catalogue.models import (
    Accession,
    Collection,
    Exclusion,
    Holding,
    Item,
    LeakedPath,
    Occurrence,
    Statement,
)
from daylight.catalogue.models.ids import new_public_id
from daylight.domain.custody import TOPICS, Statements, check_name, new_codename
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal, Right
from daylight.errors import UsageError, VaultBusy, VaultFull
from daylight.ledger.leaf import Value
from daylight.services.bulk import Turns, insert, next_key
from daylight.services.record import Act, Prepared, enter, prepare, record
from daylight.services.vault import EVERYTHING
from daylight.services.workspace import Workspace
from daylight.storage.base import Staged
from daylight.storage.layout import lock

CHOOSING_TENTHS = 300  # of a second, to wait while another import finds its accession


@dataclass(frozen=True, slots=True)
class OpenAccession:
    """``resumed``: an earlier run may have kept some of it. ``stated``: what this run added."""

    key: int
    public_id: str
    name: str
    collection: int
    resumed: bool
    stated: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Lot:
    """One file of a lot, durable in the store. ``mtime_ns``: Unix time in nanoseconds."""

    untrusted_path: bytes
    mtime_ns: int | None
    mode: int | None
    staged: Staged


@dataclass(frozen=True, slots=True)
class Refusal:
    """``untrusted_path`` is a leaked name: shown to the custodian, never logged."""

    untrusted_path: bytes
    kind: str
    reason: str
    untrusted_target: bytes = b""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A lot as it is committed; ``verified``: its files were read back from the medium."""

    kept: Sequence[Lot]
    refusals: Sequence[Refusal]
    verified: bool


@dataclass(frozen=True, slots=True)
class Known:
    """An occurrence that this accession holds; ``key`` tells it from others of the same name."""

    key: int
    digest: Digest
    size: int
    mtime_ns: int | None


@contextmanager
def opened(
    ws: Workspace,
    principal: Principal,
    *,
    name: str,
    collection: str,
    roots: Sequence[Path],
    statements: Statements,
) -> Iterator[OpenAccession]:
    """Find or make the accession and hold its lock while material goes into it."""
    sources = _roots_digest(ws, roots)
    name = name and check_name(name)
    with ExitStack() as held, ExitStack() as choosing:
        # Nobody may take what another process has just made and not locked yet for cut short.
        choosing.enter_context(lock(ws.layout, "accessions", CHOOSING_TENTHS))
        row = Accession.objects.filter(name=name).first() if name else None
        if row is not None:
            held.enter_context(lock(ws.layout, f"accession-{row.public_id}"))
        elif not name:
            row = _interrupted(ws, held, sources)
        resumed = row is not None
        if row is None:
            stated: Mapping[str, str] = statements.beyond({})
            row = _create(ws, principal, name or _free_name(), collection, sources, stated)
            held.enter_context(lock(ws.layout, f"accession-{row.public_id}"))
        choosing.close()
        if resumed:
            stated = _state_what_is_new(ws, principal, row, statements)
        yield OpenAccession(row.pk, row.public_id, row.name, row.collection_id, resumed, stated)


def _interrupted(ws: Workspace, held: ExitStack, sources: bytes) -> Accession | None:
    """An unnamed import of the same roots that was cut short, and that nobody is at now."""
    for row in Accession.objects.filter(roots_sha256=sources, finished=None).order_by("pk"):
        with ExitStack() as trying, suppress(VaultBusy):
            trying.enter_context(lock(ws.layout, f"accession-{row.public_id}"))
            row.refresh_from_db()
            if row.finished is None:  # whoever held it has not finished it meanwhile
                held.push(trying.pop_all())
                return row
    return None


def _roots_digest(ws: Workspace, roots: Sequence[Path]) -> bytes:
    """Recognises the same roots again in this vault without keeping their paths."""
    names = [os.fsencode(os.path.realpath(root)) for root in roots]
    return hashlib.sha256(b"\0".join([ws.layout.vault_id.encode(), *names])).digest()


def _free_name() -> str:
    while Accession.objects.filter(name=(name := new_codename())).exists():
        pass
    return name


def _create(
    ws: Workspace,
    principal: Principal,
    name: str,
    collection: str,
    sources: bytes,
    stated: Mapping[str, str],
) -> Accession:
    with transaction.atomic():
        home = Collection.objects.filter(name=collection or EVERYTHING).first()
        if home is None:
            raise UsageError(f"there is no collection named {collection!r}")
        row = Accession.objects.create(
            name=name, collection=home, roots_sha256=sources, created=ws.clock()
        )
        details: dict[str, Value] = {"accession": row.public_id, "name": name}
        record(ws, principal.agent, "accession-opened", details=details)
        _state(ws, principal, row, {topic: stated.get(topic, "") for topic in TOPICS})
    return row


def _state(ws: Workspace, principal: Principal, row: Accession, stated: Mapping[str, str]) -> None:
    details: dict[str, Value] = {"accession": row.public_id, **stated}
    entry = record(ws, principal.agent, "custody-stated", details=details).index
    Statement.objects.bulk_create(
        Statement(accession=row, topic=topic, value=value, entry=entry)
        for topic, value in stated.items()
    )


def _state_what_is_new(
    ws: Workspace, principal: Principal, row: Accession, statements: Statements
) -> Mapping[str, str]:
    """What an import that goes on was told anew: further statements, if they say anything else."""
    known = dict(row.statements.order_by("entry", "pk").values_list("topic", "value"))
    new = statements.beyond(known)
    if new:
        with transaction.atomic():
            _state(ws, principal, row, new)
    return new


def state(
    ws: Workspace, principal: Principal, name: str, statements: Statements
) -> Mapping[str, str]:
    """Add what became known of a transfer later: a further entry, the earlier ones stay.

    What was stated comes back, with the codename that was drawn if one was asked for.
    """
    principal.require(Right.IMPORT)
    with transaction.atomic():
        row = Accession.objects.filter(name=name).first()
        if row is None:
            raise UsageError(f"there is no accession named {name!r}")
        if not statements.by_topic:
            raise UsageError("nothing was stated")
        stated = {**statements.by_topic, **statements.beyond({})}
        _state(ws, principal, row, stated)
    return stated


def known(accession: OpenAccession, paths: Sequence[bytes]) -> dict[bytes, list[Known]]:
    """Which of ``paths`` this accession holds already, and as what, in the order they came.

    One name may stand for several: two folders imported together, a tar that names a member twice.
    """
    rows = LeakedPath.objects.filter(
        accession_id=accession.key, path_sha256__in=[_name_digest(path) for path in paths]
    ).select_related("occurrence__item")
    found: dict[bytes, list[Known]] = {}
    for row in rows.order_by("pk"):
        item = row.occurrence.item
        if item is None:
            raise AssertionError("a purge leaves no name")
        one = Known(row.pk, Digest(bytes(item.sha256)), item.size, row.mtime_ns)
        found.setdefault(bytes(row.path), []).append(one)
    return found


def _name_digest(path: bytes) -> bytes:
    return hashlib.sha256(path).digest()


def keep(
    ws: Workspace,
    principal: Principal,
    accession: OpenAccession,
    arrived: Arrived,
    turns: Turns,
) -> int:
    """Rows and entry for one lot, in one transaction. The number of items not seen before."""
    kept, refusals = arrived.kept, arrived.refusals
    received = prepare([_received(principal, accession, arrived)]) if kept else []
    try:
        with turns.take():
            new = _keep_files(ws, accession, arrived, received) if kept else 0
            if refusals:
                _keep_refusals(ws, principal, accession, refusals)
    except OperationalError as error:
        if "is full" in str(error) or "No space left" in str(error):
            raise VaultFull("the vault's disk is full") from error
        raise
    return new


def _received(principal: Principal, accession: OpenAccession, arrived: Arrived) -> Act:
    details: dict[str, Value] = {
        "accession": accession.public_id,
        # May pass what JSON numbers hold.
        "bytes": str(sum(lot.staged.size for lot in arrived.kept)),
        "read_back": "yes" if arrived.verified else "no",
    }
    digests = [lot.staged.digest for lot in arrived.kept]
    # The occurrences hold the openings.
    return Act(principal.agent, "received", details, digests, keep_openings=False)


def _keep_files(
    ws: Workspace, accession: OpenAccession, arrived: Arrived, received: Sequence[Prepared]
) -> int:
    kept, (entry,) = arrived.kept, enter(ws, received)
    items, new = _items(accession, kept)
    first = next_key(Occurrence)
    insert(
        Occurrence,
        ("id", "item_id", "accession_id", "entry", "position", "salt", "verified"),
        [
            (
                first + n,
                items[lot.staged.digest],
                accession.key,
                entry.index,
                n,
                salt,
                arrived.verified,
            )
            for n, (lot, salt) in enumerate(zip(kept, entry.salts, strict=True))
        ],
    )
    insert(
        LeakedPath,
        ("occurrence_id", "accession_id", "path", "path_sha256", "mtime_ns", "mode"),
        [
            (
                first + n,
                accession.key,
                lot.untrusted_path,
                _name_digest(lot.untrusted_path),
                lot.mtime_ns,
                lot.mode,
            )
            for n, lot in enumerate(kept)
        ],
    )
    return new


def _items(accession: OpenAccession, kept: Sequence[Lot]) -> tuple[dict[bytes, int], int]:
    """Keys of the lot's items by digest, new ones made; and how many were new."""
    sizes: dict[bytes, int] = {lot.staged.digest: lot.staged.size for lot in kept}
    rows = Item.objects.filter(sha256__in=list(sizes)).values_list("sha256", "pk")
    keys = {bytes(digest): key for digest, key in rows}
    held = set(
        Holding.objects.filter(
            item__in=keys.values(), collection_id=accession.collection
        ).values_list("item_id", flat=True)
    )
    missing = [digest for digest in sizes if digest not in keys]
    first = next_key(Item)
    keys |= {digest: first + n for n, digest in enumerate(missing)}
    insert(
        Item,
        ("id", "public_id", "sha256", "size"),
        [(keys[digest], new_public_id(), digest, sizes[digest]) for digest in missing],
    )
    insert(
        Holding,
        ("item_id", "collection_id"),
        [(key, accession.collection) for key in keys.values() if key not in held],
    )
    return keys, len(missing)


def _keep_refusals(
    ws: Workspace, principal: Principal, accession: OpenAccession, refusals: Sequence[Refusal]
) -> None:
    if accession.resumed:
        refusals = _not_yet_refused(accession, refusals)
    if not refusals:
        return
    details: dict[str, Value] = {"accession": accession.public_id, "entries": len(refusals)}
    entry = record(ws, principal.agent, "not-kept", details=details).index
    Exclusion.objects.bulk_create(
        [
            Exclusion(
                accession_id=accession.key,
                kind=refusal.kind,
                reason=refusal.reason[:300],
                path=refusal.untrusted_path,
                path_sha256=_name_digest(refusal.untrusted_path),
                target=refusal.untrusted_target,
                entry=entry,
            )
            for refusal in refusals
        ],
        ignore_conflicts=True,
    )


def _not_yet_refused(accession: OpenAccession, refusals: Sequence[Refusal]) -> list[Refusal]:
    rows = Exclusion.objects.filter(
        accession_id=accession.key,
        path_sha256__in=[_name_digest(refusal.untrusted_path) for refusal in refusals],
    ).values_list("path_sha256", "kind")
    known = {(bytes(digest), kind) for digest, kind in rows}
    return [r for r in refusals if (_name_digest(r.untrusted_path), r.kind) not in known]


def close(
    ws: Workspace, principal: Principal, accession: OpenAccession, *, files: int, size: int
) -> None:
    """Mark an accession as finished, once: going over it again adds no entry."""
    with transaction.atomic():
        row = Accession.objects.get(pk=accession.key)
        if row.finished is not None:
            return
        details: dict[str, Value] = {
            "accession": row.public_id,
            "files": files,
            "bytes": str(size),
        }
        record(ws, principal.agent, "accession-closed", details=details)
        row.finished = ws.clock()
        row.save(update_fields=["finished"])
