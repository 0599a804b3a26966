"""How verbs speak: one JSON document or plain lines on stdout, progress and errors on stderr."""

import importlib
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from daylight.domain.progress import Progress as ProgressPort

FAULTY = 1  # exit code: done, but the evidence has a fault
FILES = "files"
_BARS = "daylight.cli.bars"  # loaded where there is a terminal: a script does not wait for it
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


class _Lines:
    """A line now and then in a pipe."""

    wants_total = False

    def __init__(self, what: str, unit: str) -> None:
        self._what, self._unit = what, unit
        self._began, self._last = time.monotonic(), time.monotonic()
        self._amount = self._steps = 0
        self._total = self._total_steps = -1
        self._words = ""

    def total(self, *, amount: int, steps: int) -> None:
        self._total, self._total_steps = amount, steps

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
        if self._unit != FILES:
            return self._counted(self._steps / seconds)
        rate = self._amount / seconds
        return (
            f"{self._what}: {self._steps} files, {self._amount / 1e6:.0f} MB, {rate / 1e6:.0f} MB/s"
            + _left(self._total - self._amount if self._total > 0 else 0, rate)
        )

    def _counted(self, rate: float) -> str:
        if self._total_steps < 0:
            return f"{self._what}: {self._steps} {self._unit}"
        done = f"{self._what}: {self._steps} of {self._total_steps} {self._unit}, {rate:.1f}/s"
        return done + _left(self._total_steps - self._steps, rate)


def _left(more: int, rate: float) -> str:
    """How long the rest takes at this rate; nothing where there is no rest, or no rate yet."""
    return f", about {more / rate:.0f} s left" if more > 0 and rate else ""


@contextmanager
def progress(what: str, unit: str = FILES) -> Iterator[ProgressPort]:
    """A progress port that fits where stderr goes. ``unit``: what a step is; files are told in bytes."""
    if not sys.stderr.isatty():
        lines = _Lines(what, unit)
        yield lines
        note(lines.line())
        return
    with importlib.import_module(_BARS).shown(what, unit, counted=unit != FILES) as bar:
        yield bar
