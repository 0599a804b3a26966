"""Making material go for good: two people sign, rows and entry go in one transaction, bytes after it.

Killed at any point it is finished by running it again: what is still to do lies in a row of its own,
locked, until the last trace is gone.
"""

import base64
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from daylight.catalogue.ledger_rows import lock_writers
from daylight.catalogue.models import Entry, Item, LeakedPath, Purge, Request
from daylight.crypto.locked import lock, unlock
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal
from daylight.errors import ApprovalRefused, PurgeRefused
from daylight.ledger.approval import CLOSED
from daylight.ledger.leaf import Value
from daylight.routes.registry import may_be_archive
from daylight.services import approvals, closing, heads, hold
from daylight.services.approvals import Approved, Asked
from daylight.services.copies import Copies, copies_of, told_in
from daylight.services.personal_keys import Signer
from daylight.services.purged import in_use, remember, remove
from daylight.services.record import record
from daylight.services.stage import HEAD
from daylight.services.sweep import cut_log, scan, sweep
from daylight.services.workspace import Workspace
from daylight.storage.canary import traces
from daylight.storage.layout import unused

PURGED = "purged"
_BOUND = b"purge/1"
_DATABASE = "the files of the PostgreSQL server, its logs and backups"


@dataclass(frozen=True, slots=True)
class Report:
    """What went. ``traces``: files of the vault that still hold something; ``unseen``: not searched.

    ``names_kept``: names that were not looked for, being part of other items' names or of less than
    8 bytes. ``bytes``: of objects that went now. ``copies``: what held it outside when it went.
    """

    entry: int
    items: int
    objects: int
    bytes: int
    traces: tuple[str, ...]
    names_kept: int
    unseen: tuple[str, ...]
    copies: Copies


@dataclass(frozen=True, slots=True)
class _Todo:
    items: int
    objects: tuple[bytes, ...]
    sought: tuple[bytes, ...]  # digests that may lie nowhere any more
    names: tuple[bytes, ...]


def ask(
    ws: Workspace,
    principal: Principal,
    asked: Sequence[Digest],
    reason: str,
    law: str,
    first: Signer,
    passphrase: str,
) -> str:
    """The first of two signatures; the request's id. ``ItemHeld``, ``PurgeRefused``."""
    _check(ws, asked)
    wanted = Asked(PURGED, asked, reason, law)
    return approvals.ask(ws, principal, wanted, first, passphrase)


def carry_out(ws: Workspace, approved: Approved) -> list[Report]:
    """Do what two people signed, and finish what was cut short. ``VaultBusy`` while others write."""
    with unused(ws.layout):
        _check(ws, approved.digests)
        _take_out(ws, approved)
        return _finish(ws)


def finish(ws: Workspace) -> list[Report]:
    """Finish what was cut short; nothing where nothing was."""
    if not Purge.objects.exists():
        return []
    with unused(ws.layout):
        return _finish(ws)


def is_cut_short(request: str) -> bool:
    """Whether a request was carried out, and not to its end."""
    entry = Request.objects.filter(public_id=request).values_list("entry", flat=True).first()
    return entry is not None and Purge.objects.filter(entry=entry).exists()


def _check(ws: Workspace, digests: Sequence[Digest]) -> None:
    hold.require_none(digests)
    for digest in _containers(digests):
        if _is_archive(ws, digest):
            raise PurgeRefused(f"the archive {digest.hex()} holds these bytes as well")


def _containers(digests: Sequence[Digest]) -> list[Digest]:
    """Other items whose name is a folder of one of these items' names: archives they came out of."""
    rows = LeakedPath.objects.filter(occurrence__item__sha256__in=list(digests))
    found: set[bytes] = set()
    for accession, path in rows.values_list("accession_id", "path"):
        above = LeakedPath.objects.filter(
            accession_id=accession, path_sha256__in=_folders(bytes(path))
        )
        found |= {bytes(one) for one in above.values_list("occurrence__item__sha256", flat=True)}
    return [Digest(one) for one in sorted(found - set(digests))]


def _folders(path: bytes) -> list[bytes]:
    """The hashes of the names of all folders that a name lies in."""
    parts = path.split(b"/")
    above = (b"/".join(parts[:count]) for count in range(1, len(parts)))
    return [hashlib.sha256(one).digest() for one in above]


