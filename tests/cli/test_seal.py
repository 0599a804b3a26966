"""``daylight seal`` and ``daylight work`` as people and scripts meet them, against ``openssl ts``."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.authority import OPENSSL, Chain, Said, Stamper, served, stamp
from tests.cli.test_verbs import DAYLIGHT, NO_VAULT, daylight, vault  # noqa: F401  # a fixture
from tests.conftest import missing
from tests.services.test_transport import closed_port

CHAIN = Chain()


@pytest.fixture
def server():
    with served(lambda query: Said(stamp(CHAIN, query))) as running:
        yield running


@pytest.fixture
def root(tmp_path):
    path = tmp_path / "root.pem"
    path.write_bytes(CHAIN.root.pem)
    return path


def add(vault, name, url, root):
    return daylight("--vault", vault, "seal", "add", name, url, "--certificate", root)


def listed(vault) -> dict:
    found = json.loads(daylight("--vault", vault, "seal", "list", "--json").stdout)
    return {one["name"]: one for one in found["authorities"]}


def test_what_is_sealed_holds_for_openssl(vault, root, tmp_path):
    """As docs/seal.md has it: the head is taken out of its file, and a stranger checks the rest."""
    if OPENSSL is None:
        missing("openssl", "there is no openssl to play the authority")
    stamper = Stamper(tmp_path / "tsa", CHAIN)
    with served(lambda query: Said(stamper(query))) as server:
        assert add(vault, "one", server.url, root).returncode == 0
        done = daylight("--vault", vault, "seal", "--json")
    assert done.returncode == 0, done.stderr
    (made,) = json.loads(done.stdout)["seals"]
    assert (made["authority"], made["made"], made["error"]) == ("one", True, None)
    heads = vault / "ledger/heads"
    document = json.loads((heads / f"{made['size']}.json").read_text())
    head = json.dumps(document["head"], sort_keys=True, separators=(",", ":"))
    (tmp_path / "head").write_text(head)
    words = ["-data", tmp_path / "head", "-in", heads / f"{made['size']}.one.tsr", "-CAfile", root]
    told = subprocess.run([OPENSSL, "ts", "-verify", *words], capture_output=True, check=True)
    assert b"Verification: OK" in told.stdout + told.stderr


def test_one_that_fails_leaves_its_seal_wanted(vault, root, server):
    add(vault, "one", server.url, root)
    add(vault, "two", f"http://127.0.0.1:{closed_port()}/", root)
    done = daylight("--vault", vault, "seal")
    assert (done.returncode, "[authority-unreachable]" in done.stderr) == (5, True)
    assert "one: the head of" in done.stdout
    found = listed(vault)
    assert (found["one"]["made"], found["one"]["wanted"]) == (1, None)
    assert found["two"]["wanted"]["error"] == "authority-unreachable"
    done = daylight("--vault", vault, "seal", "--authority", "one")
    assert done.returncode == 0
    assert daylight("--vault", vault, "seal", "remove", "two").returncode == 0
    assert "removed" in daylight("--vault", vault, "seal", "list").stdout


def test_status_says_since_when_nothing_was_sealed(vault, root, server):
    def status():
        said = daylight("--vault", vault, "status", "--json").stdout
        return json.loads(said)["ledger"]["sealed"], daylight("--vault", vault, "status").stdout

    sealed, shown = status()
    assert sealed is None
    assert "Never sealed" in shown
    add(vault, "one", server.url, root)
    assert daylight("--vault", vault, "seal").returncode == 0
    sealed, shown = status()
    assert set(sealed) == {"size", "at", "days_ago", "entries_since", "by"}
    assert (sealed["size"], sealed["by"], sealed["entries_since"]) == (2, 1, 0)
    assert "Sealed by one authority, and nothing was entered since" in shown
    add(vault, "two", server.url, root)
    sealed, shown = status()
    assert sealed["entries_since"] == 1
    assert "Not sealed since" in shown
    assert "(1 entry); then by one authority" in shown


def test_an_answer_that_does_not_hold_is_refused(vault, root, server):
    other = Chain()
    server.answer = lambda query: Said(stamp(other, query))
    add(vault, "one", server.url, root)
    done = daylight("--vault", vault, "seal", "--json")
    assert (done.returncode, "[seal-refused]" in done.stderr) == (3, True)
    assert json.loads(done.stdout)["seals"][0]["error"] == "seal-refused:chain"
    assert not [*(vault / "ledger/heads").glob("*.tsr")]


@pytest.mark.parametrize(
    ("words", "code", "name"),
    [
        (["seal"], 2, "usage"),
        (["seal", "remove", "one"], 2, "usage"),
        (["seal", "add", "one", "http://a/", "--certificate", "none.pem"], 3, "source-unreadable"),
        (["seal", "add", "one", "http://a/", "--certificate", __file__], 3, "input-refused"),
        (["seal", "add", "one", "file:///etc/passwd", "--certificate", "ROOT"], 2, "usage"),
        (["seal", "add", "../one", "http://a/", "--certificate", "ROOT"], 2, "usage"),
        (["seal", "add", "one", "http://a/", "--certificate", "ROOT", "--policy", "x"], 3,
         "input-refused"),
        (["work", "--once", "--every", "5"], 2, "usage"),
    ],
)  # fmt: skip
def test_an_error_is_one_line_with_its_name(vault, root, tmp_path, words, code, name):
    words = [root if word == "ROOT" else word for word in words]
    done = daylight("--vault", vault, *words, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    (line,) = [one for one in done.stderr.splitlines() if one.startswith("daylight:")]
    assert line.endswith(f"[{name}]")
    assert "Traceback" not in done.stderr


def test_work_once(vault, root, server):
    done = daylight("--vault", vault, "work", "--once", "--json")
    assert json.loads(done.stdout) == {"schema": "work/1", "done": [], "next": None}
    add(vault, "one", server.url, root)
    done = daylight("--vault", vault, "work", "--once", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [one["made"] for one in document["done"][0]["seals"]] == [True]
    again = json.loads(daylight("--vault", vault, "work", "--once", "--json").stdout)
    assert (again["done"], again["next"]) == ([], document["next"])
    server.answer = lambda query: Said(b"", 500)
    add(vault, "two", server.url, root)
    done = daylight("--vault", vault, "work", "--once")
    assert (done.returncode, "[authority-unreachable]" in done.stderr) == (5, True)


def started(vault):
    return subprocess.Popen(
        [DAYLIGHT, "--vault", str(vault), "work"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=NO_VAULT,
    )


def wait_for(condition, process):
    while not condition():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_work_ends_when_it_is_told(vault, root, server, number):
    add(vault, "one", server.url, root)
    process = started(vault)
    wait_for(lambda: listed(vault)["one"]["made"], process)
    second = daylight("--vault", vault, "work", "--once")
    assert (second.returncode, "[vault-busy]" in second.stderr) == (4, True)
    process.send_signal(number)
    out, said = process.communicate()
    assert process.returncode == 0, said
    assert "seal: done" in out
    assert "Traceback" not in said


def test_killed_while_it_asks_it_goes_on(vault, root, server):
    add(vault, "one", server.url, root)
    honest, server.answer = server.answer, lambda _: time.sleep(3600)
    process = started(vault)
    wait_for(lambda: server.asked, process)
    process.kill()
    process.communicate()
    server.answer = honest
    assert listed(vault)["one"]["wanted"]["attempts"] == 0
    done = daylight("--vault", vault, "work", "--once")
    assert done.returncode == 0, done.stderr
    assert (listed(vault)["one"]["made"], listed(vault)["one"]["wanted"]) == (1, None)


def test_no_network_code_is_loaded_by_other_verbs(vault):
    told = subprocess.run(
        [sys.executable, "-X", "importtime", DAYLIGHT, "--vault", vault, "status"],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    ).stderr
    assert "daylight.services.transport" not in told
