"""``make env`` on machines that lack something: a sentence, not a trace."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    if not shutil.which("make"):
        pytest.skip("make is not installed")
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    return folder


def program(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def make(
    checkout: Path, *words: str, path: str = "/usr/bin:/bin", **env
) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["make", *words],
        cwd=checkout,
        env={"PATH": path, "HOME": str(checkout), **env},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_an_old_python_is_named(checkout, tmp_path):
    old = program(tmp_path / "bin", "python3.9", "exit 1")
    done = make(checkout, "env", f"PYTHON={old}")
    assert done.returncode == 2
    assert "needs Python 3.11 or newer" in done.stdout
    assert not (checkout / ".venv").exists()


NO_ENSUREPIP = f"""case "$*" in
  *ensurepip*) exit 1 ;;
  *) exec {sys.executable} "$@" ;;
esac"""


def test_without_venv_and_uv_it_says_what_to_install(checkout, tmp_path):
    bare = program(tmp_path / "bin", "bare", NO_ENSUREPIP)
    done = make(checkout, "env", f"PYTHON={bare}")
    assert done.returncode == 2
    assert "apt install python3-venv" in done.stdout
    assert not (checkout / ".venv").exists()


def test_without_venv_uv_is_asked(checkout, tmp_path):
    bare = program(tmp_path / "bin", "bare", NO_ENSUREPIP)
    program(tmp_path / "bin", "uv", f'echo "$@" > {tmp_path}/said; exit 7')
    done = make(checkout, "env", f"PYTHON={bare}", path=f"{tmp_path}/bin:/usr/bin:/bin")
    assert done.returncode == 2
    assert (tmp_path / "said").read_text().split()[:2] == ["venv", "--quiet"]


@pytest.mark.parametrize("by", ["command line", "environment"])
def test_names_reach_the_program_byte_for_byte_and_run_nothing(checkout, tmp_path, by):
    """A disk's label is part of the path under which it is mounted."""
    label = f"a  b $(shell touch {tmp_path}/pwned) `touch {tmp_path}/pwned` ${{HOME}} \"q' ;x"
    (checkout / ".venv/bin").mkdir(parents=True)
    for name in (".run-ready", "bin/python"):
        (checkout / ".venv" / name).touch()
    program(checkout / ".venv/bin", "python", f'printf %s "$RUN_ARCHIVE" > {tmp_path}/said')
    os.utime(checkout / ".venv/.run-ready", (2**31, 2**31))
    if by == "environment":
        done = make(checkout, "run", ARCHIVE=label)
    else:
        done = make(checkout, "run", f"ARCHIVE={label}")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "said").read_text() == label
    assert not (tmp_path / "pwned").exists()
