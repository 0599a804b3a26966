"""Two people at the command line: keys, hold, purge, and kill -9 in the middle of it."""

import hashlib
import json
import os
import random
import secrets
import signal
import subprocess
import time

import pytest

from daylight.crypto.sealed import sealed_size
from daylight.storage.canary import spellings
from tests.buckets import environment, new_bucket, s3_server
from tests.cli.test_verbs import DAYLIGHT, NO_VAULT, daylight, vault  # noqa: F401  # a fixture

NAME = "Ivanov-canary-purge-77.mkv"
KILLS = int(os.environ.get("DAYLIGHT_TEST_KILLS", "4"))


class Desk:
    """A vault with two people who have keys, and a disk of three files."""

    def __init__(self, vault, tmp_path):
        self.vault, self.folder = vault, tmp_path / "in"
        self.folder.mkdir()
        for name in (NAME, "second", "third"):
            (self.folder / name).write_bytes(name.encode() + secrets.token_bytes(5000))
        self.phrases = {}
        for name, role in (("ada", "archivist"), ("boris", "counsel"), ("vera", "analyst")):
            self.phrases[name] = tmp_path / f"{name}.phrase"
            self.phrases[name].write_text(f"the phrase of {name}\n")
            self.ok("user", "add", name, "--role", role)
            self.ok("user", "key", name, "--key-passphrase-file", self.phrases[name])
        self.ok("import", self.folder, "--no-examine")

    def run(self, *words, by="", **options):
        if by:
            words = (*words, "--as", by, "--key-passphrase-file", self.phrases[by])
        return daylight("--vault", self.vault, *words, **options)

    def ok(self, *words, by=""):
        done = self.run(*words, by=by)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *words, by=""):
        return json.loads(self.ok(*words, "--json", by=by))

    def digest(self, name):
        return hashlib.sha256((self.folder / name).read_bytes()).hexdigest()

    def found(self, name=NAME, root=None):
        needles = [name.encode(), *spellings(bytes.fromhex(self.digest(name)))]
        return [
            path.name
            for path in (root or self.vault).rglob("*")
            if path.is_file()
            and any(one in path.read_bytes() + os.fsencode(path.name) for one in needles)
        ]


@pytest.fixture
def desk(vault, tmp_path):  # noqa: F811
    return Desk(vault, tmp_path)


def test_from_hold_to_purge(desk):
    item = desk.digest(NAME)
    held = desk.json("hold", item, "--reason", "case 12/26")
    assert held == {"schema": "hold/1", "entry": held["entry"], "items": [item]}
    assert desk.json("show", item)["hold"]["reason"] == "case 12/26"
    assert "legal hold since" in desk.ok("show", item)
    refused = desk.run("purge", item, "--reason", "consent", by="ada")
    assert (refused.returncode, "[item-held]" in refused.stderr) == (2, True)
    lifting = desk.json("hold", item, "--lift", "--reason", "closed", by="ada")["id"]
    assert desk.json("approve", lifting, by="boris")["act"] == "hold-lifted"
    assert desk.json("show", item)["hold"] is None
    asked = desk.json("purge", item, "--reason", "consent withdrawn", by="ada")["id"]
    (listed,) = desk.json("requests")["requests"]
    assert (listed["id"], listed["items"], listed["first"]) == (asked, [item], "ada")
    assert asked in desk.ok("requests")
    for by, name in (("ada", "approval-refused"), ("vera", "approval-refused")):
        refused = desk.run("approve", asked, by=by)
        assert (refused.returncode, f"[{name}]" in refused.stderr) == (2, True)
    told = desk.run("approve", asked, "--json", by="boris")
    assert item in told.stderr
    assert NAME not in told.stderr + told.stdout
    (report,) = json.loads(told.stdout)["purges"]
    assert (report["clean"], report["items"], report["traces"]) == (True, 1, [])
    assert report["copies"] == {"backups": [], "replicas": [], "exports": []}
    assert desk.found() == []
    gone = desk.run("show", item)
    assert (gone.returncode, "no item has this name" in gone.stderr) == (2, True)
    assert item not in {one["item"] for one in json.loads(desk.ok("items", "--json"))}
    assert desk.json("ledger", "check")["ok"] is True
    assert desk.json("purge", "--finish") == {"schema": "purge/1", "purges": []}
    again = json.loads(desk.ok("import", desk.folder, "--accession", "two", "--json"))
    assert [one["kind"] for one in again["refused"]] == ["purged"]
    assert desk.found() == []


