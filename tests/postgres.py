"""A throw-away PostgreSQL cluster for the tests: Debian's package, a socket, nothing durable."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

USER = "postgres"
QUICK = "-F -c listen_addresses='' -c fsync=off -c full_page_writes=off -c synchronous_commit=off"


class PostgresMissing(Exception):
    """There is no PostgreSQL server on this machine."""


@dataclass(frozen=True)
class Cluster:
    bin: Path
    socket: Path


def _programs() -> Path:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not installed:
        raise PostgresMissing("no PostgreSQL server is installed (Debian: apt install postgresql)")
    return installed[-1].parent


def _run(*command: str | Path) -> None:
    """As the user ``postgres`` where we are root: the server refuses to be root."""
    options = {"user": USER, "group": USER} if os.geteuid() == 0 else {}
    done = subprocess.run(
        list(map(str, command)), check=False, capture_output=True, text=True, cwd="/", **options
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr[-2000:]}")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Started within a second or two, gone at the end."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path must be short
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, USER, USER)
        data = folder / "data"
        _run(programs / "initdb", "-D", data, "-U", USER, "-A", "trust", "-N", "--locale=C.UTF-8")
        options = f"{QUICK} -k {folder}"
        _run(programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield Cluster(programs, folder)
        finally:
            _run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fresh_database(running: Cluster) -> str:
    """The URL of a new, empty database."""
    name = f"t{uuid4().hex}"
    _run(running.bin / "createdb", "-h", running.socket, "-U", USER, name)
    return f"postgresql://{USER}@{quote(str(running.socket), safe='')}/{name}"
