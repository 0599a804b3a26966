"""Whether the catalogue's rows hang together: nothing without what it belongs to.

What rows say against the ledger is ``catalogue.accounts``' matter.
"""

import hashlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet

from daylight.catalogue.cells import as_bytes
from daylight.catalogue.models import (
    Entry,
    Holding,
    Item,
    LeakedPath,
    Occurrence,
    Opening,
    Rendition,
)
from daylight.domain.fault import Fault

MOST = 1000  # faults that one check tells
CHUNK = 5000
ORPHAN = "row-orphan"


def database() -> Iterator[Fault]:
    """What the database itself finds wrong. PostgreSQL enforces its references on every write."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check(100)")
        for (said,) in cursor.fetchall():
            if said != "ok":
                yield Fault("catalogue-corrupt", "catalogue", "the database's own check fails")
                break
        cursor.execute("PRAGMA foreign_key_check")
        for table, row, parent, _ in cursor.fetchmany(MOST):
            yield Fault(ORPHAN, f"{table} {row}", f"the row of {parent} that it belongs to is gone")


def orphans() -> Iterator[Fault]:
    """Rows without the others that were written with them."""
    met = Occurrence.objects.filter(item=OuterRef("item"))
    at_home = met.filter(accession__collection=OuterRef("collection"))
    held = Holding.objects.filter(
        item=OuterRef("item"), collection=OuterRef("accession__collection")
    )
    entry = Entry.objects.filter(index=OuterRef("entry"))
    kept = Occurrence.objects.exclude(item=None)  # the others a purge has closed
    yield from _told(kept.filter(leaked_path=None), "its leaked name is gone", "occurrence")
    yield from _told(
        LeakedPath.objects.exclude(accession=F("occurrence__accession")),
        "its occurrence came in with another accession",
        "leaked name",
    )
    yield from _told(
        Holding.objects.exclude(Exists(at_home)),
        "the item never came in with an accession of this collection",
        "holding",
    )
    yield from _told(
        kept.exclude(Exists(held)),
        "its item is not in the collection that it came in with",
        "occurrence",
    )
    yield from _told(
        Rendition.objects.exclude(item=F("finding__item")),
        "its finding is one of another item",
        "rendition",
    )
    for name, rows in (("occurrence", Occurrence.objects), ("opening", Opening.objects)):
        yield from _told(
            rows.exclude(Exists(entry)), "the entry that it belongs to is not in the ledger", name
        )


def _told(rows: QuerySet[Any], detail: str, what: str) -> Iterator[Fault]:
    for key in rows.order_by("pk").values_list("pk", flat=True)[:MOST]:
        yield Fault(ORPHAN, f"{what} {key}", detail)


def unrecorded_items() -> Iterator[Fault]:
    """Items that no entry received: planted."""
    rows = Item.objects.exclude(Exists(Occurrence.objects.filter(item=OuterRef("pk"))))
    for digest in rows.order_by("pk").values_list("sha256", flat=True)[:MOST]:
        name = (as_bytes(digest) or b"").hex()
        yield Fault("item-unrecorded", name, "no entry of the ledger received it")


def openings() -> Iterator[Fault]:
    """That every commitment is opened or, after a purge, kept bare; and that the openings of an entry stand in a row."""
    for model in (Occurrence, Opening):
        lost = (
            model.objects.filter(salt=None, commitment=None)
            .order_by("entry")
            .values_list("entry", flat=True)
        )
        for entry in lost[:MOST]:
            yield Fault("opening-missing", f"entry {entry}", "the salt of one of its files is gone")
        places = model.objects.values("entry").annotate(
            count=Count("pk"), first=Min("position"), last=Max("position")
        )
        wrong = places.exclude(Q(first=0) & Q(last=F("count") - 1)).order_by("entry")
        for row in wrong[:MOST]:
            yield Fault(
                "opening-misplaced", f"entry {row['entry']}", "its files have gaps or doubles"
            )


def leaked_names() -> Iterator[Fault]:
    """That names are those that they were indexed under. No name is told."""
    rows = LeakedPath.objects.order_by("pk").values_list("pk", "path", "path_sha256")
    changed = (
        key
        for key, path, digest in rows.iterator(CHUNK)
        if hashlib.sha256(as_bytes(path) or b"").digest() != as_bytes(digest)
    )
    for key in islice(changed, MOST):
        yield Fault("name-changed", f"occurrence {key}", "its leaked name is not what it was")
