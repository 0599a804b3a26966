"""Pictures made comparable: black borders off, luma averaged to one size, hashed.

The hash follows PDQ (Davis, Rosen: "PDQ & TMK + PDQF", Facebook 2019): the 16 x 16 lowest frequencies
(without the constant) of a discrete cosine transform of the picture at 64 x 64, a bit each for whether
it lies above their median. It differs from the reference in how the picture is scaled down, so hashes
of the two must not be mixed; distances mean the same. The same for the middle of the picture only,
which is what a cropped copy shows.

Weights are whole numbers, so that sums are exact in whatever order a processor adds them: the same
picture has the same bytes of a fingerprint everywhere, a flat one too.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.media.picture import GREY, Picture

Wholes = NDArray[np.float64]  # of whole numbers
Grey = NDArray[np.uint8]
Box = tuple[int, int, int, int]  # left, top, right, bottom in 1/10000 of width and height

WIDTH, HEIGHT = GREY
TILES: Final = (32, 24)  # width, height of the thumb
BITS: Final = 256
WHOLE: Final[Box] = (0, 0, 10_000, 10_000)
CROPS: Final = (1.0, 0.94, 0.88, 0.81)  # parts of width and height that are hashed
_BLACK: Final = 40  # the luma of a border, at most, in either range
_BRIGHT: Final = 0.015  # of a border's pixels may be brighter: where a coder rings at its edge
_LEAST: Final = 0.5  # of width and of height must remain
_SIDE: Final = 16
_GRID: Final = 64
_ONE: Final = (
    1 << 16
)  # a weight of 1; what is summed stays below 2**48, and doubles are exact to 2**53


@dataclass(frozen=True, slots=True)
class Canvas:
    """``grey``: uint8, shape (120, 160), what is inside ``box`` of the picture."""

    grey: Grey
    box: Box


def canvas(picture: Picture) -> Canvas:
    """The picture at the shared size; only one that seems to have borders costs more than that."""
    grey = picture.grey()
    if _inside(grey) is None:
        return Canvas(grey, WHOLE)
    luma = picture.luma()
    edges = _inside(luma[:, :: max(1, luma.shape[1] // 320)], luma.shape)
    return Canvas(grey, WHOLE) if edges is None else _cropped(luma, edges)


def boxed(picture: Picture, box: Box) -> Grey:
    """What is inside ``box`` of the picture, at the shared size."""
    if box == WHOLE:
        return picture.grey()
    luma = picture.luma()
    height, width = luma.shape
    left, right = (round(one * width / 10_000) for one in (box[0], box[2]))
    top, bottom = (round(one * height / 10_000) for one in (box[1], box[3]))
    return _cropped(luma, (left, top, max(right, left + 1), max(bottom, top + 1))).grey


def _cropped(luma: Grey, edges: Box) -> Canvas:
    left, top, right, bottom = edges
    height, width = luma.shape
    part = luma[top:bottom, left:right].astype(np.float64)
    summed = _areas(part.shape[0], HEIGHT) @ part @ _areas(part.shape[1], WIDTH).T
    scaled = np.minimum(summed / _ONE**2, 255)  # rounded weights may add up to more than 1
    box = (
        left * 10_000 // width,
        top * 10_000 // height,
        right * 10_000 // width,
        bottom * 10_000 // height,
    )
    return Canvas(np.rint(scaled).astype(np.uint8), box)


def _inside(luma: Grey, full: tuple[int, ...] | None = None) -> Box | None:
    """(left, top, right, bottom) of what is inside even, black borders; None without such.

    ``luma`` may have columns left out: ``full`` is the shape to answer in.
    """
    height, width = full or luma.shape
    rows = _border(luma, axis=1)
    if rows is None:
        return None
    columns = _border(luma[rows[0] : rows[1]], axis=0)
    if columns is None:
        return None
    step = width / luma.shape[1]
    left, right = round(columns[0] * step), round(columns[1] * step)
    top, bottom = rows
    whole = (left, top, right, bottom) == (0, 0, width, height)
    small = right - left < width * _LEAST or bottom - top < height * _LEAST
    return None if whole or small else (left, top, right, bottom)


def _border(luma: Grey, axis: int) -> tuple[int, int] | None:
    """First and last (exclusive) line that is no border; None where every line is one."""
    inner = np.flatnonzero((luma > _BLACK).mean(axis=axis) > _BRIGHT)
    return (int(inner[0]), int(inner[-1]) + 1) if len(inner) else None


@lru_cache(maxsize=64)
def _areas(given: int, wanted: int) -> Wholes:
    """Matrix, shape (wanted, given), that averages areas, times ``_ONE``."""
    edges = np.linspace(0, given, wanted + 1)
    at = np.arange(given)
    low = np.maximum(edges[:-1, None], at)
    high = np.minimum(edges[1:, None], at + 1)
    return _whole(np.clip(high - low, 0, 1) * wanted / given)


def _whole(weights: Wholes) -> Wholes:
    made: Wholes = np.rint(weights * _ONE)
    return made


def _part(given: int, part: float) -> Wholes:
    """Matrix, shape (16, given): the frequencies of the middle ``part`` of a line, times ``_ONE``."""
    margin = given * (1 - part) / 2
    edges = np.linspace(margin, given - margin, _GRID + 1)
    at = np.arange(given)
    low, high = np.maximum(edges[:-1, None], at), np.minimum(edges[1:, None], at + 1)
    areas = np.clip(high - low, 0, 1) / (edges[1:] - edges[:-1])[:, None]
    waves = np.arange(1, _SIDE + 1)[:, None] * (2 * np.arange(_GRID) + 1) * np.pi / (2 * _GRID)
    return _whole(np.cos(waves) * np.sqrt(2 / _GRID) @ areas)


_DOWN: Final = np.concatenate([_part(HEIGHT, part) for part in CROPS])
_ACROSS: Final = tuple(_part(WIDTH, part).T.copy() for part in CROPS)


def hashes(grey: Grey) -> NDArray[np.uint8]:
    """Shape (4, 32): 256 bits each of the whole and of three middles, see ``CROPS``."""
    rows = _DOWN @ grey.astype(np.float64)
    waves = np.stack(
        [rows[n * _SIDE : (n + 1) * _SIDE] @ across for n, across in enumerate(_ACROSS)]
    ).reshape(len(CROPS), BITS)
    return np.packbits(waves > np.median(waves, axis=1, keepdims=True), axis=1)


def mirrored(hashed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The hash that the picture has, seen in a mirror: every other frequency across changes sign."""
    return hashed ^ _ODD


_ODD: Final = np.packbits(np.tile(np.arange(1, _SIDE + 1) % 2, _SIDE).astype(np.uint8))


def thumb(grey: Grey) -> NDArray[np.uint8]:
    """Averages of areas, shape (24, 32)."""
    across, down = TILES
    blocks = grey.reshape(down, HEIGHT // down, across, WIDTH // across)
    tiles: Grey = np.rint(blocks.mean(axis=(1, 3))).astype(np.uint8)
    return tiles
