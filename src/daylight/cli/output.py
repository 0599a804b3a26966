"""How verbs speak: one JSON document or plain lines on stdout, progress and errors on stderr."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from daylight.domain.progress import Progress as ProgressPort

FAULTY = 1  # exit code: done, but the evidence has a fault
FILES = "files"
PLAIN_EVERY = 5.0  # seconds between progress lines in a pipe


def print_json(document: object) -> None:
    """One document, ASCII: names that are not UTF-8 survive as lone surrogates."""
    sys.stdout.write(json.dumps(document, ensure_ascii=True) + "\n")


def say(line: str) -> None:
    sys.stdout.write(printable(line) + "\n")
    sys.stdout.flush()  # a login link must show before the server waits


def note(line: str) -> None:
    sys.stderr.write(printable(line) + "\n")


def text_of(raw: bytes) -> str:
    """Raw bytes of a name as text that goes back to the same bytes (surrogateescape)."""
    return (
        os.fsdecode(raw)
        if sys.getfilesystemencoding() == "utf-8"
        else raw.decode("utf-8", "surrogateescape")
    )


def printable(text: str) -> str:
    """One line that cannot steer a terminal: controls, bidi marks, line breaks and lone surrogates
    shown as escapes.
    """
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text
    )


class _Bar:
    """A bar on a terminal: bytes, files, rate, time left."""

    wants_total = True

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar, self._task, self._steps = bar, task, 0

    def total(self, *, amount: int, steps: int) -> None:
        del steps
        self._bar.update(self._task, total=None if amount < 0 else amount)

    def advance(self, *, amount: int = 0, steps: int = 0) -> None:
        self._steps += steps
        self._bar.update(self._task, advance=amount, steps=self._steps)

    def say(self, words: str) -> None:
        self._bar.update(self._task, words=words)


class _Lines:
    """A line now and then in a pipe."""

    wants_total = False

    def __init__(self, what: str, unit: str) -> None:
        self._what, self._unit = what, unit
        self._began, self._last = time.monotonic(), time.monotonic()
        self._amount = self._steps = 0
        self._total = -1
        self._words = ""

    def total(self, *, amount: int, steps: int) -> None:
        del steps
        self._total = amount

    def advance(self, *, amount: int = 0, steps: int = 0) -> None:
        self._amount += amount
        self._steps += steps
        if time.monotonic() - self._last >= PLAIN_EVERY:
            self._last = time.monotonic()
            note(self.line())

    def say(self, words: str) -> None:
        self._words = words

    def line(self) -> str:
        return f"{self._numbers()}, {self._words}" if self._words else self._numbers()

    def _numbers(self) -> str:
        seconds = max(time.monotonic() - self._began, 1e-6)
        rate = self._amount / seconds
        left = (self._total - self._amount) / rate if self._total > 0 and rate else None
        if self._unit != FILES:
            return f"{self._what}: {self._steps} {self._unit}"
        return (
            f"{self._what}: {self._steps} files, {self._amount / 1e6:.0f} MB, {rate / 1e6:.0f} MB/s"
            + ("" if left is None else f", about {left:.0f} s left")
        )


@contextmanager
def progress(what: str, unit: str = FILES) -> Iterator[ProgressPort]:
    """A progress port that fits where stderr goes. ``unit``: what a step is."""
    if not sys.stderr.isatty():
        lines = _Lines(what, unit)
        yield lines
        note(lines.line())
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn(f"{{task.fields[steps]}} {unit}"),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[words]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield _Bar(bar, bar.add_task(what, total=None, steps=0, words=""))
