"""Where somebody may be speaking: a plain detector of energy, voicing and rhythm, in NumPy.

Frames of 40 ms every 20 ms. Of each the energy between 250 and 4000 Hz, the harmonicity (the peak
of the normalised autocorrelation between 70 and 400 Hz, after Boersma 1993), the pitch, and eight
bands. Of each half second, with two seconds around it, what tells speech from other sound: level
above the noise floor (minimum statistics, after Martin 2001), the share of the envelope's
modulation that lies at the rate of syllables (2 to 8 Hz, after Houtgast and Steeneken 1985), how
much is voiced, how the pitch moves, and how the spectrum changes. A logistic function of these was
fitted to real speech in noise, and to noise, tones, chords, machines and melodies made for it.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.fft import (
    irfft,
    rfft,
    rfftfreq,
)  # by name: NumPy loads it at first use, too late in a locked child
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from daylight.detectors.sound_levels import MOST
from daylight.detectors.sound_slabs import RATE, Slab, ranked

Floats = NDArray[np.float32]

HOP: Final = 320  # samples: 20 ms
WINDOW: Final = 640
_FFT: Final = 1024
STEP: Final = 25  # frames a decision: half a second
CONTEXT: Final = 100  # frames that it is made of: two seconds
_LEAST: Final = 25  # frames; less says nothing
_FLOOR_STEPS: Final = 40  # of the noise floor's memory: twenty seconds
_VOICED: Final = 0.5  # harmonicity
_ABOVE: Final = 6.0  # dB above the noise floor, to be taken for voiced
_LOWEST: Final = -70.0  # dBFS in the band: below it nobody is understood
_FIRST_LAG: Final = RATE // 400
_LAST_LAG: Final = RATE // 70
_BANDS: Final = np.array([250, 400, 600, 850, 1200, 1700, 2300, 3100, 4000]) * _FFT // RATE
_HANN: Final = np.hanning(WINDOW).astype(np.float32)
_POWER: Final = float((_HANN**2).sum()) * _FFT / 2  # of a full-scale sine's spectrum, about
_OF_WINDOW: Final = irfft(np.abs(rfft(_HANN, _FFT)) ** 2)[: _LAST_LAG + 1]
_COLUMNS: Final = 12  # columns of a row: energy, harmonicity, pitch, flatness, eight bands
_SYLLABLES: Final = (2.0, 8.0)  # Hz
THRESHOLD: Final = 0.5
FEWEST: Final = 2  # decisions of a span; one alone is chance
HANGOVER: Final = 50  # frames of a pause that does not end a span
# Fitted to two of the five readers' recordings kept with the real media; see docs/detectors.md.
_BIAS: Final = -5.65
_LINEAR: Final = np.array([-0.1, 3.22, 1.0, 2.74, 0.94, 5.27, 2.76, 0.72])
_SQUARE: Final = np.array(  # of the products of two features, row by row of the upper triangle
    "-1.8 -1.12 1.11 -0.49 0.49 -0.61 2.28 1.03 -1.35 2.05 -0.54 3.01 0.35 1.78 2.42 -1.77 0.43 1.74"
    " 5.43 -1.61 3.87 -1.3 4.35 1.3 1.18 3.5 -10.19 -0.23 4.45 0.44 -4.33 -1.08 -1.0 -9.37 -0.57"
    " -2.92".split(),
    np.float64,
)


def rows(values: Floats) -> Floats:
    """Of samples that begin ``WINDOW - HOP`` before the first frame: shape (frames, 12)."""
    frames = sliding_window_view(values, WINDOW)[::HOP] * _HANN
    spectrum = rfft(frames, _FFT)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    made = np.empty((len(frames), _COLUMNS), np.float32)
    band = power[:, _BANDS[0] : _BANDS[-1]]
    energy = band.sum(axis=1)
    made[:, 0] = _level(energy)
    made[:, 1], made[:, 2] = _voicing(power)
    logs = np.log(band + 1e-9)
    made[:, 3] = np.exp(logs.mean(axis=1)) / (energy / band.shape[1] + 1e-9)
    sums = np.add.reduceat(power, _BANDS, axis=1)[:, :8]
    made[:, 4:] = _level(sums)
    return made


def _level(power: Floats) -> Floats:
    level: Floats = 10 * np.log10(power / np.float32(_POWER) + np.float32(1e-10))
    return level


def _voicing(power: Floats) -> tuple[Floats, Floats]:
    """Harmonicity from 0 to 1, and the octave of the pitch above 70 Hz."""
    heard = power.copy()
    heard[:, : 60 * _FFT // RATE] = 0  # hum and rumble are periodic too
    heard[:, 2000 * _FFT // RATE :] = 0
    lags = irfft(heard, _FFT)[:, : _LAST_LAG + 1]
    usual = lags / np.maximum(lags[:, :1], 1e-9) / (_OF_WINDOW / _OF_WINDOW[0])
    wanted = usual[:, _FIRST_LAG:]
    best = wanted.argmax(axis=1)
    height = np.take_along_axis(wanted, best[:, None], axis=1)[:, 0]
    octave = np.log2(_LAST_LAG / (best + _FIRST_LAG))
    return height.clip(0, 1).astype(np.float32), octave.astype(np.float32)


def features(context: Floats, floor: float) -> Floats:
    """Of the rows of one decision and the noise floor in dBFS: shape (8,), each about 0 to 1."""
    energy, harmonicity, pitch = context[:, 0], context[:, 1], context[:, 2]
    high, low = float(ranked(energy, 90)), float(ranked(energy, 10))
    voiced = (harmonicity > _VOICED) & (energy > floor + _ABOVE)
    share, depth = _modulation(np.maximum(energy, floor))
    both = voiced[1:] & voiced[:-1]
    steps = np.abs(np.diff(pitch))[both]
    flux = np.abs(np.diff(context[:, 4:], axis=0)).mean(axis=1)
    return np.array(
        [
            min(max(high - floor, 0), 40) / 40,
            min(high - low, 40) / 40,
            share,
            min(depth, 12) / 12,
            voiced.mean(),
            min(float(ranked(steps, 50)) if len(steps) else 0, 0.1) * 10,
            min(float(flux[both].mean()) if len(steps) else 0, 8) / 8,
            np.diff(voiced).mean() * 4,
        ],
        np.float32,
    )


def _modulation(energy: Floats) -> tuple[float, float]:
    """Share of the envelope's modulation at the rate of syllables, and its depth in dB."""
    moved = energy - energy.mean()
    power = np.abs(rfft(moved * np.hanning(len(moved)))) ** 2
    rates = rfftfreq(len(moved), HOP / RATE)
    inside = (rates >= _SYLLABLES[0]) & (rates <= _SYLLABLES[1])
    total = float(power[rates > 0.4].sum())
    share = float(power[inside].sum()) / total if total > 1e-6 else 0.0
    return share, float(moved.std())


