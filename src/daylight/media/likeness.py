"""How alike two pictures are in their structure, window by window.

The structure term of SSIM (Wang, Bovik, Sheikh, Simoncelli: "Image quality assessment", 2004) over
windows of 5 x 5 pixels: blind to brightness, contrast and much of what a coder does, but not to one
changed digit of a burnt-in clock, which is what tells two nights in one corridor apart.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

WINDOW: Final = 5  # pixels
WORST: Final = 8  # windows that count: less than a digit has
_STEADY: Final = 64.0  # variance that noise may have: below it nothing is structure

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Looked:
    """A picture with the mean and variance of each window, reckoned once."""

    pixels: Floats
    mean: Floats
    variance: Floats


def looked(grey: NDArray[np.uint8]) -> Looked:
    """``grey``: shape (height, width), 5 or more each."""
    pixels = grey.astype(np.float64)
    mean = _windows(pixels)
    return Looked(pixels, mean, np.maximum(_windows(pixels * pixels) - mean * mean, 0.0))


def unlikeness(one: Looked, other: Looked) -> float:
    """0 for equal structure everywhere, 1 where windows have nothing in common, 2 for the opposite.

    The mean over the ``WORST`` windows.
    """
    shared = _windows(one.pixels * other.pixels) - one.mean * other.mean
    alike = (shared + _STEADY) / (np.sqrt(one.variance * other.variance) + _STEADY)
    worst = np.partition(alike.ravel(), WORST)[:WORST]
    return float(min(max(1 - worst.mean(), 0.0), 2.0))


def _windows(values: Floats) -> Floats:
    """Mean over each window."""
    sums = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    np.cumsum(np.cumsum(values, axis=0), axis=1, out=sums[1:, 1:])
    n = WINDOW
    inside = sums[n:, n:] - sums[:-n, n:] - sums[n:, :-n] + sums[:-n, :-n]
    return np.asarray(inside / (n * n))
