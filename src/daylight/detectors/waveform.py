"""The waveform of a sound: its envelope drawn, and its level in numbers."""

import io
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from daylight.detectors.base import (
    Blob,
    Finding,
    Material,
    Partial,
    Samples,
    Session,
    Span,
    Subject,
)
from daylight.detectors.registry import Wants

COLUMNS: Final = 1200
HEIGHT: Final = 120  # pixels
LOUDEST: Final = 16.0  # times full scale: formats with fractions can go beyond it, and can lie
SILENT_DBFS: Final = -120.0  # stands for no sound at all: JSON has no minus infinity
_PEAK, _LOUD = (96, 120, 140, 255), (150, 190, 210, 255)  # calm on dark


class Waveform:
    name = "waveform"
    version = 1
    wants = Wants.SAMPLES

    def start(self, subject: Subject, span: Span) -> Session:
        del span
        return _Envelope(subject.facts.duration or Fraction(1))

    def merge(self, subject: Subject, partials: Sequence[Partial]) -> Finding:
        del subject
        peaks, squares, counts = _summed(partials)
        if not counts.any():
            return Finding({"samples": 0})
        facts = {
            "samples": int(counts.sum()),
            "peak_dbfs": _dbfs(float(peaks.max())),
            "rms_dbfs": _dbfs(math.sqrt(float(squares.sum()) / int(counts.sum()))),
        }
        loud = np.sqrt(squares / np.maximum(counts, 1))
        shape = {"columns": COLUMNS, "height": HEIGHT}
        return Finding(facts, (Blob("waveform", "image/png", _drawn(peaks, loud), shape),))


class _Envelope:
    """Peak, sum of squares and count of samples for each of ``COLUMNS`` parts of the duration."""

    def __init__(self, duration: Fraction) -> None:
        self._duration = duration
        self._table = np.zeros((3, COLUMNS), np.float64)

    def push(self, material: Material, /) -> None:
        if not isinstance(material, Samples) or not len(material.values):
            return
        length = max(1, int(self._duration * material.rate))
        numbers = np.arange(material.at, material.at + len(material.values), dtype=np.int64)
        columns = np.minimum(numbers * COLUMNS // length, COLUMNS - 1)
        first = columns[0]
        starts = np.flatnonzero(np.diff(columns, prepend=first - 1))
        values = np.nan_to_num(material.values.astype(np.float64)).clip(-LOUDEST, LOUDEST)
        at = columns[starts]
        self._table[0, at] = np.maximum(
            self._table[0, at], np.maximum.reduceat(np.abs(values), starts)
        )
        self._table[1, at] += np.add.reduceat(values**2, starts)
        self._table[2, at] += np.diff(starts, append=len(values))

    def finish(self) -> Partial:
        return Partial({}, self._table.astype("<f8").tobytes())


def _summed(
    partials: Sequence[Partial],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    tables = [np.frombuffer(p.data, "<f8").reshape(3, COLUMNS) for p in partials]
    if not tables:
        tables = [np.zeros((3, COLUMNS))]
    return (
        np.max([t[0] for t in tables], axis=0),
        np.sum([t[1] for t in tables], axis=0),
        np.sum([t[2] for t in tables], axis=0),
    )


def _dbfs(level: float) -> float:
    """Level relative to full scale, in decibels."""
    return SILENT_DBFS if level <= 0 else round(max(20 * math.log10(level), SILENT_DBFS), 2)


def _drawn(peaks: NDArray[np.float64], loud: NDArray[np.float64]) -> bytes:
    """Peak and loudness as bars around the middle, on a transparent ground, as PNG."""
    rows = np.abs(np.arange(HEIGHT) - (HEIGHT - 1) / 2)[:, None] / (HEIGHT / 2)
    pixels = np.zeros((HEIGHT, COLUMNS, 4), np.uint8)
    pixels[rows <= np.minimum(peaks, 1)[None, :]] = _PEAK
    pixels[rows <= np.minimum(loud, 1)[None, :]] = _LOUD
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
