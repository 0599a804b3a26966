"""Level, silence, clipping and sudden loud events of a sound, step by step of a tenth of a second."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from daylight.detectors.sound_slabs import RATE, STEP, Slab, ranked

SILENT: Final = -120.0  # dBFS, stands for no sound at all: JSON has no minus infinity
QUIET: Final = -60.0  # dBFS: below it nothing is heard; microphones alone are louder
SHORTEST: Final = 20  # steps of a silence that is told: two seconds
CLIPPED: Final = 0.985  # of full scale
RUN: Final = 3  # samples in a row, at one side, before they count as clipped
BEHIND: Final = 50  # steps that an event is compared with: five seconds
FEWEST: Final = 10  # of them, before anything is called sudden
USUAL: Final = 75  # per cent of the steps before that are no louder than what is called usual
SUDDEN: Final = 18.0  # dB above that
AUDIBLE: Final = -45.0  # dBFS: what is quieter is no loud event
FLOOR: Final = -65.0  # dBFS: a rise is counted from here, or every sound after none were an event
CALM: Final = 20  # steps between two events
MOST: Final = 500  # spans of one kind that are listed
MOST_SECONDS: Final = 14 * 86_400  # of levels that are kept
LAST_SECOND: Final = (1 << 32) - 1  # that can be told


@dataclass(slots=True)
class Spans:
    """Spans in steps, joined where they touch. ``total``: steps; ``count`` may exceed those kept."""

    shortest: int = 1
    total: int = 0
    count: int = 0
    kept: list[tuple[int, int]] = field(default_factory=list)
    _open: tuple[int, int] | None = None

    def add(self, first: int, last: int) -> None:
        """``first`` to ``last`` (exclusive), in rising order."""
        if self._open is not None and first <= self._open[1]:
            self._open = (self._open[0], max(last, self._open[1]))
            return
        self.close()
        self._open = (first, last)

    def close(self) -> None:
        if self._open is not None and self._open[1] - self._open[0] >= self.shortest:
            self.total += self._open[1] - self._open[0]
            self.count += 1
            if len(self.kept) < MOST:
                self.kept.append(self._open)
        self._open = None


def runs(flags: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Bounds of each run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False]))))
    yield from ((int(a), int(b)) for a, b in edges.reshape(-1, 2))


def decibels(level: NDArray[np.float64]) -> NDArray[np.float64]:
    """Amplitudes in dB of full scale, not below ``SILENT``."""
    return 20 * np.log10(np.maximum(level, 10 ** (SILENT / 20)))


@dataclass(slots=True)
class Event:
    """A sudden loud sound: ``step`` where it begins, ``rise`` in dB, ``peak`` in dBFS."""

    step: int
    rise: float
    peak: float


class Levels:
    """Fed the slabs in their order. ``seconds``: rows of (second, level, peak) in whole dBFS."""

    def __init__(self) -> None:
        self.silence, self.clipping = Spans(SHORTEST), Spans()
        self.clipped = 0  # samples
        self.events: list[Event] = []
        self.further_events = 0
        self.peak = SILENT
        self.steps = 0
        self._histogram = np.zeros(121, np.int64)  # of steps by whole dB
        # Of each second; in arrays, since there are many in a long recording.
        self._numbers, self._counts = array("q"), array("q")
        self._squares, self._peaks = array("d"), array("d")
        self._before = np.empty(0)
        self._side, self._row = 0, 0  # of the run of loudest samples at the end of the last slab
        self._calm_until = 0

    def push(self, slab: Slab) -> None:
        blocks = slab.values.reshape(-1, STEP).astype(np.float64)
        heard = np.maximum(slab.heard, 1)
        squares = (blocks**2).sum(axis=1)
        peaks = decibels(np.abs(blocks).max(axis=1))
        levels = decibels(np.sqrt(squares / heard))
        first = slab.at // STEP
        if not slab.follows:
            self._before, self._side, self._row = np.empty(0), 0, 0
            self.silence.close()
        for start, end in runs(levels < QUIET):
            self.silence.add(first + start, first + end)
        self._clip(slab.values, first)
        self._events(levels, peaks, first)
        self._count(squares, heard, levels, peaks, first)

    def finish(self) -> None:
        self.silence.close()
        self.clipping.close()

    @property
    def median(self) -> float:
        """Of all steps the middle one's level, in dBFS."""
        middle = int(np.searchsorted(self._histogram.cumsum(), (self.steps + 1) // 2))
        return min(middle, 120) - 120.0

    def seconds(self) -> NDArray[np.int64]:
        """Rows of (second from media zero, level, peak), the last two in whole dBFS; shape (n, 3)."""
        level = decibels(np.sqrt(np.array(self._squares) / np.array(self._counts)))
        columns = (np.array(self._numbers), np.round(level), np.round(np.array(self._peaks)))
        return np.column_stack(columns).astype(np.int64).reshape(-1, 3)

    def _count(
        self,
        squares: NDArray[np.float64],
        heard: NDArray[np.int64],
        levels: NDArray[np.float64],
        peaks: NDArray[np.float64],
        first: int,
    ) -> None:
        self.steps += len(levels)
        self.peak = max(self.peak, float(peaks.max()))
        whole = np.clip(np.round(levels) + 120, 0, 120).astype(np.int64)
        self._histogram += np.bincount(whole, minlength=121)
        for number, (power, count, peak) in enumerate(
            zip(squares.tolist(), heard.tolist(), peaks.tolist(), strict=True)
        ):
            self._add((first + number) * STEP // RATE, power, count, peak)

    def _add(self, second: int, power: float, count: int, peak: float) -> None:
        """Seconds come in rising order."""
        if self._numbers and self._numbers[-1] == second:
            self._squares[-1] += power
            self._counts[-1] += count
            self._peaks[-1] = max(self._peaks[-1], peak)
        elif len(self._numbers) < MOST_SECONDS and second <= LAST_SECOND:
            self._numbers.append(second)
            self._squares.append(power)
            self._counts.append(count)
            self._peaks.append(peak)

    def _clip(self, values: NDArray[np.float32], first: int) -> None:
        """Samples at the limit, of one sign, in a row: a run may go on from slab to slab."""
        sides = np.where(np.abs(values) >= CLIPPED, np.sign(values), 0).astype(np.int8)
        if not sides.any() and not self._row:
            return
        edges = np.concatenate(([0], np.flatnonzero(np.diff(sides)) + 1, [len(sides)]))
        for start, end in pairwise(edges.tolist()):
            side, length = int(sides[start]), end - start
            before = self._row if start == 0 and side == self._side else 0
            self._side, self._row = side, (before + length) if side else 0
            if side and self._row >= RUN:
                self.clipped += length if before >= RUN else self._row
                self.clipping.add(first + start // STEP, first + (end - 1) // STEP + 1)

    def _events(self, levels: NDArray[np.float64], peaks: NDArray[np.float64], first: int) -> None:
        known = len(self._before)
        row = np.concatenate((np.full(BEHIND - known, np.nan), self._before, levels))
        behind = sliding_window_view(row, BEHIND)[: len(levels)]
        usual = _usual(behind, known)
        rises = levels - np.maximum(usual, FLOOR)
        for at in np.flatnonzero((rises >= SUDDEN) & (levels >= AUDIBLE)).tolist():
            if first + at >= self._calm_until:
                self._tell(Event(first + at, float(rises[at]), float(peaks[at])))
            self._calm_until = first + at + CALM
        self._before = row[-BEHIND:][~np.isnan(row[-BEHIND:])]

    def _tell(self, event: Event) -> None:
        if len(self.events) < MOST:
            self.events.append(event)
        else:
            self.further_events += 1


def _usual(behind: NDArray[np.float64], known: int) -> NDArray[np.float64]:
    """How loud it was before each step; endless where that is too little to compare with."""
    usual = np.full(len(behind), np.inf)
    whole = np.arange(len(behind)) + known >= BEHIND
    if whole.any():
        usual[whole] = ranked(behind[whole], USUAL)
    for at in np.flatnonzero(~whole & (np.arange(len(behind)) + known >= FEWEST)).tolist():
        usual[at] = ranked(behind[at, BEHIND - known - at :], USUAL)
    return usual
