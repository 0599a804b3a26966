"""The throw-away cluster itself: fresh each time, gone afterwards, also after kill -9."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tests import postgres
from tests.postgres import PostgresMissing, cluster, fresh_database

ROOT = Path(__file__).resolve().parent.parent


def test_each_database_is_empty_and_of_its_own(postgres_cluster):
    first, second = fresh_database(postgres_cluster), fresh_database(postgres_cluster)
    with psycopg.connect(first) as one:
        one.execute("CREATE TABLE here (name text)")
        one.execute("INSERT INTO here VALUES ('журнал')")
    with psycopg.connect(second) as two:
        assert two.execute("SELECT to_regclass('here')").fetchone() == (None,)
        assert two.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        assert two.execute("SHOW listen_addresses").fetchone() == ("",)  # no network


def test_a_machine_without_it_is_told_apart_from_a_fault(monkeypatch):
    monkeypatch.setattr(postgres.shutil, "which", lambda name: None)
    monkeypatch.setattr(postgres.Path, "glob", lambda self, pattern: iter(()))
    with pytest.raises(PostgresMissing, match="apt install postgresql"), cluster():
        pass


HOLD = """
import sys, time
from tests.postgres import cluster
with cluster() as running:
    print(running.socket, flush=True)
    time.sleep(60)
"""


def alive(socket: Path) -> bool:
    """Whether a server answers there."""
    try:
        psycopg.connect(f"host={socket} user=postgres dbname=postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_it_ends_with_the_run_however_that_ends(postgres_cluster, how):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        # a shell ignores it for what it runs behind, and so would we
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    socket = Path(holder.stdout.readline().strip())
    try:
        assert alive(socket)
        os.killpg(holder.pid, how)
        holder.communicate(timeout=60)
        until = time.monotonic() + 60  # a loaded machine takes its time
        cleared = how == signal.SIGINT
        while (alive(socket) or (cleared and socket.exists())) and time.monotonic() < until:
            time.sleep(0.1)
        assert not alive(socket)
        assert how == signal.SIGKILL or not socket.exists()
    finally:
        postgres.shutil.rmtree(socket, ignore_errors=True)
