"""``daylight export court`` as people meet it."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.cli.giving_out import give_out
from tests.cli.test_verbs import CANARY, daylight


@pytest.fixture
def vault(tmp_path, founded):
    made, disk = shutil.copytree(founded, tmp_path / "vault"), tmp_path / "disk"
    disk.mkdir()
    (disk / "note.txt").write_text("a note\n")
    (disk / f"{CANARY}.bin").write_bytes(b"\0\1\2")
    words = ["import", disk, "--allow-writable-source", "--no-examine"]
    done = daylight("--vault", made, *words)
    assert done.returncode == 0, done.stderr
    return made


def ids(vault) -> list[str]:
    return [one["item"] for one in json.loads(daylight("--vault", vault, "items", "--json").stdout)]


def test_a_package_is_given_out_and_checks_itself(vault, tmp_path):
    words = ["--selection", "всё", "--old-hashes", "--no-working-copies"]
    done = give_out(vault, tmp_path, "court", *ids(vault), tmp_path / "out", *words)
    assert done.returncode == 0, done.stderr
    assert "2 items" in done.stdout
    assert CANARY not in done.stdout + done.stderr
    checked = subprocess.run(
        [sys.executable, "-I", tmp_path / "out" / "verify.py"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
    for folder, _, names in os.walk(tmp_path / "out"):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                assert CANARY.encode() not in file.read(), name
    assert daylight("--vault", vault, "ledger", "check").returncode == 0


@pytest.mark.parametrize(
    ("words", "code", "name"),
    [
        (["ffffffffffff", "OUT"], 2, "usage"),
        (["ITEM", "VAULT/x"], 2, "usage"),
        (["ITEM", "THERE"], 2, "destination-exists"),
        (["ITEM", "OUT", "--against", "nothing"], 3, "head-refused"),
        (["ITEM", "nowhere/at/all"], 5, "destination-failed"),
    ],
)
def test_what_goes_wrong_is_one_line(vault, tmp_path, words, code, name):
    places = {"ITEM": ids(vault)[0], "OUT": tmp_path / "out", "THERE": tmp_path / "there"}
    (tmp_path / "there").mkdir()
    given = [str(places.get(word, word)).replace("VAULT", str(vault)) for word in words]
    done = give_out(vault, tmp_path, "court", *given, "--no-working-copies", cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert f"[{name}]" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
    assert not [one for one in os.listdir(tmp_path) if "partial" in one]
