"""`daylight ledger` as people and partners meet it, keys under a passphrase included."""

import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.test_verbs import DAYLIGHT, NO_VAULT, daylight
from tests.conftest import missing

ROOT = Path(__file__).resolve().parents[2]
PHRASE = "four unrelated words here"
WITH_PHRASE = {"DAYLIGHT_PASSPHRASE": PHRASE}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two vaults of one small file each, one open, one under a passphrase: to be copied."""
    folder = tmp_path_factory.mktemp("ledger")
    (folder / "disk").mkdir()
    (folder / "disk" / "note").write_text("a note\n")
    for name, more, env in (
        ("open", ["--no-passphrase"], {}),
        ("locked", [], WITH_PHRASE),
    ):
        assert daylight("init", folder / name, "--plain-disk", *more, env=env).returncode == 0
        words = ("import", folder / "disk", "--accession", "a", "--no-examine", "--json")
        done = daylight("--vault", folder / name, *words, env=env)
        assert done.returncode == 0, done.stderr
        (folder / f"{name}.json").write_text(done.stdout)
    return folder


@pytest.fixture
def vault(made, tmp_path):
    shutil.copytree(made / "open", tmp_path / "vault")
    return tmp_path / "vault"


@pytest.fixture
def locked(made, tmp_path):
    shutil.copytree(made / "locked", tmp_path / "locked")
    return tmp_path / "locked"


def ledger(vault, *words, code=0, **options):
    done = daylight("--vault", vault, "ledger", *words, **options)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def read(vault, *words, code=0, **options):
    return json.loads(ledger(vault, *words, "--json", code=code, **options).stdout)


def refused(done, name):
    (line,) = [one for one in done.stderr.splitlines() if one.startswith("daylight:")]
    assert line.endswith(f"[{name}]"), line
    assert "Traceback" not in done.stderr


def state(vault, topic="place", value="Tbilisi", **options):
    words = ("custody", "a", "--state", f"{topic}={value}")
    return daylight("--vault", vault, *words, **options)


def test_an_import_ends_with_a_card(made, vault, tmp_path):
    head = json.loads((made / "open.json").read_text())["head"]
    assert set(head) == {"size", "root", "words"}
    assert len(head["words"]) == 16
    assert read(vault, "compare", *head["words"])["head"]["root"] == head["root"]
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "other").write_text("another\n")
    done = daylight("--vault", vault, "import", tmp_path / "more", "--no-examine")
    lines = done.stdout.splitlines()
    assert lines[-7].startswith("HEAD CARD  vault ")
    assert ledger(vault, "compare", " ".join(lines[-6:-2])).returncode == 0
    assert "█" not in done.stdout  # the code is for terminals and files
    assert str(tmp_path) not in "\n".join(lines[-7:])


def test_on_a_terminal_the_card_has_its_code(vault):
    ours, theirs = pty.openpty()
    command = [DAYLIGHT, "--vault", str(vault), "ledger", "card"]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=NO_VAULT)
    os.close(theirs)
    said = b""
    while True:
        try:
            more = os.read(ours, 4096)
        except OSError:
            break
        if not more:
            break
        said += more
    assert process.wait() == 0
    os.close(ours)
    assert said.decode().count("\x1b[30;107m") > 25
    assert "HEAD CARD" in said.decode()


def test_head_is_written_once_and_is_what_check_takes(vault, tmp_path):
    file = tmp_path / "head.json"
    told = read(vault, "head", "--out", file)
    assert told == json.loads(file.read_text())
    refused(ledger(vault, "head", "--out", file, code=2), "usage")
    assert f"root {told['head']['root']}" in ledger(vault, "head").stdout
    assert state(vault).returncode == 0
    checked = read(vault, "check", "--against", file)
    assert (checked["schema"], checked["ok"], checked["faults"]) == ("ledger-check/1", True, [])
    (grown,) = checked["against"]
    assert (grown["holds"], grown["size"]) == (True, told["head"]["size"])
    assert "1 heads given" in ledger(vault, "check", "--against", file).stdout


@pytest.mark.parametrize("name", ["card.txt", "card.svg", "card.png"])
def test_a_card_is_written_once_and_is_what_check_takes(vault, tmp_path, name):
    ledger(vault, "card", "--out", tmp_path / name)
    refused(ledger(vault, "card", "--out", tmp_path / name, code=2), "usage")
    state(vault)
    assert read(vault, "check", "--against", tmp_path / name)["against"][0]["holds"] is True


def test_a_card_of_another_form_is_wrong_use(vault, tmp_path):
    refused(ledger(vault, "card", "--out", tmp_path / "card.pdf", code=2), "usage")
    assert list(tmp_path.glob("card*")) == []


def test_a_rolled_back_ledger_is_found_by_who_holds_a_head(vault, tmp_path):
    old = tmp_path / "old"
    shutil.copytree(vault, old)
    state(vault)
    card = read(vault, "card")
    ledger(vault, "head", "--out", tmp_path / "head.json")
    told = read(old, "check", "--against", tmp_path / "head.json", code=1)
    assert {one["name"] for one in told["faults"]} == {"ledger-rolled-back"}
    assert told["against"][0]["holds"] is False
    told = read(old, "compare", *card["words"], code=1)
    assert (told["fault"], told["head"]) == ("head-unknown", None)
    told = read(old, "compare", card["code"], code=1)
    assert told["fault"] == "head-contradicted"
    assert "FAULT head-unknown" in ledger(old, "compare", *card["words"], code=1).stdout


def test_compare_reads_words_and_codes(vault):
    card = read(vault, "card")
    assert set(card) == {"schema", "at", "code", "size", "root", "words"}
    state(vault)
    for said in (card["words"], [card["code"]], [" ".join(card["words"]).upper()]):
        told = read(vault, "compare", *said, "--size", card["size"])
        assert told == {
            "schema": "card-comparison/1",
            "ok": True,
            "fault": None,
            "words": card["words"],
            "head": {"size": card["size"], "root": card["root"], "at": card["at"]},
            "entries": card["size"] + 1,
        }
    wrong = [*card["words"][:-1], "acid" if card["words"][-1] != "acid" else "acne"]
    refused(ledger(vault, "compare", *wrong, code=3), "card-refused")
    refused(ledger(vault, "compare", "Ivanov", code=3), "card-refused")
    assert "grew from it" in ledger(vault, "compare", *card["words"]).stdout


def test_entries_and_items_are_proved(vault):
    told = read(vault, "prove", "0")
    assert told["schema"] == "inclusions/1"
    (proof,) = told["proofs"]
    assert json.loads(proof["leaf"])["action"] == "vault-created"
    item = json.loads(daylight("--vault", vault, "items", "--json").stdout)[0]["item"]
    proofs = read(vault, "prove", item[:12])["proofs"]
    assert [json.loads(one["leaf"])["action"] for one in proofs] == ["received"]
    assert item not in json.dumps(proofs)  # a proof opens no commitment
    assert "entry 0 of" in ledger(vault, "prove", "0").stdout
    refused(ledger(vault, "prove", "999", code=2), "usage")
    refused(ledger(vault, "prove", "ffffffffffff", code=2), "usage")


def test_the_log_shows_what_was_done(vault):
    told = read(vault, "log")
    assert [one["index"] for one in told["entries"]] == list(range(len(told["entries"])))
    assert told["entries"][0]["action"] == "vault-created"
    item = json.loads(daylight("--vault", vault, "items", "--json").stdout)[0]["item"]
    assert [one["action"] for one in read(vault, "log", item)["entries"]] == ["received"]
    assert "vault-created" in ledger(vault, "log").stdout


def test_a_file_that_is_no_head_is_refused(vault, tmp_path):
    file = tmp_path / "head.json"
    refused(ledger(vault, "check", "--against", file, code=3), "head-refused")
    for data in (b"", b"{}", b"\xff\xfe", b"[" * 100_000):
        file.write_bytes(data)
        refused(ledger(vault, "check", "--against", file, code=3), "head-refused")


# Partners


@pytest.fixture
def partner(tmp_path):
    """Signs a file as a partner does, and gives the signature's file and the key's."""
    keygen = shutil.which("ssh-keygen")
    if not keygen:
        missing("openssh", "ssh-keygen is not installed (Debian: apt-get install openssh-client)")

    def signs(head, key="anna", namespace="daylight-head"):
        file, signature = tmp_path / key, head.with_name(head.name + ".sig")
        if not file.exists():
            words = ("-q", "-t", "ed25519", "-N", "", "-C", "someone@example.org", "-f", file)
            subprocess.run([keygen, *words], check=True)
        signature.unlink(missing_ok=True)
        words = [keygen, "-Y", "sign", "-n", namespace, "-f", file, head]
        subprocess.run(words, check=True, capture_output=True)
        return signature, file.with_suffix(".pub")

    return signs


def status(vault):
    return json.loads(daylight("--vault", vault, "status", "--json").stdout)["ledger"]


def test_a_partner_witnesses_with_what_every_system_has(vault, tmp_path, partner):
    assert status(vault)["witnessed"] is None
    assert "Never witnessed outside" in daylight("--vault", vault, "status").stdout
    head = tmp_path / "head.json"
    size = read(vault, "head", "--out", head)["head"]["size"]
    signature, key = partner(head)
    words = ("witness", "office:Berlin", "--head", head, "--signature", signature)
    refused(ledger(vault, *words, code=2), "usage")  # the key is not known yet
    told = read(vault, *words, "--key", key)
    assert set(told) == {"schema", "name", "size", "key", "entry", "already"}
    assert (told["name"], told["size"], told["entry"]) == ("office:Berlin", size, size)
    assert read(vault, *words)["already"] is True
    found = status(vault)["witnessed"]
    assert set(found) == {"size", "at", "days_ago", "entries_since", "by"}
    assert (found["size"], found["entries_since"], found["by"]) == (size, 0, 1)
    assert "by one partner" in daylight("--vault", vault, "status").stdout
    state(vault)
    assert status(vault)["witnessed"]["entries_since"] == 1
    shown = daylight("--vault", vault, "status").stdout
    assert "Not witnessed outside since" in shown
    assert "(1 entry)" in shown
    assert read(vault, "check")["ok"] is True
    for told in (shown, ledger(vault, "log").stdout):
        assert "Berlin" not in told
        assert "example.org" not in told


def test_check_goes_over_what_partners_signed(vault, tmp_path, partner):
    head = tmp_path / "head.json"
    ledger(vault, "head", "--out", head)
    signature, key = partner(head)
    words = ("witness", "new", "--head", head, "--signature", signature, "--key", key)
    ledger(vault, *words)
    with closing(sqlite3.connect(vault / "catalogue.sqlite")) as database, database:
        database.execute("UPDATE catalogue_witness SET name = 'office:Moscow'")
    told = read(vault, "check", code=1)
    assert (told["ok"], [one["name"] for one in told["faults"]]) == (False, ["witness-forged"])
    assert "FAULT witness-forged" in ledger(vault, "check", code=1).stdout


def test_a_partner_with_another_key_is_asked_about(vault, tmp_path, partner):
    first, second = tmp_path / "1.json", tmp_path / "2.json"
    ledger(vault, "head", "--out", first)
    signature, key = partner(first)
    words = ("witness", "office:Berlin", "--head", first, "--signature", signature, "--key", key)
    ledger(vault, *words)
    ledger(vault, "head", "--out", second)
    signature, key = partner(second, "boris")
    words = ("witness", "office:Berlin", "--head", second, "--signature", signature)
    refused(ledger(vault, *words, code=3), "witness-refused")
    refused(ledger(vault, *words, "--key", key, code=3), "witness-refused")
    refused(ledger(vault, *words, "--new-key", code=2), "usage")
    assert "has witnessed" in ledger(vault, *words, "--key", key, "--new-key").stdout


def test_what_a_partner_did_not_sign_is_refused(vault, tmp_path, partner):
    head = tmp_path / "head.json"
    ledger(vault, "head", "--out", head)
    signature, key = partner(head, namespace="file")
    words = ["witness", "new", "--head", head, "--signature", signature, "--key", key]
    refused(ledger(vault, *words, code=3), "witness-refused")
    partner(head)
    refused(ledger(vault, "witness", "Anna", *words[2:], code=2), "usage")
    refused(ledger(vault, *words[:-1], head, code=3), "witness-refused")  # no key in it
    refused(ledger(vault, *words[:-1], tmp_path / "none", code=2), "usage")
    signature.write_bytes(signature.read_bytes()[:-40])
    refused(ledger(vault, *words, code=3), "witness-refused")
    head.write_bytes(head.read_bytes().replace(b'"size": ', b'"size": 1'))
    refused(ledger(vault, *words, code=3), "head-refused")
    assert status(vault)["witnessed"] is None


def test_the_page_for_witnesses_can_be_followed(vault, tmp_path, partner):
    """Its commands, as they stand there; only the key is made without a passphrase."""
    head = tmp_path / "head.json"
    ledger(vault, "head", "--out", head)
    page = (ROOT / "docs/witness.md").read_text()
    commands = re.findall(r"(?m)^ +((?:ssh-keygen -Y|printf).*)$", page)
    assert len(commands) == 3
    made, *later = commands
    subprocess.run(["ssh-keygen", "-q", "-N", "", "-f", tmp_path / "witness-key"], check=True)
    subprocess.run(["bash", "-ec", made], cwd=tmp_path, check=True, capture_output=True)
    words = ("--head", head, "--signature", f"{head}.sig", "--key", tmp_path / "witness-key.pub")
    ledger(vault, "witness", "new", *words)
    script = "\n".join(later)
    done = subprocess.run(["bash", "-ec", script], cwd=tmp_path, check=True, capture_output=True)
    assert b"Good" in done.stdout


# Keys under a passphrase


def test_reading_needs_no_passphrase(locked, tmp_path):
    for words in (
        ["head", "--out", tmp_path / "head.json"],
        ["card"],
        ["check", "--against", tmp_path / "head.json"],
        ["log"],
        ["prove", "0"],
    ):
        ledger(locked, *words)


def test_writing_needs_it_and_says_so(locked, tmp_path):
    done = state(locked)
    assert done.returncode == 4
    refused(done, "key-locked")
    done = state(locked, env={"DAYLIGHT_PASSPHRASE": "another"})
    assert done.returncode == 4
    refused(done, "key-wrong")
    before = read(locked, "head")["head"]["size"]
    assert state(locked, env=WITH_PHRASE).returncode == 0
    file = tmp_path / "phrase"
    file.write_text(PHRASE + "\nwhat else is in it\n")
    words = ("--passphrase-file", file, "custody", "a", "--state", "seal=A 1")
    assert daylight("--vault", locked, *words).returncode == 0
    assert read(locked, "head")["head"]["size"] == before + 2
    # The file that is named wins over the environment.
    words = ("--passphrase-file", file, "custody", "a", "--state", "seal=A 2")
    wrong = {"DAYLIGHT_PASSPHRASE": "another"}
    assert daylight("--vault", locked, *words, env=wrong).returncode == 0


def test_a_passphrase_file_that_holds_none_is_wrong_use(locked, tmp_path):
    for file in (tmp_path / "none", tmp_path / "empty"):
        (tmp_path / "empty").write_text("\n")
        words = ("--passphrase-file", file, "custody", "a", "--state", "seal=A 1")
        done = daylight("--vault", locked, *words)
        assert done.returncode == 2
        refused(done, "usage")


def test_init_without_any_is_wrong_use_and_makes_nothing(tmp_path):
    done = daylight("init", tmp_path / "v", "--plain-disk")
    assert done.returncode == 2
    refused(done, "usage")
    assert "--no-passphrase" in done.stderr
    assert not (tmp_path / "v").exists()


def test_no_secret_is_said(made, locked):
    done = ledger(locked, "rotate-key", env=WITH_PHRASE)
    for path in locked.rglob("*"):
        assert not path.is_file() or PHRASE.encode() not in path.read_bytes(), path.name
    assert PHRASE not in done.stdout + done.stderr


def test_rotating_takes_the_old_passphrase_first(locked, tmp_path):
    old = read(locked, "head")["head"]["key"]
    refused(ledger(locked, "rotate-key", code=4), "key-locked")
    wrong = {"DAYLIGHT_PASSPHRASE": "another"}
    refused(ledger(locked, "rotate-key", code=4, env=wrong), "key-wrong")
    ledger(locked, "head", "--out", tmp_path / "head.json")
    said = ledger(locked, "rotate-key", env=WITH_PHRASE).stdout
    assert old not in said
    assert state(locked, env=WITH_PHRASE).returncode == 0
    assert read(locked, "head")["head"]["key"] in said
    assert read(locked, "check", "--against", tmp_path / "head.json")["ok"] is True


def test_a_lost_key_is_replaced_for_a_reason(locked):
    (locked / "vault.keys").unlink()
    done = state(locked, env=WITH_PHRASE)
    assert done.returncode == 4
    refused(done, "key-missing")
    assert ledger(locked, "new-key", code=2, env=WITH_PHRASE)
    refused(ledger(locked, "new-key", "--reason", " ", code=2, env=WITH_PHRASE), "usage")
    refused(ledger(locked, "new-key", "--reason", "fire", code=2), "usage")  # no passphrase
    done = ledger(locked, "new-key", "--reason", "fire", env={"DAYLIGHT_PASSPHRASE": "new one"})
    assert "replicate anew" in done.stderr
    assert state(locked, env={"DAYLIGHT_PASSPHRASE": "new one"}).returncode == 0
    assert read(locked, "check")["ok"] is True
    assert read(locked, "log")["entries"][-2]["action"] == "key-replaced"


def test_an_open_vault_rotates_without(vault):
    refused(ledger(vault, "rotate-key", code=2), "usage")
    ledger(vault, "rotate-key", "--no-passphrase")
    assert state(vault).returncode == 0
    assert read(vault, "check")["ok"] is True
