"""The program as people and scripts meet it: documents, exit codes, one-line errors, prompts."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from daylight.cli.registry import VERBS
from tests import forked
from tests.forked import DAYLIGHT

CANARY = "Иванов-canary-7c1f"
NO_VAULT = {key: value for key, value in os.environ.items() if key != "DAYLIGHT_VAULT"}


def daylight(*words, cwd=".", env=None):
    return forked.run(*words, env=NO_VAULT | (env or {}), cwd=cwd)


def from_nothing(*words, env=None):
    """The same, in an interpreter of its own: what the environment tells one at its start counts."""
    return subprocess.run(
        [DAYLIGHT, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=NO_VAULT | (env or {}),
    )


@pytest.fixture
def vault(tmp_path, founded):
    return shutil.copytree(founded, tmp_path / "vault")


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    (folder / "note.txt").write_text("a note\n")
    (folder / f"{CANARY}.bin").write_bytes(b"\0\1\2")
    os.mkfifo(folder / "pipe")
    with open(os.fsencode(folder) + b"/\xe2\xe8.txt", "wb") as file:
        file.write(b"not UTF-8")
    return folder


def test_start_up_needs_no_codec(tmp_path):
    told = subprocess.run(
        [sys.executable, "-X", "importtime", DAYLIGHT, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=NO_VAULT,
    ).stderr
    loaded = set(re.findall(r"\| +([\w.]+)$", told, re.MULTILINE))
    # The bootstrap itself is imported by name, which is not told; what it imports is.
    assert {"daylight.start", "daylight.cli.registry"} <= loaded
    assert not loaded & {"numpy", "av", "scipy", "PIL", "daylight.catalogue.models"}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_helps_without_a_vault(verb):
    """And finds all it imports without the other verbs."""
    done = from_nothing(verb, "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage:" in done.stdout


@pytest.mark.parametrize(
    ("words", "code", "name"),
    [
        (["status"], 4, "vault-missing"),
        (["--vault", "nowhere", "status"], 4, "vault-missing"),
        (["--vault", "VAULT", "show", "ffffffffffff"], 2, "usage"),
        (["--vault", "VAULT", "import", "nothing-here"], 3, "source-unreadable"),
        (["--vault", "VAULT", "import", "DISK", "--from", "Ivan Petrov"], 2, "usage"),
        (["--vault", "VAULT", "import", "DISK", "--collection", "No"], 2, "usage"),
        (["--vault", "VAULT", "import", "DISK", "--custody", "none.toml"], 2, "usage"),
        (["--vault", "VAULT", "examine", "--only", "crystal-ball"], 2, "usage"),
        (["--vault", "VAULT", "custody", "none", "--state", "seal=1"], 2, "usage"),
        (["--vault", "VAULT", "custody", "none", "--state", "colour=red"], 2, "usage"),
        (["init", "VAULT", "--plain-disk", "--no-passphrase"], 4, "vault-exists"),
        (["init", "FILE", "--plain-disk", "--no-passphrase"], 4, "vault"),
        (["init", "FILE/inside", "--plain-disk", "--no-passphrase"], 4, "vault"),
        (["--vault", "FILE", "status"], 4, "vault"),
    ],
)
def test_an_error_is_one_line_with_its_name(vault, disk, tmp_path, words, code, name):
    names = {"VAULT": vault, "DISK": disk, "FILE": __file__, "FILE/inside": f"{__file__}/inside"}
    done = daylight(*(names.get(word, word) for word in words), cwd=tmp_path)
    assert done.returncode == code, done.stderr
    (line,) = [one for one in done.stderr.splitlines() if one.startswith("daylight:")]
    assert line.endswith(f"[{name}]")
    assert "Traceback" not in done.stderr
    assert CANARY not in done.stderr


def test_a_plain_disk_is_refused_unless_it_is_accepted(tmp_path):
    done = daylight("init", tmp_path / "v")
    if done.returncode == 0:
        pytest.skip("the tests' folder lies on an encrypted volume")
    assert done.returncode == 4
    assert "vault-plain-disk" in done.stderr
    assert not (tmp_path / "v").exists()


def test_wrong_options_are_wrong_use(vault):
    assert daylight("--vault", vault, "items", "--colour").returncode == 2
    assert daylight("no-such-verb").returncode == 2


def test_documents_have_their_keys(vault, disk):
    done = daylight("--vault", vault, "import", disk, "--accession", "disk 1", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert set(report) == {
        "schema", "accession", "files", "bytes", "items_new", "items_known", "occurrences",
        "already", "links", "refused", "bag_faults", "seconds", "head",
    }  # fmt: skip
    assert (report["accession"], report["files"], report["items_new"]) == ("disk 1", 3, 3)
    assert [(one["path"], one["reason"]) for one in report["refused"]] == [("pipe", "fifo")]
    listed = json.loads(daylight("--vault", vault, "items", "--json").stdout)
    assert set(listed[0]) == {
        "item", "id", "bytes", "kind", "state", "reason", "duration", "container", "codec",
        "width", "height", "fps", "occurrences", "contested",
    }  # fmt: skip
    paths = {os.fsencode(met["path"]) for one in listed for met in one["occurrences"]}
    assert paths == {b"note.txt", f"{CANARY}.bin".encode(), b"\xe2\xe8.txt"}
    status = json.loads(daylight("--vault", vault, "status", "--json").stdout)
    assert set(status) == {
        "schema", "items", "bytes", "video_seconds", "unexamined", "kinds", "accessions", "ledger",
    }  # fmt: skip
    assert (status["items"], status["unexamined"]) == (3, 0)
    one = next(item for item in listed if item["bytes"] == 7)
    shown = json.loads(daylight("--vault", vault, "show", one["item"][:12], "--json").stdout)
    assert shown["custody"][0]["action"] == "received"
    assert shown["kind"] == "document"
    examined = json.loads(daylight("--vault", vault, "examine", "--json").stdout)
    assert examined == {
        "schema": "examine/1", "items": 0, "findings": 0, "failed": 0, "media_s": 0.0, "took_s": 0.0,
        "relations": 0, "compared": 0,
    }  # fmt: skip
    doubled = json.loads(daylight("--vault", vault, "duplicates", "--json").stdout)
    assert doubled == {"schema": "duplicates/1", "pairs": [], "groups": [], "contested": []}


def test_the_vault_may_be_named_by_the_environment(vault):
    assert daylight("status", env={"DAYLIGHT_VAULT": str(vault)}).returncode == 0


def test_no_leaked_name_reaches_progress_or_the_vaults_files(vault, disk):
    done = daylight("--vault", vault, "import", disk)
    assert CANARY not in done.stderr
    for file in vault.rglob("*"):
        assert CANARY not in file.name
        if file.is_file() and not file.name.startswith("catalogue"):
            assert CANARY.encode() not in file.read_bytes()


def test_what_is_known_comes_from_a_file_and_options_win(vault, disk, tmp_path):
    file = tmp_path / "custody.toml"
    file.write_text('device = "HDD"\nseal = "A 1"\n')
    words = ["import", disk, "--custody", file, "--seal", "B 2", "--from", "new", "--no-examine"]
    done = daylight("--vault", vault, *words)
    assert re.search(r"codename of whoever handed it over: \w+-\w+-\d\d", done.stderr)
    status = json.loads(daylight("--vault", vault, "status", "--json").stdout)
    known = status["accessions"][0]["custody"]
    assert (known["device"], known["seal"], known["place"]) == ("HDD", "B 2", "")
    name = status["accessions"][0]["name"]
    assert daylight("--vault", vault, "custody", name, "--state", "place=Tbilisi").returncode == 0
    status = json.loads(daylight("--vault", vault, "status", "--json").stdout)
    assert status["accessions"][0]["custody"]["place"] == "Tbilisi"


def test_on_a_terminal_it_asks(vault, disk):
    ours, theirs = pty.openpty()
    command = [DAYLIGHT, "--vault", str(vault), "import", str(disk), "--no-examine"]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=NO_VAULT)
    os.close(theirs)
    os.write(ours, b"HDD 2 TB\n" + b"\n" * 8)
    said = b""
    while process.poll() is None:
        try:
            said += os.read(ours, 4096)
        except OSError:
            break
    assert process.wait() == 0
    os.close(ours)
    assert "What the material is on" in said.decode(errors="replace")
    assert "100%" in said.decode(errors="replace") or "3 files" in said.decode(errors="replace")
    status = json.loads(daylight("--vault", vault, "status", "--json").stdout)
    assert status["accessions"][0]["custody"]["device"] == "HDD 2 TB"


def test_interrupted_it_says_so_and_goes_on(vault, tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    for number in range(4000):
        (folder / f"{number}").write_bytes(number.to_bytes(8, "big") * 30)
    command = [DAYLIGHT, "--vault", str(vault), "import", str(folder), "--no-examine"]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=NO_VAULT
    )
    while not any((vault / "objects").iterdir()) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1]
    assert process.returncode == 130, said
    assert "goes on" in said
    done = daylight(*command[1:], "--json")
    assert json.loads(done.stdout)["files"] == 4000


def test_two_imports_at_once_both_end_right(vault, tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        for number in range(600):
            (folder / f"{number}").write_bytes(f"{number % 300} {folder.name[0]}".encode())
    for targets in (folders, [folders[0], folders[0]]):
        running = [
            subprocess.Popen(
                [DAYLIGHT, "--vault", str(vault), "import", str(target), "--no-examine", "--json"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=NO_VAULT,
            )
            for target in targets
        ]
        for process in running:
            out, said = process.communicate()
            assert process.returncode == 0, said
            assert json.loads(out)["files"] == 600
    status = json.loads(daylight("--vault", vault, "status", "--json").stdout)
    assert status["items"] == 600
    assert [one["occurrences"] for one in status["accessions"]] == [600] * 4


def test_a_lost_catalogue_is_said_and_not_made_anew(vault):
    (vault / "catalogue.sqlite").unlink()
    done = daylight("--vault", vault, "status")
    assert (done.returncode, "[vault]" in done.stderr) == (4, True)
    assert not (vault / "catalogue.sqlite").exists()


def test_a_bag_that_points_outside_is_named_so(vault, tmp_path):
    from tests.routes.test_bags import bag

    made = bag(tmp_path / "bag")
    (made / "data/l").symlink_to("/etc/passwd")
    done = daylight("--vault", vault, "import", made)
    assert (done.returncode, "[bag-outside]" in done.stderr) == (3, True)


def test_what_is_wrong_with_a_bag_is_told(vault, tmp_path):
    from tests.routes.test_bags import bag

    made = bag(tmp_path / "bag")
    (made / "data/a").write_bytes(b"changed")
    done = daylight("--vault", vault, "import", made, "--no-examine", "--accession", "x")
    assert "bag error: data/a: mismatch" in done.stdout
    done = daylight("--vault", vault, "import", made, "--no-examine", "--accession", "x", "--json")
    told = json.loads(done.stdout)["bag_faults"]
    assert told == [{"path": "data/a", "reason": "mismatch", "level": "error"}]
