"""The vault as it stood at one moment, besides its objects: for replicas and backups."""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from daylight.errors import VaultError, VaultFull
from daylight.services import dumps
from daylight.storage import view_log
from daylight.storage.layout import Layout, in_use


@contextmanager
def snapshot(layout: Layout) -> Iterator[Mapping[str, Path]]:
    """The members of a state archive, for ``storage.state_archive.pack``; gone afterwards.

    The heads are listed before the catalogue is copied, so that none is newer than it: that would
    look like a catalogue that was rolled back. The log of views is copied after it: it holds all that the
    copy's ledger has a digest of. Every object that the copy names is in the store.
    """
    with in_use(layout), TemporaryDirectory(prefix="snapshot-", dir=layout.spool) as folder:
        members = {
            f"ledger/heads/{name}": layout.heads / name
            for name in sorted(os.listdir(layout.heads))
            if name.endswith((".json", ".tsr"))
        }
        catalogue = _dump if layout.database else _copy
        name, path = catalogue(layout, Path(folder))
        members |= _views(layout, Path(folder))
        for extra in ("vault.keys", "vault.toml"):
            if (layout.root / extra).exists():
                members[extra] = layout.root / extra
        yield {name: path, **members}


def _views(layout: Layout, folder: Path) -> dict[str, Path]:
    """Copies, since a day may be destroyed and another grow meanwhile."""
    members = {}
    for name in view_log.names(layout):
        made = folder / f"views-{name}"
        with suppress(FileNotFoundError):
            shutil.copyfile(layout.views / name, made)
            members[f"views/{name}"] = made
    return members


def _copy(layout: Layout, folder: Path) -> tuple[str, Path]:
    """VACUUM INTO reads in one transaction, disturbs no writer, and leaves free pages behind."""
    made = folder / "catalogue.sqlite"
    database = sqlite3.connect(f"{layout.catalogue.absolute().as_uri()}?mode=ro", uri=True)
    try:
        database.execute("VACUUM INTO ?", [os.fspath(made)])
    except sqlite3.Error as error:
        if error.sqlite_errorcode in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE):
            raise VaultFull("there is no room in the vault for a copy of its catalogue") from error
        raise VaultError(f"the catalogue cannot be copied: {error}") from error
    finally:
        database.close()
    return made.name, made


def _dump(layout: Layout, folder: Path) -> tuple[str, Path]:
    made = folder / dumps.NAME
    dumps.dump(layout.database, made)
    return made.name, made
