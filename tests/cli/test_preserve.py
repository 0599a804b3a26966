"""replicate, repair, backup, restore, shares as people meet them: documents, codes, kill -9."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pyrage
import pytest

from daylight.crypto.shares import combine
from tests import forked
from tests.buckets import environment, new_bucket, s3_server
from tests.forked import DAYLIGHT

CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("DAYLIGHT_", "AWS_"))}
PASSPHRASE = "корень и слово"


def daylight(*words, code=0, **env):
    done = forked.run(*words, env=CLEAN | env)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def document(*words, code=0, **env) -> dict:
    return json.loads(daylight(*words, "--json", code=code, **env).stdout)


def error(*words, code, **env) -> str:
    """The name of the one line that was said."""
    done = daylight(*words, code=code, **env)
    (line,) = [one for one in done.stderr.splitlines() if one.startswith("daylight: ")]
    return line.rpartition("[")[2].rstrip("]")


@pytest.fixture
def vault(tmp_path, founded):
    made, disk = shutil.copytree(founded, tmp_path / "vault"), tmp_path / "disk"
    disk.mkdir()
    for number in range(6):
        (disk / f"{number}").write_bytes(os.urandom(300_000 + number))
    daylight("--vault", made, "import", disk, "--no-ask", "--no-examine")
    return made


def objects(vault) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in (vault / "objects").glob("??/??/*")}


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(data))


def test_from_a_broken_disk_and_from_nothing(vault, tmp_path):
    replica, before = tmp_path / "replica", objects(vault)
    cards = daylight("--vault", vault, "shares", "make", "--threshold", 2, "--of", 3).stdout
    words = [line for line in cards.splitlines() if len(line.split()) == 33]
    assert len(words) == 3
    said = document("--vault", vault, "replicate", replica)
    assert {key: said[key] for key in ("schema", "objects", "sent", "number")} == {
        "schema": "replicate/1",
        "objects": 6,
        "sent": 6,
        "number": 1,
    }
    flip(min((vault / "objects").glob("??/??/*")))
    max((vault / "objects").glob("??/??/*")).unlink()
    said = document("--vault", vault, "repair", "--from", replica)
    assert said["schema"] == "repair/1"
    assert {one["fault"] for one in said["repaired"]} == {"object-changed", "object-missing"}
    assert said["left"] == []
    assert objects(vault) == before
    for number, card in enumerate(words):
        (tmp_path / f"card{number}").write_text(card)
    with_cards = ("--shares", tmp_path / "card2", "--shares", tmp_path / "card0")
    said = document("restore", replica, tmp_path / "new", *with_cards, "--plain-disk")
    assert (said["schema"], said["objects"], said["missing"]) == ("restore/1", 6, [])
    assert objects(tmp_path / "new") == before
    assert document("--vault", tmp_path / "new", "status")["items"] == 6
    assert error("restore", replica, tmp_path / "x", *with_cards[:2], "--plain-disk", code=3) == (
        "shares-refused"
    )
    assert error("restore", replica, tmp_path / "new", *with_cards, "--plain-disk", code=4) == (
        "vault-exists"
    )
    keys = ("--keys", vault / "vault.keys")
    document("restore", replica, tmp_path / "third", *keys, "--plain-disk")
    assert objects(tmp_path / "third") == before


def test_a_bucket_is_a_place_too(vault, tmp_path):
    before = objects(vault)
    with s3_server() as address:
        keys, place = environment(address), f"s3://{new_bucket(address)}/replica"
        assert document("--vault", vault, "replicate", place, **keys)["sent"] == 6
        assert document("--vault", vault, "replicate", place, "--check", "3", **keys)["sent"] == 0
        flip(min((vault / "objects").glob("??/??/*")))
        said = document("--vault", vault, "repair", "--from", place, **keys)
        assert len(said["repaired"]) == 1
        opened = ("--keys", vault / "vault.keys", "--plain-disk")
        document("restore", place, tmp_path / "new", *opened, **keys)
    assert objects(vault) == objects(tmp_path / "new") == before


def test_a_check_mends_the_replica_and_says_so_with_its_code(vault, tmp_path):
    replica = tmp_path / "replica"
    daylight("--vault", vault, "replicate", replica)
    flip(max((one for one in replica.rglob("*") if one.is_file()), key=lambda o: o.stat().st_size))
    # What was largest is the state or an object: with the next run both are whole again.
    daylight("--vault", vault, "replicate", replica)
    victim = [one for one in replica.rglob("*") if 299_000 < one.stat().st_size < 301_000][0]
    flip(victim)
    said = document("--vault", vault, "replicate", replica, "--check", "all", code=1)
    assert (said["checked"], len(said["mended"])) == (6, 1)
    assert document("--vault", vault, "replicate", replica, "--check", "all")["mended"] == []


def test_kill_at_random_times_goes_on(vault, tmp_path):
    replica = tmp_path / "replica"
    for pause in (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        process = subprocess.Popen(
            [DAYLIGHT, "--vault", vault, "replicate", replica],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=CLEAN,
        )
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
    daylight("--vault", vault, "replicate", replica, "--check", "all")
    assert not [*replica.rglob("*.part")]
    assert not [*(vault / "spool").glob("snapshot-*")]
    keys = ("--keys", vault / "vault.keys")
    document("restore", replica, tmp_path / "new", *keys, "--plain-disk")
    assert objects(tmp_path / "new") == objects(vault)


def test_wrong_places_keys_and_words(vault, tmp_path):
    at = ("--vault", vault)
    assert error(*at, "replicate", tmp_path / "no/disk", code=5) == "replica-unreachable"
    assert error(*at, "replicate", vault / "spool", code=2) == "usage"
    assert error(*at, "replicate", tmp_path / "r", "--check", "some", code=2) == "usage"
    assert error(*at, "repair", "--from", tmp_path, code=4) == "replica-missing"
    assert error(*at, "repair", "--from", tmp_path, "abc", code=2) == "usage"
    assert error(*at, "backup", tmp_path / "b.age", code=2) == "usage"
    assert error(*at, "shares", "make", "--threshold", 5, "--of", 3, code=2) == "usage"
    assert error("restore", tmp_path, tmp_path / "n", "--plain-disk", code=2) == "usage"
    (tmp_path / "none").write_text("no backup")
    assert error("restore", tmp_path / "none", tmp_path / "n", "--plain-disk", code=3) == (
        "backup-refused"
    )
    daylight(*at, "replicate", tmp_path / "replica")
    other = tmp_path / "other"
    daylight("init", other, "--plain-disk", "--no-passphrase")
    for words in (("replicate", tmp_path / "replica"), ("repair", "--from", tmp_path / "replica")):
        assert error("--vault", other, *words, code=4) == "replica-foreign"
    keys = ("--keys", other / "vault.keys")
    assert error(
        "restore", tmp_path / "replica", tmp_path / "n", *keys, "--plain-disk", code=4
    ) == ("replica-foreign")
    assert not (tmp_path / "n").exists()


def test_keys_under_a_passphrase(tmp_path):
    vault, replica = tmp_path / "vault", tmp_path / "replica"
    right, wrong = {"DAYLIGHT_PASSPHRASE": PASSPHRASE}, {"DAYLIGHT_PASSPHRASE": "no"}
    daylight("init", vault, "--plain-disk", **right)
    assert error("--vault", vault, "replicate", replica, code=4) == "key-locked"
    assert error("--vault", vault, "replicate", replica, code=4, **wrong) == "key-wrong"
    assert not replica.exists()
    daylight("--vault", vault, "replicate", replica, **right)
    cards = daylight("--vault", vault, "shares", "make", "--threshold", 2, "--of", 2, **right)
    words = [line for line in cards.stdout.splitlines() if len(line.split()) == 33]
    assert len(combine(words)) == 32
    for number, card in enumerate(words):
        (tmp_path / f"card{number}").write_text(card)
    cards = ("--shares", tmp_path / "card0", "--shares", tmp_path / "card1", "--plain-disk")
    assert document("restore", replica, tmp_path / "by-cards", *cards)["missing"] == []
    keys = ("restore", replica, tmp_path / "new", "--keys", vault / "vault.keys", "--plain-disk")
    assert error(*keys, code=4) == "key-locked"
    assert error(*keys, code=4, **wrong) == "key-wrong"
    assert document(*keys, **right)["objects"] == 0


def test_a_backup_for_two_people(vault, tmp_path):
    keys = [pyrage.x25519.Identity.generate() for _ in range(2)]
    named = [word for key in keys for word in ("--recipient", str(key.to_public()))]
    said = document("--vault", vault, "backup", tmp_path / "b.age", *named)
    assert (said["schema"], said["recipients"]) == ("backup/1", 2)
    assert said["bytes"] == (tmp_path / "b.age").stat().st_size
    assert error("--vault", vault, "backup", tmp_path / "b.age", *named, code=2) == "usage"
    for number, key in enumerate(keys):
        (tmp_path / "identity").write_text(str(key))
        new = tmp_path / f"new{number}"
        opened = ("--identity", tmp_path / "identity", "--plain-disk")
        assert document("restore", tmp_path / "b.age", new, *opened)["objects"] == 0
        assert document("--vault", new, "status")["items"] == 6
    assert error("restore", tmp_path / "b.age", tmp_path / "n", "--plain-disk", code=3) == (
        "backup-refused"
    )


def test_a_backup_under_a_passphrase(vault, tmp_path):
    (tmp_path / "words").write_text(PASSPHRASE + "\n")
    under = ("--under", tmp_path / "words")
    document("--vault", vault, "backup", tmp_path / "b.age", *under)
    document("restore", tmp_path / "b.age", tmp_path / "new", *under, "--plain-disk")
    assert (tmp_path / "new/vault.keys").read_bytes() == (vault / "vault.keys").read_bytes()
