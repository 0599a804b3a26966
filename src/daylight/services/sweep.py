"""Leaving nothing of deleted rows: SQLite's ``secure_delete`` covers neither log nor moved pages.

So the catalogue is written anew (VACUUM), its log brought in and cut to nothing. PostgreSQL rewrites
the tables that were touched; its own logs and backups are its operator's.
"""

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection
from django.db.models import Model

from daylight.catalogue.models import Exclusion, LeakedPath
from daylight.catalogue.search_index import rebuild
from daylight.errors import VaultBusy
from daylight.services.workspace import Workspace
from daylight.storage.canary import LONGEST, spellings, traces

SHORTEST = 8  # bytes of a name that is looked for


def sweep(ws: Workspace, touched: Iterable[type[Model]]) -> None:
    """``VaultBusy`` while somebody else reads: the log cannot be cut under them. Run it again."""
    if connection.vendor == "postgresql":
        _rewrite_tables(touched)
        return
    rebuild()  # deleted words stay in its segments until they are merged
    with connection.cursor() as cursor:
        # VACUUM copies the whole catalogue: onto the vault's own volume, which is encrypted.
        spool = str(ws.layout.spool.absolute()).replace("'", "''")
        cursor.execute(f"PRAGMA temp_store_directory = '{spool}'")
        cursor.execute("VACUUM")
    cut_log()


def cut_log() -> None:
    """Bring SQLite's log into the catalogue and cut it to nothing."""
    if connection.vendor == "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy = cursor.fetchone()[0]
    if busy:
        raise VaultBusy("the catalogue is being read, so its log cannot be cut")


def _rewrite_tables(touched: Iterable[type[Model]]) -> None:
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for model in touched:
            cursor.execute(f"VACUUM FULL {quote(model._meta.db_table)}")  # noqa: SLF001  # Django's documented API


def scan(
    ws: Workspace, digests: Collection[bytes], names: Collection[bytes]
) -> tuple[list[str], int]:
    """Files of the vault that still hold one of these, and how many names were not looked for.

    A name that is part of another item's name is that item's as well, and stays. One of less than
    ``SHORTEST`` bytes lies everywhere by chance, or as a word of the catalogue's own.
    """
    own = _not_of_others({name for name in names if len(name) >= SHORTEST})
    needles: list[Any] = [*own]
    for digest in digests:
        needles += spellings(digest)
    return traces(ws.layout.root, needles), len(names) - len(own)


def _not_of_others(names: Collection[bytes]) -> set[bytes]:
    wanted = {name: name[:LONGEST] for name in names}
    rows = (
        LeakedPath.objects.values_list("path", flat=True),
        Exclusion.objects.values_list("path", flat=True),
        Exclusion.objects.values_list("target", flat=True),
    )
    for columns in rows:
        for other in columns.iterator(chunk_size=5000):
            for name in [one for one, part in wanted.items() if part in bytes(other)]:
                del wanted[name]
    return set(wanted)
