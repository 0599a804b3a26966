"""Originals as a bag."""

from dataclasses import dataclass
from importlib.metadata import version

from daylight.catalogue.queries.items import ItemView
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.exports.bag import BagInfo, BagItem, write_bag
from daylight.exports.base import Sink
from daylight.ledger.leaf import Value
from daylight.services.approvals import Approved
from daylight.services.export import chosen
from daylight.services.export_approval import names_in, record_export
from daylight.services.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What went out: items, and their bytes."""

    items: int
    bytes: int


def export_bag(
    ws: Workspace,
    principal: Principal,
    approved: Approved,
    sink: Sink,
    progress: Progress,
    *,
    with_paths: bool = False,
) -> ExportReport:
    """The originals of what two people have signed for, as a bag (see ``exports.bag``), into ``sink``.

    Raises ``Forbidden``, ``ApprovalRefused``, ``StoreCorrupt`` and what the sink raises; nothing is
    published then.
    """
    principal.require(Right.EXPORT)
    if with_paths:
        principal.require(Right.SEE_LEAKED_PATHS)
    items = [
        _item(view, with_paths=with_paths)
        for view in chosen(principal, names_in(approved, (), principal))
    ]
    size = sum(item.size for item in items)
    progress.total(amount=size, steps=len(items))
    info = BagInfo(ws.layout.vault_id, ws.clock().date(), f"Daylight {version('daylight')}")
    with sink:
        write_bag(sink, info, items, ws.store.open_fd, progress, with_paths=with_paths)
        sink.seal()
        details: dict[str, Value] = {
            "kind": "bag",
            "bytes": str(size),
            "paths": "yes" if with_paths else "no",
        }
        record_export(ws, principal, approved, details)
        sink.publish()
    return ExportReport(len(items), size)


def _item(view: ItemView, *, with_paths: bool) -> BagItem:
    met = [one.untrusted_path for one in view.occurrences] if with_paths else []
    paths = sorted({path for path in met if path is not None})
    return BagItem(view.digest, view.size, view.container, tuple(paths))
