"""A picture as it is, looked at as if it were larger: only the pieces that are looked at are made larger.

Below and to the right it is filled up with black, so that its sides are what the network takes.
"""

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE: Final = 32  # that of ``centerface``, which nobody who decodes has to import
LEAST: Final = 4 * SIDE

Pixels = NDArray[np.uint8]
Where = slice | NDArray[np.int_]


@dataclass(frozen=True, slots=True)
class View:
    """``sent``: (width, height) that pictures come in; ``scale``: how many times larger they are looked at."""

    sent: tuple[int, int]
    scale: float

    @property
    def extent(self) -> tuple[int, int]:
        """Width and height of the picture itself, as it is looked at."""
        return round(self.sent[0] * self.scale), round(self.sent[1] * self.scale)

    @property
    def size(self) -> tuple[int, int]:
        """The same, filled up to multiples of ``SIDE``."""
        across, down = (max(LEAST, -(-one // SIDE) * SIDE) for one in self.extent)
        return across, down

    def of(self, pixels: Pixels) -> "Enlarged":
        return Enlarged(pixels, self)


@dataclass(frozen=True, slots=True)
class Enlarged:
    """Is read as the array of (height, width, 3) that it stands for: rows and columns, or those of one colour."""

    pixels: Pixels
    view: View
    shape: tuple[int, int, int] = field(init=False)

    def __post_init__(self) -> None:
        width, height = self.view.size
        object.__setattr__(self, "shape", (height, width, 3))

    def __getitem__(self, place: tuple[slice, slice] | tuple[Where, Where, int]) -> Pixels:
        if len(place) == 2:
            return self._piece(*place)
        rows, columns, colour = place
        height, width, _ = self.shape
        down, across = self._at(rows, height, 0), self._at(columns, width, 1)
        if isinstance(rows, slice):
            return self.pixels[down, :, colour].take(across, axis=1)
        found: Pixels = self.pixels[down, across, colour]
        return found

    def _at(self, where: Where, length: int, axis: int) -> NDArray[np.int_]:
        """Which row or column of the picture is the nearest."""
        numbers = np.arange(*where.indices(length)) if isinstance(where, slice) else where
        within = np.minimum(numbers / self.view.scale, self.pixels.shape[axis] - 1)
        found: NDArray[np.int_] = within.astype(np.int_)
        return found

    def _piece(self, rows: slice, columns: slice) -> Pixels:
        top, bottom, down = rows.indices(self.shape[0])
        left, right, across = columns.indices(self.shape[1])
        wide, tall = self.view.extent
        shown = self._shown(left, top, min(right, wide), min(bottom, tall))
        more = (max(0, bottom - max(top, tall)), max(0, right - max(left, wide)))
        if any(more):
            shown = np.pad(shown, ((0, more[0]), (0, more[1]), (0, 0)))
        return shown[::down, ::across]

    def halved(self, area: tuple[int, int, int, int]) -> Pixels | None:
        """A piece at half the size, made of the picture itself; None where that is not larger than it."""
        left, top, right, bottom = area
        wide, tall = (one // 2 * 2 for one in self.view.extent)
        if self.view.scale == 1:
            return None
        made = np.zeros(((bottom - top) // 2, (right - left) // 2, 3), np.uint8)
        shown = self._shown(left, top, min(right, wide), min(bottom, tall), 2)
        made[: shown.shape[0], : shown.shape[1]] = shown
        return made

    def _shown(self, left: int, top: int, right: int, bottom: int, smaller: int = 1) -> Pixels:
        scale = self.view.scale
        size = (max(0, right - left) // smaller, max(0, bottom - top) // smaller)
        if not all(size):
            return np.zeros((size[1], size[0], 3), np.uint8)
        if scale == 1:
            return self.pixels[top:bottom, left:right]
        height, width, _ = self.pixels.shape
        ends = min(width, right / scale), min(height, bottom / scale)
        low = max(0, math.floor(left / scale) - 1), max(0, math.floor(top / scale) - 1)
        high = min(width, math.ceil(ends[0]) + 1), min(height, math.ceil(ends[1]) + 1)
        part = Image.fromarray(self.pixels[low[1] : high[1], low[0] : high[0]])
        box = (left / scale - low[0], top / scale - low[1], ends[0] - low[0], ends[1] - low[1])
        return np.asarray(part.resize(size, Image.Resampling.BILINEAR, box))


Picture = Pixels | Enlarged


@dataclass(frozen=True, slots=True)
class Seen:
    """``at``: microseconds from media zero."""

    at: int
    pixels: Picture


def extent_of(picture: Picture) -> tuple[int, int]:
    """Width and height of the picture itself."""
    if isinstance(picture, Enlarged):
        return picture.view.extent
    return picture.shape[1], picture.shape[0]