def _is_archive(ws: Workspace, digest: Digest) -> bool:
    fd = ws.store.open_fd(digest)
    try:
        return may_be_archive(os.pread(fd, HEAD, 0))
    finally:
        os.close(fd)


def _take_out(ws: Workspace, approved: Approved) -> None:
    """Rows, salts and entry in one transaction: after it nobody sees the items any more."""
    with transaction.atomic():
        lock_writers()
        found = Item.objects.filter(sha256__in=list(approved.digests)).values_list("pk", "sha256")
        items = {key: bytes(digest) for key, digest in found}
        if len(items) < len(approved.digests):
            raise ApprovalRefused("an item of this request is gone")
        hold.require_none(approved.digests)
        left, copies = closing.traces(items), copies_of(items)
        closing.delete_names(items)
        closed = closing.close(items)
        entry = _record(ws, approved, closed, copies)
        approvals.close(approved, entry, keep_salt=bool(approved.approval.statement.law))
        closing.delete(items, ws.clock())
        gone = tuple(sorted(one for one in left.objects if not in_use(Digest(one))))
        sought = () if approved.approval.statement.law else gone
        _remember(ws, entry, _Todo(len(items), gone, sought, tuple(sorted(left.names))))
    heads.keep(ws)


def _record(
    ws: Workspace, approved: Approved, closed: Sequence[int], copies: Mapping[str, Value]
) -> int:
    details: dict[str, Value] = {
        **approved.approval.details(),
        "items": len(approved.digests),
        CLOSED: " ".join(map(str, closed)),
        **copies,
    }
    if approved.approval.statement.law:
        details["digests"] = " ".join(digest.hex() for digest in approved.digests)
    # No objects: a commitment to them could be opened.
    return record(ws, approved.approval.second.agent, "purged", details=details).index


def _remember(ws: Workspace, entry: int, todo: _Todo) -> None:
    remember(ws, todo.objects, entry)
    said = {
        "items": todo.items,
        "objects": [one.hex() for one in todo.objects],
        "sought": [one.hex() for one in todo.sought],
        "names": [base64.b64encode(one).decode() for one in todo.names],
    }
    key = ws.keyring.storage_key.hex()
    Purge.objects.create(entry=entry, todo=lock(json.dumps(said).encode(), key, _BOUND))


def _recall(ws: Workspace, row: Purge) -> _Todo:
    said = json.loads(unlock(row.todo, ws.keyring.storage_key.hex(), _BOUND))
    return _Todo(
        said["items"],
        tuple(map(bytes.fromhex, said["objects"])),
        tuple(map(bytes.fromhex, said["sought"])),
        tuple(map(base64.b64decode, said["names"])),
    )


def _finish(ws: Workspace) -> list[Report]:
    rows = list(Purge.objects.order_by("entry"))
    todos = [_recall(ws, row) for row in rows]
    sizes = [sum(remove(ws, Digest(one)) for one in todo.objects) for todo in todos]
    sweep(ws, (*closing.TOUCHED, Purge))
    reports = [
        _report(ws, row.entry, todo, size)
        for row, todo, size in zip(rows, todos, sizes, strict=True)
    ]
    done = [row for row, report in zip(rows, reports, strict=True) if not report.traces]
    _forget(ws, done)
    return reports


def _report(ws: Workspace, entry: int, todo: _Todo, size: int) -> Report:
    found, kept = scan(ws, todo.sought, todo.names)
    unseen = (_DATABASE,) if connection.vendor == "postgresql" else ()
    said = json.loads(bytes(Entry.objects.get(index=entry).details or b"{}"))
    copies = told_in(said)
    return Report(entry, todo.items, len(todo.objects), size, tuple(found), kept, unseen, copies)


def _forget(ws: Workspace, done: Sequence[Purge]) -> None:
    """The rows that said what to do go as well, locked as they were."""
    Purge.objects.filter(pk__in=[row.pk for row in done]).delete()
    cut_log()
    sealed = [str(row.todo["sealed"])[:64].encode() for row in done]
    if traces(ws.layout.root, sealed):
        sweep(ws, (*closing.TOUCHED, Purge))
