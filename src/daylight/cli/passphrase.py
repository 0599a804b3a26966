"""Where a passphrase comes from: a file, the environment, or whoever sits at the terminal."""

import os
import sys
from pathlib import Path

import typer

from daylight.errors import UsageError

VARIABLE = "DAYLIGHT_PASSPHRASE"
MAX_BYTES = 4096


def known(file: Path | None) -> str:
    """The first line of ``file``, else what the environment holds, else nothing."""
    return os.environ.get(VARIABLE, "") if file is None else _first_line(file)


def personal(file: Path | None, name: str) -> str:
    """Of a person's own key: from ``file`` or the terminal, never from the environment, which the
    vault's passphrase may be in.
    """
    if file is not None:
        return _first_line(file)
    return _prompt(f"Passphrase of {name}'s own key") if sys.stdin.isatty() else ""


def choose_personal(file: Path | None, name: str) -> str:
    """For a new key of a person, asked for twice. ``UsageError`` where none is to be had."""
    if file is not None:
        return _first_line(file)
    if not sys.stdin.isatty():
        raise UsageError("a personal key needs a passphrase: in a file (--key-passphrase-file)")
    return _prompt(f"New passphrase for {name}'s own key (for {name} to type)", twice=True)


def _first_line(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            line = opened.read(MAX_BYTES).split(b"\n", 1)[0].rstrip(b"\r")
    except OSError as error:
        raise UsageError(f"the passphrase file cannot be read: {error.strerror}") from error
    if not line:
        raise UsageError("the passphrase file begins with an empty line")
    return os.fsdecode(line)


def ask(file: Path | None, what: str = "Passphrase of the vault's keys") -> str:
    """As :func:`known`, else asked for; nothing where nobody is there to ask."""
    return known(file) or (_prompt(what) if sys.stdin.isatty() else "")


def choose(file: Path | None, what: str) -> str:
    """One for a new key, asked for twice. ``UsageError`` where none is to be had."""
    given = known(file)
    if given:
        return given
    if not sys.stdin.isatty():
        raise UsageError(
            f"{what} needs a passphrase: in a file (--passphrase-file) or in {VARIABLE}; "
            "--no-passphrase to go without"
        )
    return _prompt(f"New passphrase for {what}", twice=True)


def _prompt(what: str, *, twice: bool = False) -> str:
    answer: str = typer.prompt(what, hide_input=True, confirmation_prompt=twice, err=True)
    return answer
