"""The program in the hands of strangers: hostile names on the screen, wrong words, broken pipes."""

import json
import os
import pty
import select
import signal
import sqlite3
import subprocess
import time

import pytest

from daylight.domain.custody import TOPICS
from tests.cli.test_verbs import (  # noqa: F401  # a fixture
    CANARY,
    DAYLIGHT,
    NO_VAULT,
    daylight,
    from_nothing,
    vault,
)

NAMES = [
    b"line\nAccession forged: 9 files",
    b"\x1b]0;title\x07\x1b[2J",
    "txt.\u202egpj".encode(),
    b"\xe2\xe8\xff",
    b"-rf",
    b"--help",
    b"x" * 255,
    b"\xc2\x9b31m",
    b"=cmd()|'c calc'!A1",
    b" ",
]


@pytest.fixture
def hostile(tmp_path):
    folder = os.fsencode(tmp_path / "disk")
    os.mkdir(folder)
    for number, name in enumerate(NAMES):
        with open(folder + b"/" + name, "wb") as file:
            file.write(b"%d" % number)
    os.mkfifo(folder + b"/fifo\ndaylight: forged [internal]")
    return tmp_path / "disk"


def on_a_terminal(*words, answers: bytes, timeout=30.0):
    """What is said on a pseudo-terminal, and the exit code."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [DAYLIGHT, *map(str, words)], stdin=theirs, stdout=theirs, stderr=theirs, env=NO_VAULT,
        start_new_session=True, preexec_fn=_own_the_terminal,  # noqa: PLW1509  # no threads here
    )  # fmt: skip
    os.close(theirs)
    os.write(ours, answers)
    said, until = b"", time.monotonic() + timeout
    while time.monotonic() < until:
        try:
            said += os.read(ours, 4096)
        except OSError:  # its last reader has gone
            break
    code = process.wait(timeout)
    os.close(ours)
    return said.decode(errors="replace"), code


def _own_the_terminal():
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that a typed Ctrl-C is a signal
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell ignores it for what it runs behind


def test_hostile_names_steer_no_screen_and_come_back_byte_for_byte(vault, hostile):  # noqa: F811
    done = daylight("--vault", vault, "import", hostile, "--no-examine")
    assert done.returncode == 0, done.stderr
    assert "Accession forged" not in done.stderr
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith(("Accession", "daylight:"))] == lines[:1]
    told = daylight("--vault", vault, "items", "--paths").stdout
    assert set(told) & {chr(n) for n in range(0x80, 0xA0)} == set()
    assert not {"\x1b", "\x07", "\u202e"} & set(told)
    assert len(told.splitlines()) == 2 * len(NAMES)
    listed = json.loads(daylight("--vault", vault, "items", "--json").stdout)
    paths = [met["path"] for one in listed for met in one["occurrences"]]
    assert sorted(path.encode("utf-8", "surrogateescape") for path in paths) == sorted(NAMES)


def test_a_screen_that_knows_no_letters_gets_escapes(vault, tmp_path):  # noqa: F811
    (tmp_path / "Ж").write_bytes(b"1")
    daylight("--vault", vault, "import", tmp_path / "Ж", "--no-examine")
    done = from_nothing("--vault", vault, "items", "--paths", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert "\\u0416" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["no-such-verb"],
        ["--vault"],
        ["--no-such-option", "status"],
        ["import"],
        ["items", "--colour"],
        ["items", "too", "many"],
        ["show"],
        ["import", "x", "--max-ratio", "many"],
        ["custody", "x"],
    ],
)
def test_wrong_use_is_one_line_with_its_name(tmp_path, words):
    done = daylight(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("daylight: ")
    assert line.endswith("[usage]")


def test_without_a_verb_the_help_is_shown():
    for words in ([], ["user"]):
        done = daylight(*words)
        assert done.returncode == 2
        assert "Usage:" in done.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--accession", "two\nlines"],
        ["--accession", b"\xe9\xff"],
        ["--accession", "x" * 201],
        ["--accession", " "],
        ["--place", b"Tbil\xe9si"],
        ["--device", "x" * 2001],
        ["--from", "Ivan Petrov"],
        ["--from", "office:"],
    ],
)
def test_what_cannot_be_kept_is_refused_before_anything_is(vault, hostile, options):  # noqa: F811
    words = [os.fsencode(word) for word in ("--vault", vault, "import", hostile, "--no-examine")]
    command = [DAYLIGHT, *words, *options]
    done = subprocess.run(command, capture_output=True, check=False, env=NO_VAULT)
    assert done.returncode == 2
    assert done.stderr.strip().endswith(b"[usage]")
    assert b"Traceback" not in done.stderr
    status = json.loads(daylight("--vault", vault, "status", "--json").stdout)
    assert (status["items"], status["accessions"]) == (0, [])


@pytest.mark.parametrize(
    "text", ["device = [1,", 'colour = "red"', "\xff", 'place = "a\\u0000b"', "[device]\na = '\\'"]
)
def test_a_custody_file_that_says_nothing_is_refused(vault, hostile, tmp_path, text):  # noqa: F811
    (tmp_path / "custody.toml").write_bytes(text.encode("latin-1"))
    words = ["import", hostile, "--custody", tmp_path / "custody.toml", "--no-examine"]
    done = daylight("--vault", vault, *words)
    assert (done.returncode, "[usage]" in done.stderr) == (2, True), done.stderr


def test_a_typed_name_is_refused_at_the_prompt_and_asked_for_again(vault, hostile):  # noqa: F811
    topics = list(TOPICS)
    before = b"\n" * topics.index("handed_over_by")
    after = b"\n" * (len(topics) - topics.index("handed_over_by") - 1)
    answers = before + b"Ivan Petrov\n" + b"new\n" + after
    words = ["--vault", vault, "import", hostile, "--no-examine"]
    said, code = on_a_terminal(*words, answers=answers)
    assert code == 0, said
    assert "never a typed name" in said
    (one,) = json.loads(daylight("--vault", vault, "status", "--json").stdout)["accessions"]
    assert one["custody"]["handed_over_by"] in said
    assert one["custody"]["handed_over_by"].count("-") == 2


def _pressed(ours, key, process):
    """Press it, and an end of input again until the program ends: one that comes while the line editor
    still sets the terminal up reaches nobody. A signal comes through, and twice is too much; but one that comes
    between the prompt and Python's waiting for a key is looked at with the next key alone: then people press again.
    """
    os.write(ours, key)
    said, until = b"", time.monotonic() + 90
    patience = 2.0 if key == b"\x04" else 20.0
    while time.monotonic() < until:
        if not select.select([ours], [], [], patience)[0]:
            os.write(ours, key)
            continue
        try:
            said += os.read(ours, 4096)
        except OSError:  # its last reader has gone
            return said
    process.kill()
    return said


@pytest.mark.parametrize("key", [b"\x03", b"\x04"])
def test_leaving_the_questions_changes_nothing(vault, hostile, key):  # noqa: F811
    ours, theirs = pty.openpty()
    words = ["--vault", str(vault), "import", str(hostile), "--no-examine"]
    process = subprocess.Popen(
        [DAYLIGHT, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=NO_VAULT,
        start_new_session=True, preexec_fn=_own_the_terminal,  # noqa: PLW1509  # no threads here
    )  # fmt: skip
    os.close(theirs)
    said = b""
    while TOPICS["device"].encode() not in said:
        said += os.read(ours, 4096)
    said += _pressed(ours, key, process)
    os.close(ours)
    assert process.wait(30) == 130, said
    status = json.loads(daylight("--vault", vault, "status", "--json").stdout)
    assert (status["items"], status["accessions"]) == (0, [])


def test_in_a_pipe_nothing_is_asked(vault, hostile):  # noqa: F811
    command = [DAYLIGHT, "--vault", vault, "import", hostile, "--no-examine"]
    done = subprocess.run(
        command, input=b"HDD\n" * 20, capture_output=True, check=True, env=NO_VAULT
    )
    assert TOPICS["device"].encode() not in done.stderr + done.stdout
    (one,) = json.loads(daylight("--vault", vault, "status", "--json").stdout)["accessions"]
    assert one["custody"] == dict.fromkeys(TOPICS, "")


def test_who_stops_reading_gets_no_traceback(vault, hostile):  # noqa: F811
    daylight("--vault", vault, "import", hostile, "--no-examine")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [DAYLIGHT, "--vault", vault, "items", "--paths"],
        stdout=writer, stderr=subprocess.PIPE, check=False, env=NO_VAULT,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_locked_catalogue_is_busy_and_nothing_is_said_of_what_was_written(
    vault, hostile, tmp_path
):  # noqa: F811
    """Waiting takes 30 s in truth, so the wait is cut short from outside."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "from sqlite3 import dbapi2\nreal = dbapi2.connect\n"
        "dbapi2.connect = lambda *a, **k: real(*a, **{**k, 'timeout': 0.1})\n"
    )
    with sqlite3.connect(vault / "catalogue.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        words = ["--vault", vault, "import", hostile, "--no-examine"]
        done = from_nothing(*words, env={"PYTHONPATH": str(site)})
        other.execute("ROLLBACK")
    assert done.returncode == 4
    assert done.stderr.splitlines()[-1].endswith("[vault-busy]")
    assert daylight(*words).returncode == 0


@pytest.mark.parametrize("spoil", ["truncate", "garbage", "old"])
def test_a_broken_vault_is_said_in_one_line(vault, spoil):  # noqa: F811
    catalogue, toml = vault / "catalogue.sqlite", vault / "vault.toml"
    if spoil == "truncate":
        catalogue.write_bytes(b"")
    elif spoil == "garbage":
        catalogue.write_bytes(b"garbage" * 10_000)
    else:
        toml.write_text(toml.read_text().replace("format = 1", "format = 99"))
    for suffix in ("-wal", "-shm"):
        (vault / f"catalogue.sqlite{suffix}").unlink(missing_ok=True)
    done = daylight("--vault", vault, "status")
    assert done.returncode == 4
    (line,) = done.stderr.splitlines()
    assert line.endswith("[vault-version]" if spoil == "old" else "[vault]")


@pytest.mark.parametrize("url", ["mysql://h/d", "garbage"])
def test_a_database_that_is_none_of_ours_is_wrong_use(tmp_path, url):
    done = daylight("init", tmp_path / "v", "--plain-disk", "--no-passphrase", "--database", url)
    assert (done.returncode, (tmp_path / "v").exists()) == (2, False)


def test_a_database_that_does_not_answer_leaves_an_empty_folder(tmp_path):
    url = f"postgresql://{str(tmp_path).replace('/', '%2F')}/none"
    done = daylight("init", tmp_path / "v", "--plain-disk", "--no-passphrase", "--database", url)
    assert done.returncode == 4
    (line,) = done.stderr.splitlines()
    assert line.endswith("[vault]")
    assert daylight("init", tmp_path / "v", "--plain-disk", "--no-passphrase").returncode == 0


@pytest.mark.parametrize("debug", [True, False])
def test_a_traceback_shows_only_when_it_is_asked_for(tmp_path, debug):
    done = daylight(*(["--debug"] if debug else []), "--vault", tmp_path, "status")
    assert ("Traceback" in done.stderr) is debug


def test_no_leaked_name_in_the_words_of_a_failure(vault, tmp_path):  # noqa: F811
    """Unreadable, limited and cut archives, links and pipes, each with a name that must not show."""
    disk = tmp_path / "disk"
    disk.mkdir()
    (disk / f"{CANARY}.zip").write_bytes(b"PK\3\4" + b"\0" * 26 + CANARY.encode())
    (disk / f"{CANARY} link").symlink_to(CANARY)
    os.mkfifo(disk / f"{CANARY} pipe")
    (disk / f"{CANARY}.bin").write_bytes(os.urandom(2 << 20))
    done = daylight("--vault", vault, "import", disk, "--json")
    assert done.returncode == 0, done.stderr
    assert CANARY not in done.stderr
    for _ in range(2):
        process = subprocess.Popen(
            [DAYLIGHT, "--vault", vault, "import", disk],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=NO_VAULT,
        )  # fmt: skip
        time.sleep(0.6)
        process.send_signal(signal.SIGINT)
        said = process.communicate()[1].decode()
        assert process.returncode in (0, 130, -signal.SIGINT), said
        assert CANARY not in said
