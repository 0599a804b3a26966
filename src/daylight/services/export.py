"""Giving items out: with the rights of whoever asks, with an entry in the ledger, whole or not at all."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from django.db import transaction

from daylight.catalogue.queries.items import ItemView, find
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.errors import UsageError
from daylight.exports.bag import BagInfo, BagItem, write_bag
from daylight.exports.base import FolderSink, Sink
from daylight.ledger.leaf import Value
from daylight.services.record import record
from daylight.services.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What went out: items, and their bytes."""

    items: int
    bytes: int


def folder_sink(ws: Workspace, destination: Path) -> FolderSink:
    """Raises ``UsageError`` for a place inside the vault, which nobody but the store writes to."""
    place = Path(os.path.realpath(destination.parent)) / destination.name
    if place.is_relative_to(os.path.realpath(ws.layout.root)):
        raise UsageError("an export does not go into the vault itself")
    return FolderSink(destination)


def chosen(principal: Principal, names: Sequence[str]) -> list[ItemView]:
    """The items that ``names`` stand for (see ``daylight show``), each once, in the order of digests.

    Raises ``UsageError`` for a name of none or of several; ``Forbidden``.
    """
    found: dict[bytes, ItemView] = {}
    for number, name in enumerate(names, 1):
        views = find(principal, name.lower())
        if len(views) != 1:
            said = "several items begin like" if views else "no item has"
            raise UsageError(f"{said} the name given as number {number}")
        found[views[0].digest] = views[0]
    return [found[digest] for digest in sorted(found)]


def export_bag(
    ws: Workspace,
    principal: Principal,
    names: Sequence[str],
    sink: Sink,
    progress: Progress,
    *,
    with_paths: bool = False,
) -> ExportReport:
    """The originals of the items named, as a bag (see ``exports.bag``), into ``sink``.

    Raises ``Forbidden``, ``UsageError``, ``StoreCorrupt`` and what the sink raises; nothing is
    published then.
    """
    principal.require(Right.EXPORT)
    if with_paths:
        principal.require(Right.SEE_LEAKED_PATHS)
    items = [_item(view, with_paths=with_paths) for view in chosen(principal, names)]
    size = sum(item.size for item in items)
    progress.total(amount=size, steps=len(items))
    info = BagInfo(ws.layout.vault_id, ws.clock().date(), f"Daylight {version('daylight')}")
    with sink:
        write_bag(sink, info, items, ws.store.open_fd, progress, with_paths=with_paths)
        sink.seal()
        _record(ws, principal, items, with_paths=with_paths)
        sink.publish()
    return ExportReport(len(items), size)


def _item(view: ItemView, *, with_paths: bool) -> BagItem:
    met = [one.untrusted_path for one in view.occurrences] if with_paths else []
    paths = sorted({path for path in met if path is not None})
    return BagItem(view.digest, view.size, view.container, tuple(paths))


def _record(
    ws: Workspace, principal: Principal, items: Sequence[BagItem], *, with_paths: bool
) -> None:
    """Before the export gets its name: rather an entry without its export than the other way round."""
    details: dict[str, Value] = {
        "kind": "bag",
        "bytes": str(sum(item.size for item in items)),
        "paths": "yes" if with_paths else "no",
    }
    objects = [item.digest for item in items]
    with transaction.atomic():
        record(ws, principal.agent, "exported", objects=objects, details=details)
