"""Spans in which somebody speaks, by Silero's network: how it is fed, and how spans are made of it.

Source: github.com/snakers4/silero-vad and its use in faster-whisper 1.2.1 (both MIT): windows of 512
samples at 16 kHz, each with the last 64 of the one before it, and a state that is handed on. Its
answer for each window is between 0 and 1. A span begins at 0.5 and ends below 0.35; pauses of less
than a second belong to it, and a tenth of a second on each side; what is shorter than a quarter of a second is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.detectors.samples import Stretch
from daylight.detectors.sound_slabs import RATE, SLAB
from daylight.errors import InferenceFailed
from daylight.media.inference.base import Free, Inference, Port, Signature

WINDOW: Final = 512  # samples
BEFORE: Final = 64
_STATE: Final = (1, 1, 128)
SIGNATURE: Final = Signature(
    inputs=(Port("input", (Free(0), BEFORE + WINDOW)), Port("h", _STATE), Port("c", _STATE)),
    outputs=(Port("speech_probs", (Free(0),)), Port("hn", _STATE), Port("cn", _STATE)),
    most=(SLAB // WINDOW + 2,),
)
BEGINS, GOES_ON = 0.5, 0.35
PAUSE: Final = RATE  # samples: a shorter one belongs to the span
SHORTEST: Final = RATE // 4
MARGIN: Final = RATE // 10
_ROUNDING: Final = 1e-3

Likely = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Spoken:
    """Samples ``first`` to ``last`` (exclusive); ``confidence``: mean of what the network said of it."""

    first: int
    last: int
    confidence: float


class Voices:
    """One item's sound in, spans out. ``heard``: samples that the network was shown.

    Memory: four bytes a window, 4.5 MB for ten hours. Raises what ``inference`` raises.
    """

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self.heard = 0
        self._pieces: list[tuple[int, list[Likely]]] = []  # first sample, what was said of windows
        self._rest = np.zeros(0, np.float32)
        self._forget()

    def push(self, stretch: Stretch) -> None:
        if not stretch.follows or not self._pieces:
            self._flush()
            self._forget()
            self._pieces.append((stretch.at, []))
        self.heard += len(stretch.values)
        values = np.concatenate([self._rest, stretch.values])
        whole = len(values) // WINDOW * WINDOW
        self._rest = values[whole:]
        self._ask(values[:whole])

    def finish(self) -> list[Spoken]:
        self._flush()
        return [one for at, said in self._pieces if said for one in spans(np.concatenate(said), at)]

    def _forget(self) -> None:
        self._before = np.zeros(BEFORE, np.float32)
        self._state = [np.zeros(_STATE, np.float32)] * 2

    def _flush(self) -> None:
        """The last window of a piece is filled up with silence."""
        if len(self._rest):
            self._ask(np.pad(self._rest, (0, WINDOW - len(self._rest))))
        self._rest = np.zeros(0, np.float32)

    def _ask(self, values: NDArray[np.float32]) -> None:
        if not len(values):
            return
        windows = values.reshape(-1, WINDOW)
        before = np.vstack([self._before, windows[:-1, -BEFORE:]])
        self._before = windows[-1, -BEFORE:]
        rows = np.hstack([before, windows])
        said, *self._state = self._inference.run([len(rows)], [rows, *self._state])
        if said.min() < -_ROUNDING or said.max() > 1 + _ROUNDING:
            raise InferenceFailed("the model answered with what is no likelihood")
        self._pieces[-1][1].append(said)


def spans(said: Likely, at: int) -> list[Spoken]:
    """Of one piece without gaps, ``said`` a window; the first begins at sample ``at``."""
    joined: list[list[int]] = []
    for first, last in _above(said):
        if joined and (first - joined[-1][1]) * WINDOW < PAUSE:
            joined[-1][1] = last
        else:
            joined.append([first, last])
    end = at + len(said) * WINDOW
    return [
        Spoken(
            max(at, at + first * WINDOW - MARGIN),
            min(end, at + last * WINDOW + MARGIN),
            _confidence(said[first:last]),
        )
        for first, last in joined
        if (last - first) * WINDOW >= SHORTEST
    ]


def _above(said: Likely) -> Sequence[tuple[int, int]]:
    """Runs of windows at ``GOES_ON`` or more that reach ``BEGINS``, from where they reach it."""
    over = np.concatenate([[False], said >= GOES_ON, [False]])
    edges = np.flatnonzero(over[1:] != over[:-1])
    found = []
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        reached = np.flatnonzero(said[first:last] >= BEGINS)
        if len(reached):
            found.append((first + int(reached[0]), last))
    return found


def _confidence(said: Likely) -> float:
    """Of what goes on: pauses within a span say nothing against it."""
    return min(1.0, float(said[said >= GOES_ON].mean()))
