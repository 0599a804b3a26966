"""``daylight verify`` as people and scripts meet it: documents, exit codes, going on after a kill."""

import json
import os
import signal
import sqlite3
import subprocess
import time

import pytest

from tests.cli.test_verbs import CANARY, DAYLIGHT, NO_VAULT, daylight, disk, vault  # noqa: F401


@pytest.fixture
def filled(vault, disk):
    done = daylight("--vault", vault, "import", disk, "--no-examine", "--no-ask")
    assert done.returncode == 0, done.stderr
    return vault


def objects(vault):
    return sorted((vault / "objects").glob("??/??/*"))


def test_a_sound_vault(filled):
    done = daylight("--vault", filled, "verify", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["schema"] == "verify/1"
    assert (said["objects_checked"], said["faults"], said["fault_count"]) == (3, [], 0)
    assert said["bytes"] == 7 + 3 + 9
    assert said["ledger"]["ok"]
    assert len(said["ledger"]["root"]) == 64
    assert said["seals"] == []
    assert said["recorded"]
    assert "verify:" in done.stderr  # progress
    log = json.loads(daylight("--vault", filled, "ledger", "log", "--json").stdout)
    assert log["entries"][-1]["action"] == "verified"


def test_a_fault_is_exit_code_1_and_names_no_leaked_name(filled):
    for path in objects(filled):
        path.unlink()
    done = daylight("--vault", filled, "verify")
    assert done.returncode == 1
    assert done.stdout.count("FAULT object-missing: ") == 3
    assert CANARY not in done.stdout + done.stderr
    said = json.loads(daylight("--vault", filled, "verify", "--sample", "2", "--json").stdout)
    assert said["scope"] == "sample"
    assert {one["name"] for one in said["faults"]} == {"object-missing"}
    assert set(said["faults"][0]) == {"name", "object", "detail"}


def test_a_head_kept_outside(filled, tmp_path):
    head = tmp_path / "head.json"
    assert daylight("--vault", filled, "ledger", "head", "--out", head).returncode == 0
    assert daylight("--vault", filled, "verify", "--against", head).returncode == 0
    with sqlite3.connect(filled / "catalogue.sqlite") as database:
        database.execute('DELETE FROM catalogue_entry WHERE "index" > 1')
    done = daylight("--vault", filled, "verify", "--against", head)
    assert done.returncode == 1
    assert "FAULT ledger-rolled-back: head given 1" in done.stdout
    head.write_text("{}")
    assert daylight("--vault", filled, "verify", "--against", head).returncode == 3


@pytest.mark.parametrize(
    "words",
    [["--sample", "0"], ["--since", "yesterday"], ["--sample", "2", "--since", "2026-11-24"]],
)
def test_wrong_use(filled, words):
    assert daylight("--vault", filled, "verify", *words).returncode == 2


def garbage(path):
    path.write_bytes(os.urandom(5000))


BROKEN = {
    "no catalogue": lambda v: (v / "catalogue.sqlite").unlink(),
    "a catalogue of noise": lambda v: garbage(v / "catalogue.sqlite"),
    "an empty catalogue": lambda v: (v / "catalogue.sqlite").write_bytes(b""),
    "a catalogue cut off": lambda v: os.truncate(v / "catalogue.sqlite", 5000),
    "vault.toml of noise": lambda v: garbage(v / "vault.toml"),
    "vault.toml of another format": lambda v: (v / "vault.toml").write_text("format = [1]"),
    "no table of the vault": lambda v: sqlite3.connect(
        v / "catalogue.sqlite", isolation_level=None
    ).execute("DROP TABLE catalogue_vault"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_vault_that_cannot_be_opened_is_one_line(filled, what):
    for left in filled.glob("catalogue.sqlite-*"):
        left.unlink()
    BROKEN[what](filled)
    done = daylight("--vault", filled, "verify")
    assert done.returncode == 4, done.stdout
    assert done.stderr.startswith("daylight: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_passphrase_is_not_needed(tmp_path, disk):
    made = tmp_path / "locked"
    key = {"DAYLIGHT_PASSPHRASE": "correct horse"}
    assert daylight("init", made, "--plain-disk", env=key).returncode == 0
    assert daylight("--vault", made, "import", disk, "--no-examine", env=key).returncode == 0
    done = daylight("--vault", made, "verify", "--json")
    assert (done.returncode, json.loads(done.stdout)["recorded"]) == (0, False)
    assert "passphrase" not in done.stdout
    done = daylight("--vault", made, "verify", "--json", env=key)
    assert (done.returncode, json.loads(done.stdout)["recorded"]) == (0, True)
    done = daylight("--vault", made, "verify", env={"DAYLIGHT_PASSPHRASE": "wrong"})
    assert done.returncode == 0
    assert "not entered in the ledger" in done.stderr


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_it_goes_on(vault, tmp_path, how):
    many = tmp_path / "many"
    many.mkdir()
    for number in range(40):
        (many / f"{number}").write_bytes(os.urandom(64) * (1 << 16))
    assert daylight("--vault", vault, "import", many, "--no-examine").returncode == 0
    command = [DAYLIGHT, "--vault", str(vault), "verify"]
    for delay in (0.6, 0.9, 1.2):
        running = subprocess.Popen(
            command, env=NO_VAULT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(delay)
        running.send_signal(how)
        assert running.wait(timeout=60) in (0, 130, -how)
    done = daylight("--vault", vault, "verify", "--json")
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["objects_checked"] == 40
    assert [p for p in (vault / "spool").iterdir() if p.suffix != ".lock"] == []
