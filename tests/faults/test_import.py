"""Whatever kills an import, and wherever its disk fails: nothing acknowledged is lost, nothing wrong is
taken for right, and the same command run again ends as if nothing had happened.

The usual run takes some of the points; ``DAYLIGHT_TEST_FAULT_POINTS=all`` takes every one (some
thousands, see ``harness.WAYS``).
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import missing

ROOT = Path(__file__).resolve().parents[2]
ALL = os.environ.get("DAYLIGHT_TEST_FAULT_POINTS") == "all"
SOME = 6
MEMORY = Path("/dev/shm")
GROUPS = (  # of about the same length
    ("kill", "kill-torn", "kill-worker"),
    ("power", "power-keeps-names"),
    ("fail", "full"),
    ("short", "random"),
)


@pytest.fixture
def scratch(tmp_path, founded) -> Iterator[Path]:
    """In memory, where there is room: a kill is the same there, and a power cut is the model's.

    With the empty vault in it that would else be made for each test.
    """
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 1 << 30:
        with tempfile.TemporaryDirectory(dir=MEMORY, prefix="daylight-faults-") as folder:
            shutil.copytree(founded, Path(folder) / "template")
            yield Path(folder)
    else:
        shutil.copytree(founded, tmp_path / "template")
        yield tmp_path


@pytest.fixture(scope="module", autouse=True)
def tracer():
    command = [sys.executable, "-c", "from tests.faults.ptrace import available as a; print(a())"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    if said.strip():
        missing("ptrace", said.strip())


def explored(scratch: Path, *words: str) -> dict:
    command = [sys.executable, "-m", "tests.faults.harness", scratch, *words]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.timeout(3600 if ALL else 300)
@pytest.mark.parametrize("ways", GROUPS, ids="+".join)
def test_an_import_that_is_broken_off_goes_on_as_if_nothing_had_happened(scratch, ways):
    report = explored(scratch, "0" if ALL else str(SOME), *ways)
    assert report["steps"] > 500
    assert {way: faults for way, faults in report["faults"].items() if faults} == {}
    for way, count in report["points"].items():
        assert count >= (100 if ALL else SOME), way
    sys.stdout.write(json.dumps([report["points"], report["seconds"]]) + "\n")


@pytest.mark.slow
def test_bytes_then_names_then_rows_then_the_word(scratch):
    """And each sync that is there is needed: without it the order is wrong."""
    orders = explored(scratch, "orders")
    assert orders.pop("") == []
    assert len(orders) == 5
    assert all(orders.values()), orders


@pytest.mark.slow
def test_a_vault_that_forgot_a_sync_does_not_pass(scratch):
    """The checks see what they are there to see."""
    faults = explored(scratch, "caught")
    assert len(faults) == 5
    assert all(faults.values()), faults
