"""kill -9 at random moments of import and examine; what is run again until it is done must come out
as if nothing had happened."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connections

from daylight import bootstrap
from daylight.storage.layout import read
from tests.canonical import check, dump
from tests.test_sample import sample_archive  # noqa: F401  # a fixture

DAYLIGHT = Path(sys.executable).parent / "daylight"
# Unnamed, an import killed after its end would be a second one.
NAMED = ("--accession", "disk", "--no-examine")
KILLS = int(os.environ.get("DAYLIGHT_TEST_KILLS", "6"))


def run(*words, vault: Path, timeout: float | None = None) -> bool:
    """True when it ended by itself, and well; False when it was killed."""
    process = subprocess.Popen(
        [DAYLIGHT, "--vault", vault, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        _, said = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        return False
    assert process.returncode == 0, said.decode()[-2000:]
    return True


def dumped(vault: Path) -> dict:
    ws = bootstrap.settle(read(vault))
    try:
        check(ws)
        return dump()
    finally:
        connections.close_all()


@pytest.mark.slow
def test_killed_at_random_it_ends_as_if_undisturbed(sample_archive, founded, tmp_path):
    disk = tmp_path / "disk"
    shutil.copytree(sample_archive, disk, symlinks=True)
    (disk / "many").mkdir()
    for number in range(1500):
        (disk / "many" / f"{number}").write_bytes(os.urandom(900))
    whole = shutil.copytree(founded, tmp_path / "whole")
    began = time.monotonic()
    assert run("import", disk, *NAMED, vault=whole)
    importing = time.monotonic() - began
    began = time.monotonic()
    assert run("examine", vault=whole)
    examining = time.monotonic() - began
    broken = shutil.copytree(founded, tmp_path / "broken")
    chance = random.Random(7)
    kills = 0
    for verb, length in (("import", importing), ("examine", examining)):
        words = ["import", disk, *NAMED] if verb == "import" else ["examine"]
        for _ in range(KILLS):
            kills += not run(*words, vault=broken, timeout=chance.uniform(0.3, 1.0) * length)
        assert run(*words, vault=broken)
    assert kills > 0
    assert dumped(broken) == dumped(whole)