def likelihood(seen: Floats) -> float:
    """That the sound with these :func:`features` is speech, as the fitted function has it: 0 to 1."""
    pairs = np.outer(seen, seen)[np.triu_indices(len(seen))]
    weighed = float(seen @ _LINEAR + pairs @ _SQUARE) + _BIAS
    return 1 / (1 + math.exp(-weighed))


@dataclass(frozen=True, slots=True)
class Spoken:
    """Frames ``first`` to ``last`` (exclusive), of ``HOP`` samples each, from media zero.

    ``confidence``: the mean of the decisions, 0.5 to 1.
    """

    first: int
    last: int
    confidence: float


class Speech:
    """Fed the slabs in their order; ``spans`` are whole after ``finish``."""

    def __init__(self) -> None:
        self.spans: list[Spoken] = []
        self.count = self.frames = 0  # of all spans, those beyond the listed ones too
        self._tail = self._rows = np.empty(0, np.float32)
        self._run(0)

    def push(self, slab: Slab) -> None:
        if not slab.follows:
            self.finish()
            self._run(slab.at // HOP)
        values = np.concatenate((self._tail, slab.values))
        self._tail = values[len(values) - (WINDOW - HOP) :]
        self._rows = np.concatenate((self._rows, rows(values)))
        self._decide(last=False)

    def finish(self) -> None:
        self._decide(last=True)
        self._close()

    def _run(self, origin: int) -> None:
        """Begin a run of sound without gaps at frame ``origin``."""
        self._origin = origin
        self._tail = np.zeros(WINDOW - HOP, np.float32)
        self._rows = np.empty((0, _COLUMNS), np.float32)
        self._base = 0  # the frame, counted in the run, of the first row held
        self._next = 0  # the next decision
        self._floors: list[float] = []
        self._open: list[float] = []  # decisions of the span that goes on
        self._began = self._ended = 0

    def _decide(self, *, last: bool) -> None:
        """Every half second whose surroundings are known; at the end of a run, all."""
        total = self._base + len(self._rows)
        while True:
            middle = self._next * STEP + STEP // 2
            known = max(middle + CONTEXT // 2, CONTEXT) <= total
            if not known and not (last and middle + STEP // 2 <= total):
                break
            start = max(0, min(middle - CONTEXT // 2, total - CONTEXT)) - self._base
            self._take(self._score(self._rows[start : start + CONTEXT]))
            self._next += 1
        keep = max(self._base, min(middle - CONTEXT // 2, total - CONTEXT))
        self._rows, self._base = self._rows[keep - self._base :], keep

    def _score(self, context: Floats) -> float:
        calm = np.convolve(context[:, 0], np.full(5, 0.2, np.float32), "valid")
        self._floors = [*self._floors[1 - _FLOOR_STEPS :], float(calm.min())]
        if ranked(context[:, 0], 90) < _LOWEST:
            return 0.0
        return likelihood(features(context, min(self._floors)))

    def _take(self, score: float) -> None:
        at = self._origin + self._next * STEP
        if score < THRESHOLD:
            return
        if self._open and at - self._ended > HANGOVER:
            self._close()
        if not self._open:
            self._began = at
        self._open.append(score)
        self._ended = at + STEP

    def _close(self) -> None:
        if len(self._open) >= FEWEST:
            self.count += 1
            self.frames += self._ended - self._began
            if len(self.spans) < MOST:
                mean = sum(self._open) / len(self._open)
                self.spans.append(Spoken(self._began, self._ended, mean))
        self._open = []