def test_replicas_on_a_disk_and_in_a_bucket_forget_what_was_purged(desk, tmp_path):
    folder, item = tmp_path / "replica", desk.digest(NAME)
    with s3_server() as address:
        env, bucket = environment(address), f"s3://{new_bucket(address)}/replica"
        for place in (folder, bucket):
            assert desk.run("replicate", place, env=env).returncode == 0
        sizes = [one.stat().st_size for one in folder.rglob("*") if one.is_file()]
        sealed = sealed_size((desk.folder / NAME).stat().st_size)
        assert sizes.count(sealed) == 1
        asked = desk.json("purge", item, "--reason", "consent withdrawn", by="ada")["id"]
        told = desk.ok("approve", asked, by="boris")
        assert told.count("STILL HELD by replica") == 2
        for place in (folder, bucket):
            done = desk.run("replicate", place, "--check", "all", "--json", env=env)
            said = json.loads(done.stdout)
            assert (said["forgotten"], said["objects"], said["checked"]) == (1, 2, 2)
            words = ("restore", place, tmp_path / f"from-{place == bucket}", "--plain-disk")
            keys = ("--keys", desk.vault / "vault.keys")
            assert daylight(*words, *keys, env=env).returncode == 0
        sizes = [one.stat().st_size for one in folder.rglob("*") if one.is_file()]
        assert sealed not in sizes
    for number in (False, True):
        assert desk.found(root=tmp_path / f"from-{number}") == []


def test_a_request_is_withdrawn(desk):
    asked = desk.json("purge", desk.digest("second"), "--reason", "x", by="ada")["id"]
    assert desk.json("requests", "--withdraw", asked)["requests"] == []
    assert desk.run("approve", asked, by="boris").returncode == 2
    assert desk.run("requests", "--withdraw", asked).returncode == 2


WRONG = [
    (["purge"], "usage"),
    (["purge", "ITEM", "--as", "ada"], "usage"),
    (["purge", "ITEM", "--reason", "x"], "usage"),
    (["purge", "ffffffff", "--reason", "x", "--as", "ada"], "usage"),
    (["purge", "ITEM", "--reason", "x", "--as", "ada", "--keep-hash"], "usage"),
    (["purge", "ITEM", "--reason", "x", "--as", "ada", "--because", "law"], "usage"),
    (["purge", "ITEM", "--reason", "x", "--as", "nobody"], "approval-refused"),
    (["purge", "ITEM", "--reason", "x", "--as", "vera"], "approval-refused"),
    (["hold", "ITEM", "--lift", "--reason", "x"], "usage"),
    (["hold", "ITEM", "--lift", "--reason", "x", "--as", "ada"], "usage"),
    (["approve", "none", "--as", "boris"], "approval-refused"),
    (["user", "key", "ada"], "usage"),
    (["user", "key", "nobody", "--retire"], "usage"),
]


def test_wrong_use_changes_nothing(desk):
    before = desk.json("status")
    for words, name in WRONG:
        done = desk.run(*(desk.digest(NAME) if word == "ITEM" else word for word in words))
        assert done.returncode == 2, (words, done.stderr)
        assert f"[{name}]" in done.stderr, (words, done.stderr)
    assert desk.json("status") == before
    assert desk.json("requests")["requests"] == []


def test_a_passphrase_is_not_taken_from_the_environment(desk):
    words = ("purge", desk.digest(NAME), "--reason", "x", "--as", "ada")
    done = desk.run(*words, env={"DAYLIGHT_PASSPHRASE": "the phrase of ada"})
    assert (done.returncode, "[key-locked]" in done.stderr) == (4, True)
    wrong = desk.run(*words, "--key-passphrase-file", desk.phrases["boris"])
    assert (wrong.returncode, "[key-wrong]" in wrong.stderr) == (4, True)


@pytest.mark.slow
def test_killed_at_random_moments_nothing_is_left_half(desk):
    chance, killed = random.Random(11), 0
    whole = desk.json("purge", desk.digest(NAME), "--reason", "x", by="ada")["id"]
    began = time.monotonic()
    desk.ok("approve", whole, by="boris")
    length = time.monotonic() - began
    for number in range(KILLS):
        name = f"canary-{number}-{NAME}"
        (desk.folder / name).write_bytes(secrets.token_bytes(700_000))
        desk.ok("import", desk.folder / name, "--accession", f"a{number}", "--no-examine")
        asked = desk.json("purge", desk.digest(name), "--reason", "x", by="ada")["id"]
        killed += _killed_after(desk, asked, chance.uniform(0.4, 1.0) * length)
        shown = desk.run("show", desk.digest(name)).returncode == 0
        assert desk.run("ledger", "check").returncode == 0
        if shown or number % 2:
            desk.run("approve", asked, by="boris")  # refused where it was done to its end
        else:
            desk.ok("purge", "--finish")
        assert desk.found(name) == []
        assert desk.json("ledger", "check")["ok"] is True
        assert desk.json("purge", "--finish")["purges"] == []
    assert killed > 0


def _killed_after(desk, asked, seconds):
    words = ["approve", asked, "--as", "boris", "--key-passphrase-file", desk.phrases["boris"]]
    process = subprocess.Popen(
        [DAYLIGHT, "--vault", desk.vault, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        env=NO_VAULT,
    )
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL
