"""Whether what people said of footage stands in the catalogue as it was when the ledger took it in."""

from collections.abc import Iterator
from typing import Any

from daylight.catalogue.cells import as_object
from daylight.catalogue.models import Confirmation, Entry, Mark, MarkVersion
from daylight.catalogue.queries.marks import said_in
from daylight.domain.fault import Fault
from daylight.domain.marks import Kind, digest
from daylight.errors import UsageError

CHUNK = 2000  # rows that are fetched at a time
_WRITTEN = ("mark-made", "mark-changed")
_Version = tuple[str, int]  # of which mark, its number


def mark_accounts() -> Iterator[Fault]:
    """Versions, confirmations and withdrawals that the ledger contradicts, or knows nothing of."""
    entries = {int(index): (action, said) for index, action, said in _entries()}
    yield from _versions(entries)
    yield from _confirmations(entries)
    yield from _withdrawals(entries)


def _entries() -> Iterator[tuple[int, str, dict[str, Any] | None]]:
    """Entries of marks: index, action, details; None where a purge took the details."""
    rows = Entry.objects.order_by("index").values_list("index", "leaf", "details")
    for index, leaf, details in rows.iterator(CHUNK):
        action = str(as_object(leaf).get("action"))
        if action.startswith("mark-"):
            yield index, action, None if details is None else as_object(details)


def _versions(entries: dict[int, tuple[str, dict[str, Any] | None]]) -> Iterator[Fault]:
    kept: set[_Version] = set()
    for row in MarkVersion.objects.select_related("mark__item").order_by("pk").iterator(CHUNK):
        mark = row.mark.public_id
        kept.add((mark, row.number))
        action, said = entries.get(row.entry, ("", None))
        where = f"mark {mark}, version {row.number}"
        if action not in _WRITTEN or said is None:
            yield Fault("row-unrecorded", where, "no entry of the ledger says that it was written")
        elif said != {"mark": mark, "version": row.number, "sha256": _digest(row)}:
            yield Fault("mark-contradicted", where, "these are not the words that were written")
    for action, said in entries.values():
        if action in _WRITTEN and said and (said.get("mark"), said.get("version")) not in kept:
            where = f"mark {said.get('mark')}, version {said.get('version')}"
            yield Fault("row-missing", where, "it was written, and is gone")


def _digest(row: MarkVersion) -> str:
    try:
        said = said_in(row)
    except (UsageError, ValueError):
        return ""  # what cannot even be read was not written so
    return digest(bytes(row.mark.item.sha256), row.mark.public_id, Kind(row.mark.kind), said)


def _confirmations(entries: dict[int, tuple[str, dict[str, Any] | None]]) -> Iterator[Fault]:
    kept = set()
    for row in Confirmation.objects.select_related("version__mark").order_by("pk").iterator(CHUNK):
        mark, number = row.version.mark.public_id, row.version.number
        kept.add(row.entry)
        action, said = entries.get(row.entry, ("", None))
        told = said and (said.get("mark"), said.get("version"))
        if action != "mark-confirmed" or told != (mark, number):
            where = f"mark {mark}, version {number}"
            yield Fault("row-unrecorded", where, "nobody confirmed it by the ledger")
    for index, (action, said) in entries.items():
        if action == "mark-confirmed" and said and index not in kept:
            where = f"mark {said.get('mark')}, version {said.get('version')}"
            yield Fault("row-missing", where, "it was confirmed, and the confirmation is gone")


def _withdrawals(entries: dict[int, tuple[str, dict[str, Any] | None]]) -> Iterator[Fault]:
    told = {
        said.get("mark") for action, said in entries.values() if action == "mark-withdrawn" and said
    }
    kept = set(Mark.objects.exclude(withdrawn="").values_list("public_id", flat=True))
    for mark in sorted(kept - told):
        yield Fault("row-unrecorded", f"mark {mark}", "nobody withdrew it by the ledger")
    for mark in sorted(
        Mark.objects.filter(public_id__in=told - kept).values_list("public_id", flat=True)
    ):
        yield Fault("mark-contradicted", f"mark {mark}", "it was withdrawn, and stands again")
