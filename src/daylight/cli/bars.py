"""Bars on a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text


class Bar:
    """A bar on a terminal: how much is done, the rate, the time left.

    ``counted``: steps are told, for work that is not measured in bytes.
    """

    wants_total = True

    def __init__(self, bar: Progress, task: TaskID, *, counted: bool) -> None:
        self._bar, self._task, self._steps = bar, task, 0
        self._counted = counted

    def total(self, *, amount: int, steps: int) -> None:
        known = steps if self._counted else amount
        self._bar.update(self._task, total=None if known < 0 else known)

    def advance(self, *, amount: int = 0, steps: int = 0) -> None:
        self._steps += steps
        moved = steps if self._counted else amount
        self._bar.update(self._task, advance=moved, steps=self._steps)

    def say(self, words: str) -> None:
        self._bar.update(self._task, words=words)


class _Rate(ProgressColumn):
    """Steps a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "")


@contextmanager
def shown(what: str, unit: str, *, counted: bool) -> Iterator[Bar]:
    """A progress port. ``counted``: steps of ``unit`` are told, not bytes."""
    with Progress(*_columns(unit, counted=counted), console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None, steps=0, words="")
        yield Bar(bar, task, counted=counted)


def _columns(unit: str, *, counted: bool) -> list[ProgressColumn]:
    done = (
        [MofNCompleteColumn(), TextColumn(unit)]
        if counted
        else [
            DownloadColumn(),
            TextColumn(f"{{task.fields[steps]}} {unit}"),
        ]
    )
    return [
        TextColumn("{task.description}"),
        BarColumn(),
        *done,
        _Rate() if counted else TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[words]}"),
    ]
