"""A small network that tells characters of burnt-in clocks: digits, what stands between them, A, P, M.

Trained by ``tools/glyphs.py`` on drawn lines in ninety free fonts, spoilt as cameras spoil them; it
knows no layout and no dates. It looks at a window of ``ROWS`` by ``COLUMNS`` in which digits are ``CAP``
high, wherever it is laid, and can say that no character stands in its middle. Pure NumPy.
"""

from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

CAP: Final = 14
ROWS: Final = 20
COLUMNS: Final = 16
CLASSES: Final = "0123456789.:/-APM"
OTHER: Final = len(CLASSES)  # another character
NONE: Final = OTHER + 1  # no character, or the gap between two
_SPREAD: Final = 8.0  # greys: so that noise on a plain ground is not blown up

Floats = NDArray[np.float32]


@cache
def _weights() -> tuple[Floats, ...]:
    with files("daylight.analyses").joinpath("glyphs.npz").open("rb") as file:
        stored = np.load(file, allow_pickle=False)
        return tuple(stored[f"w{n}"].astype(np.float32) for n in range(6))


def normal(windows: Floats) -> Floats:
    """Windows (count, ROWS, COLUMNS) of greys 0 to 255, bright strokes: flat, whatever their light."""
    flat = windows.reshape(len(windows), ROWS * COLUMNS)
    middle = flat.mean(axis=1, keepdims=True)
    made: Floats = (flat - middle) / (flat.std(axis=1, keepdims=True) + _SPREAD)
    return made


def told(windows: Floats) -> Floats:
    """Log probability of each class (count, NONE + 1)."""
    w = _weights()
    first = np.maximum(normal(windows) @ w[0] + w[3], 0)
    last = np.maximum(first @ w[1] + w[4], 0) @ w[2] + w[5]
    last -= last.max(axis=1, keepdims=True)
    said: Floats = last - np.log(np.exp(last).sum(axis=1, keepdims=True))
    return said


def along(lines: Floats) -> Floats:
    """``lines``: (count, ROWS, columns). Log probabilities (count, columns - COLUMNS + 1, classes)."""
    windows = sliding_window_view(lines, COLUMNS, axis=2).transpose(0, 2, 1, 3)
    count, places = windows.shape[:2]
    flat = np.ascontiguousarray(windows).reshape(count * places, ROWS, COLUMNS)
    return told(flat).reshape(count, places, NONE + 1)
