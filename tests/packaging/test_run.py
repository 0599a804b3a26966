"""``make run``: the steps of the program, in one command, and again."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DAYLIGHT = Path(sys.executable).parent / "daylight"


@contextmanager
def started(*words: str | Path):
    """The process, in a group of its own as a terminal would have it; killed at the end."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("RUN_")}
    process = subprocess.Popen(
        [sys.executable, ROOT / "tools/run.py", "--port", "0", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env=clean,
    )
    try:
        yield process
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.communicate()


def until_open(process) -> tuple[str, str]:
    """Waits for the login link; the address and all that was said so far."""
    said = ""
    for line in process.stdout:
        said += line
        link = re.search(r"http://127\.0\.0\.1:\d+/enter/[\w-]+/", line)
        if link:
            return link[0], said
    raise AssertionError(said)


def status(vault: Path) -> dict:
    words = [DAYLIGHT, "--vault", vault, "status", "--json"]
    return json.loads(subprocess.run(words, check=True, capture_output=True).stdout)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    folder = tmp_path / "disk; $(x) 'q"
    folder.mkdir()
    shutil.copy(ROOT / "samples/truck.jpg", folder)
    return folder


def test_from_a_disk_to_the_review_room_and_again(disk, tmp_path):
    vault = tmp_path / "va ult"
    words = ("--archive", disk, "--vault", vault)
    with started(*words, "--init-options=--plain-disk --no-passphrase") as process:
        address, _ = until_open(process)
        with urllib.request.urlopen(address, timeout=20) as page:
            assert page.status == 200
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(20) == 0
    once = status(vault)
    assert once["items"] == 1
    assert once["unexamined"] == 0
    (accession,) = once["accessions"]
    assert re.fullmatch(r"disk-[0-9a-f]{12}", accession["name"])
    with started(*words) as process:
        address, said = until_open(process)
        assert "1 files were kept by an earlier run" in said
        urllib.request.urlopen(address, timeout=20).close()
        process.terminate()
        assert process.wait(20) == 0
    assert status(vault) == once


def test_another_disk_at_the_same_place_is_another_transfer(disk, tmp_path):
    vault = tmp_path / "vault"
    with started(
        "--archive", disk, "--vault", vault, "--init-options=--plain-disk --no-passphrase"
    ) as process:
        until_open(process)
    disk.rename(tmp_path / "gone")
    disk.mkdir()
    (disk / "other.txt").write_text("another disk")
    with started("--archive", disk, "--vault", vault) as process:
        until_open(process)
    assert len(status(vault)["accessions"]) == 2


def test_a_vault_alone_is_opened_and_gets_no_sample(disk, tmp_path):
    vault = tmp_path / "vault"
    with started(
        "--archive", disk, "--vault", vault, "--init-options=--plain-disk --no-passphrase"
    ) as process:
        until_open(process)
    before = status(vault)
    with started("--vault", vault) as process:
        until_open(process)
    assert status(vault) == before


@pytest.mark.parametrize("words", [["--vault", "{}/none"], ["--archive", "{}"]])
def test_half_a_wish_is_refused(words, tmp_path):
    with started(*(word.format(tmp_path) for word in words)) as process:
        assert process.wait(20) == 2
        assert "ARCHIVE=" in process.stdout.read()


def test_exit_codes_come_through(disk, tmp_path):
    (tmp_path / "vault").mkdir()
    (tmp_path / "vault/something").touch()
    words = [
        "--archive",
        disk,
        "--vault",
        tmp_path / "vault",
        "--init-options=--plain-disk --no-passphrase",
    ]
    with started(*words) as process:
        assert process.wait(20) == 4
        assert "[vault-exists]" in process.stdout.read()


def test_interrupted_it_goes_on(disk, tmp_path):
    vault = tmp_path / "vault"
    with (disk / "large").open("wb") as file:
        for _ in range(24):
            file.write(os.urandom(1 << 24))
    subprocess.run(
        [DAYLIGHT, "init", vault, "--plain-disk", "--no-passphrase"],
        check=True,
        capture_output=True,
    )
    with started("--archive", disk, "--vault", vault) as process:
        while not (vault / "spool/use.lock").exists():
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(20) == 130
    with started("--archive", disk, "--vault", vault) as process:
        until_open(process)
    seen = status(vault)
    assert len(seen["accessions"]) == 1
    assert seen["accessions"][0]["occurrences"] == 2
