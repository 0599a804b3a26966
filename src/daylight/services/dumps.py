"""The catalogue on PostgreSQL as one file, written and read by PostgreSQL's own tools."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import psycopg

from daylight.errors import DatabaseUnusable, ToolMissing, VaultError

NAME: Final = "catalogue.pgdump"
_PATIENCE: Final = 15  # seconds
_TABLES: Final = (
    "SELECT count(*) FROM pg_catalog.pg_tables"
    " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
)


def dump(database: str, made: Path) -> None:
    """Write the catalogue to ``made``. ``ToolMissing``, ``VaultError``."""
    words = ["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={made}"]
    if not _done(words, database):
        raise VaultError("pg_dump could not copy the catalogue")


def load(database: str, dumped: Path) -> None:
    """Fill an empty database, wholly or not at all.

    ``DatabaseUnusable`` where there are tables in it, or it cannot be reached or does not take what is in the
    file; ``ToolMissing``.
    """
    try:
        with psycopg.connect(database, connect_timeout=_PATIENCE) as connection:
            row = connection.execute(_TABLES).fetchone()
    except psycopg.Error as error:  # its words may quote the address and the user
        raise DatabaseUnusable("the database for the catalogue cannot be reached") from error
    if row is None or row[0]:
        raise DatabaseUnusable("the database for the catalogue is not empty")
    words = ["pg_restore", "--no-owner", "--no-privileges", "--single-transaction"]
    name = unquote(urlsplit(database).path.lstrip("/"))
    if not _done([*words, "--exit-on-error", f"--dbname={name}", os.fspath(dumped)], database):
        raise DatabaseUnusable("pg_restore could not load the catalogue")


def _done(words: Sequence[str], database: str) -> bool:
    """Whether the tool ended well. What it says is not passed on: it may quote rows."""
    if shutil.which(words[0]) is None:
        raise ToolMissing(f"{words[0]} is not there; the catalogue on PostgreSQL needs it")
    environment = os.environ | _environment(database)
    done = subprocess.run(words, env=environment, check=False, capture_output=True)
    return done.returncode == 0


def _environment(database: str) -> Mapping[str, str]:
    """How PostgreSQL's tools are told where to go; a password so is in no list of processes."""
    url = urlsplit(database)
    settings = {
        "PGHOST": unquote(url.hostname or ""),
        "PGPORT": str(url.port or ""),
        "PGUSER": unquote(url.username or ""),
        "PGPASSWORD": unquote(url.password or ""),
        "PGDATABASE": unquote(url.path.lstrip("/")),
    }
    return {key: value for key, value in settings.items() if value}
