"""A vault that an earlier Daylight made: its catalogue gets the tables of this one before anything is done.

Each step is a transaction of its own: killed in between, the next start goes on.
"""

import os
from typing import Final

from django.core.management import call_command
from django.db import connection

from daylight.catalogue import migrations
from daylight.errors import VaultVersion
from daylight.services.workspace import Workspace
from daylight.storage.layout import lock

_OURS: Final = frozenset(
    name.removesuffix(".py")
    for name in os.listdir(os.path.dirname(str(migrations.__file__)))
    if name[0].isdigit() and name.endswith(".py")
)


def bring_up(ws: Workspace) -> int:
    """How many steps were taken: 0 where the catalogue is as this version wants it.

    Raises ``VaultVersion`` for one that a newer Daylight has used, ``VaultBusy`` while others write.
    """
    there = _applied()
    if there - _OURS:
        raise VaultVersion("its catalogue was used by a newer Daylight than this one")
    missing = len(_OURS - there)
    if missing:
        ws.layout.spool.mkdir(mode=0o700, exist_ok=True)  # it may be deleted while nothing runs
        with lock(ws.layout, "use"):
            call_command("migrate", interactive=False, verbosity=0)
    return missing


def _applied() -> frozenset[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM django_migrations WHERE app = 'catalogue'")
        return frozenset(str(name) for (name,) in cursor.fetchall())
