"""``daylight export bag`` as people meet it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.giving_out import give_out
from tests.cli.test_verbs import CANARY, daylight, disk, vault  # noqa: F401  # fixtures


def test_a_bag_goes_out_and_comes_in_again(vault, disk, tmp_path):
    assert daylight("--vault", vault, "import", disk).returncode == 0
    listed = json.loads(daylight("--vault", vault, "items", "--json").stdout)
    names = [one["item"][:16] for one in listed]
    done = give_out(vault, tmp_path, "bag", *names, tmp_path / "bag")
    assert done.returncode == 0, done.stderr
    assert "3 items" in done.stdout
    assert CANARY not in done.stdout + done.stderr
    valid = subprocess.run(
        [Path(sys.executable).parent / "bagit.py", "--validate", tmp_path / "bag"], check=False
    )
    assert valid.returncode == 0
    done = daylight("--vault", vault, "import", tmp_path / "bag", "--json")
    report = json.loads(done.stdout)
    assert (report["bag_faults"], report["items_known"]) == ([], 3)
    assert daylight("--vault", vault, "verify").returncode == 0


@pytest.mark.parametrize(
    ("words", "code", "name"),
    [
        (["ffffffffffff", "OUT"], 2, "usage"),
        (["ITEM", "EXISTS"], 2, "destination-exists"),
        (["ITEM", "VAULT/out"], 2, "usage"),
        (["ITEM", "EXISTS/no/such/out"], 5, "destination-failed"),
        (["OUT"], 2, "usage"),
    ],
)
def test_an_export_that_cannot_be_is_one_line(vault, disk, tmp_path, words, code, name):
    assert daylight("--vault", vault, "import", disk, "--no-examine").returncode == 0
    listed = json.loads(daylight("--vault", vault, "items", "--json").stdout)
    names = {
        "OUT": tmp_path / "out",
        "EXISTS": disk,
        "VAULT/out": vault / "out",
        "ITEM": listed[0]["item"],
    }
    names["EXISTS/no/such/out"] = disk / "no/such/out"
    done = give_out(vault, tmp_path, "bag", *(names.get(word, word) for word in words))
    assert done.returncode == code, done.stderr
    (line,) = [one for one in done.stderr.splitlines() if one.startswith("daylight:")]
    assert line.endswith(f"[{name}]")
    assert not (tmp_path / "out").exists()


def test_one_person_alone_gives_nothing_out(vault, disk, tmp_path):
    assert daylight("--vault", vault, "import", disk, "--no-examine").returncode == 0
    (first, *_) = json.loads(daylight("--vault", vault, "items", "--json").stdout)
    done = daylight("--vault", vault, "export", "bag", first["item"], tmp_path / "out")
    assert (done.returncode, "[usage]" in done.stderr) == (2, True)
    assert not (tmp_path / "out").exists()
