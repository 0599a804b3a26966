"""Which files a replica has, kept on disk while a run looks them up: lists grow with archives."""

import sqlite3
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from daylight.errors import VaultFull
from daylight.storage.remote import Listed


class NameTable:
    """Opaque names and sizes in SQLite's private temporary file, which goes by itself."""

    def __init__(self, listing: Iterable[Listed]) -> None:
        self._database = sqlite3.connect("")
        try:
            self._fill(listing)
        except sqlite3.OperationalError as error:
            raise VaultFull("there is no room for temporary files") from error

    def _fill(self, listing: Iterable[Listed]) -> None:
        self._database.execute(
            "CREATE TABLE held (name BLOB PRIMARY KEY, size INTEGER) WITHOUT ROWID"
        )
        rows = ((bytes.fromhex(one.name), one.size) for one in listing)
        self._database.executemany("INSERT OR REPLACE INTO held VALUES (?, ?)", rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._database.close()

    def size_of(self, name: str) -> int | None:
        """Bytes there, None where there is no such file."""
        asked = [bytes.fromhex(name)]
        row = self._database.execute("SELECT size FROM held WHERE name = ?", asked).fetchone()
        return None if row is None else int(row[0])
