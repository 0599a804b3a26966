"""Sound put on a grid: blocks of any length in, slabs of one length out, the same however it was cut.

Times of sound jump and run back. A jump ahead is a gap: no sound is invented for it. Where the
times run back they are not believed: what comes is taken to follow what came.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from daylight.detectors.base import Samples

RATE: Final = 16_000  # Hz
STEP: Final = RATE // 10  # samples of the shortest span that levels are taken of
SLAB: Final = 100 * STEP  # samples: ten seconds, so that memory does not grow with the length
TOLERANCE: Final = STEP  # samples: rounding of times is no gap
LOUDEST: Final = 16.0  # times full scale: formats with fractions can go beyond it, and can lie


def ranked(values: NDArray[Any], per_cent: int) -> NDArray[Any]:
    """Along the last axis the value that ``per_cent`` of the others do not exceed.

    NumPy's own loads parts of itself at first use, which fails in a locked child.
    """
    place = (values.shape[-1] - 1) * per_cent // 100
    found: NDArray[Any] = np.sort(values, axis=-1)[..., place]
    return found


@dataclass(frozen=True, slots=True)
class Slab:
    """``values``: float32, whole steps, at most ``SLAB``; ``at``: number of the first sample.

    ``heard``: samples that there are of each step. ``follows``: no gap lies between the slab
    before and this one.
    """

    values: NDArray[np.float32]
    at: int
    heard: NDArray[np.int64]
    follows: bool


class Grid:
    """``back``: how often the times ran back; ``gaps``: how often they jumped ahead."""

    def __init__(self) -> None:
        self.back = self.gaps = 0
        self._next: int | None = None  # number of the sample that should come
        self._shift = 0
        self._start = 0  # of the slab, a multiple of STEP
        self._fill = np.zeros(SLAB, np.float32)
        self._first = self._last = 0  # what of the slab there is
        self._follows = False

    def push(self, samples: Samples) -> Iterator[Slab]:
        """Every slab that ``samples`` makes full. ``samples.rate`` is ``RATE``."""
        values = np.nan_to_num(samples.values, nan=0.0, posinf=LOUDEST, neginf=-LOUDEST)
        values = values.clip(-LOUDEST, LOUDEST)
        yield from self._placed(samples.at)
        while len(values):
            piece = values[: SLAB - self._last]
            self._fill[self._last : self._last + len(piece)] = piece
            self._last += len(piece)
            self._next = self._start + self._last
            values = values[len(piece) :]
            if self._last == SLAB:
                yield self._full()

    def finish(self) -> Iterator[Slab]:
        if self._last > self._first:
            yield self._full()

    def _placed(self, at: int) -> Iterator[Slab]:
        """Go where the samples say that they are, if they are to be believed."""
        if self._next is not None:
            ahead = at + self._shift - self._next
            if abs(ahead) <= TOLERANCE:
                return
            if ahead < 0:
                self._shift -= ahead
                self.back += 1
                return
            self.gaps += 1
            yield from self.finish()
        start = max(0, at + self._shift)
        self._start = start // STEP * STEP
        self._first = self._last = start - self._start
        self._fill[:] = 0
        self._follows = False

    def _full(self) -> Slab:
        steps = -(-self._last // STEP)
        bounds = np.arange(steps + 1) * STEP
        heard = np.minimum(bounds[1:], self._last) - np.maximum(bounds[:-1], self._first)
        slab = Slab(self._fill[: steps * STEP].copy(), self._start, heard, self._follows)
        self._start += SLAB
        self._first = self._last = 0
        self._fill[:] = 0
        self._follows = True
        return slab
