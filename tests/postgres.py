"""A throw-away PostgreSQL cluster for the tests: Debian's package, a socket, nothing durable."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

USER = "postgres"
QUICK = (
    *("-c", "listen_addresses="),
    *("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"),
)
PATIENCE = 60.0  # seconds until it answers, on a machine that is busy
_PR_SET_PDEATHSIG = 1


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


def _account() -> dict[str, str]:
    """The server refuses to be root; the user ``postgres`` comes with the package."""
    if os.geteuid():
        return {}
    try:
        pwd.getpwnam(USER)
    except KeyError:
        raise PostgresMissing(f"there is no user {USER!r} on this machine") from None
    return {"user": USER, "group": USER}


def _run(*command: str | Path) -> None:
    words = list(map(str, command))
    done = subprocess.run(words, check=False, capture_output=True, text=True, cwd="/", **_account())
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr[-2000:]}")


def _die_with_parent() -> None:
    """For the child: an immediate shutdown when the test run is killed, whatever killed it."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


def _wait(server: subprocess.Popen[bytes], programs: Path, folder: Path) -> None:
    ready = [programs / "pg_isready", "-q", "-h", folder, "-U", USER]
    until = time.monotonic() + PATIENCE
    while subprocess.run(ready, check=False).returncode:
        if server.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()[-2000:]}")
        time.sleep(0.05)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Started within a second or two, gone at the end, however the end comes.

    Raises ``PostgresMissing`` where there is none to start.
    """
    programs, account = _programs(), _account()
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path must be short
    try:
        if account:
            shutil.chown(folder, USER, USER)
        data = folder / "data"
        _run(programs / "initdb", "-D", data, "-U", USER, "-A", "trust", "-N", "--locale=C.UTF-8")
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", data, "-k", folder, *QUICK],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                process_group=0,  # Ctrl-C is for the tests; they end it
                preexec_fn=_die_with_parent,  # noqa: PLW1509  # nothing else runs yet
                **account,
            )
        try:
            _wait(server, programs, folder)
            yield Cluster(programs, folder)
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait(PATIENCE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fresh_database(running: Cluster, like: str = "") -> str:
    """The URL of a new database: empty, or a copy of the one at ``like``, which nobody may have open."""
    name, template = f"t{uuid4().hex}", like.rpartition("/")[2] or "template1"
    _run(running.bin / "createdb", "-h", running.socket, "-U", USER, "-T", template, name)
    return f"postgresql://{USER}@{quote(str(running.socket), safe='')}/{name}"
