"""Whether plans of what is covered stand in the catalogue as they were when the ledger took them in."""

import hashlib
from collections.abc import Iterator
from typing import Any

from daylight.catalogue.cells import as_object
from daylight.catalogue.models import Entry, RedactionVersion
from daylight.domain.fault import Fault

CHUNK = 500  # rows that are fetched at a time
PLANNED = "redaction-planned"


def redaction_accounts() -> Iterator[Fault]:
    """Versions that the ledger contradicts, or knows nothing of; and those that are gone."""
    told = dict(_told())
    kept: set[tuple[str, int]] = set()
    for row in RedactionVersion.objects.select_related("plan").order_by("pk").iterator(CHUNK):
        plan = row.plan.public_id
        kept.add((plan, row.number))
        where = f"redaction plan {plan}, version {row.number}"
        said = told.get(row.entry)
        if said is None:
            yield Fault("row-unrecorded", where, "no entry of the ledger says that it was written")
        elif said != {"plan": plan, "version": row.number, "sha256": _digest(row)}:
            yield Fault("plan-contradicted", where, "this is not the plan that was written")
    for said in told.values():
        if (said.get("plan"), said.get("version")) not in kept:
            where = f"redaction plan {said.get('plan')}, version {said.get('version')}"
            yield Fault("row-missing", where, "it was written, and is gone")


def _digest(row: RedactionVersion) -> str:
    return hashlib.sha256(row.body.encode("utf-8", "surrogatepass")).hexdigest()


def _told() -> Iterator[tuple[int, dict[str, Any]]]:
    """Entries of plans with their details; not those that a purge closed."""
    rows = Entry.objects.order_by("index").values_list("index", "leaf", "details")
    for index, leaf, details in rows.iterator(CHUNK * 4):
        if details is not None and as_object(leaf).get("action") == PLANNED:
            yield index, as_object(details)
