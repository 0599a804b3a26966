"""Where a picture differs from another, and whether it is another shot: on averages of blocks."""

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.detectors.enlarged import Picture

SAMPLES: Final = 8  # a block's side, in the pixels that are looked at
CHANGED: Final = 3.0  # grey levels that a block's mean differs by: sensors' noise makes less than 2
_CUT_STEP: Final = 12.0  # grey levels, the mean over all blocks
_CUT_LIKENESS: Final = 0.7
_COARSE: Final = 32  # pixels: rows that are gone through together
_CALL: Final = 6_000  # pixels that could be looked at in the time that one look more takes

Blocks = NDArray[np.float32]
Where = NDArray[np.bool_]
Box = tuple[int, int, int, int]


def stride(width: int) -> int:
    """Every which pixel is looked at: blocks are 8, 16 or 32 pixels wide."""
    return 1 if width <= 640 else 2 if width <= 1280 else 4


def within(box: Box, width: int) -> tuple[slice, slice]:
    """Rows and columns of the blocks that lie in it, whole."""
    side = SAMPLES * stride(width)
    left, top, right, bottom = box
    return slice(max(0, -(-top // side)), bottom // side), slice(
        max(0, -(-left // side)), right // side
    )


def touched(box: NDArray[np.float32], width: int) -> tuple[slice, slice]:
    """Rows and columns of the blocks that it touches."""
    side = SAMPLES * stride(width)
    left, top, right, bottom = (float(one) / side for one in box[:4])
    return (
        slice(max(0, math.floor(top)), math.ceil(bottom)),
        slice(max(0, math.floor(left)), math.ceil(right)),
    )


def blocks(pixels: Picture) -> Blocks:
    """Means of the green plane in blocks of ``SAMPLES`` times the stride; what is left over is not."""
    step = stride(pixels.shape[1])
    every = slice(None, None, step)
    green = pixels[every, every, 1]
    rows, columns = green.shape[0] // SAMPLES, green.shape[1] // SAMPLES
    cut = green[: rows * SAMPLES, : columns * SAMPLES].reshape(rows, SAMPLES, columns * SAMPLES)
    sums = np.add.reduce(cut, axis=1, dtype=np.uint16).reshape(rows, columns, SAMPLES)
    means: Blocks = sums.sum(axis=2, dtype=np.uint16).astype(np.float32) / SAMPLES**2
    return means


def changed(one: Blocks, other: Blocks) -> Where:
    """Blocks that differ by more than noise."""
    result: Where = np.abs(one - other) > CHANGED
    return result


def is_cut(before: Blocks, after: Blocks) -> bool:
    """Whether nothing of the one is in the other: another shot."""
    if np.abs(before - after).mean() < _CUT_STEP:
        return False
    one, other = before - before.mean(), after - after.mean()
    norm = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return norm == 0 or float((one * other).sum()) / norm < _CUT_LIKENESS


def around(where: Where, width: int, margin: int) -> Box | None:
    """Left, top, right, bottom in pixels of the box about all that is true, and ``margin`` more."""
    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    if not len(rows):
        return None
    side = SAMPLES * stride(width)
    top, bottom = int(rows[0]) * side - margin, (int(rows[-1]) + 1) * side + margin
    left, right = int(columns[0]) * side - margin, (int(columns[-1]) + 1) * side + margin
    return left, top, right, bottom


def areas(where: Where, width: int, margin: int) -> list[Box]:
    """As ``around``, in as many boxes as are less than one: what lies far apart is no reason to look in between."""
    return places(where, SAMPLES * stride(width), margin)


def spread(where: Where, width: int, margin: int) -> float:
    """The part of a picture that ``areas`` fill, or somewhat less: told sooner than by gathering them."""
    cells = max(1, margin // (SAMPLES * stride(width)))
    reach = np.pad(where, cells)
    rows = np.logical_or.reduce([reach[n : n + len(where)] for n in range(2 * cells + 1)])
    wide = where.shape[1]
    both = np.logical_or.reduce([rows[:, n : n + wide] for n in range(2 * cells + 1)])
    return float(both.mean())


def places(where: Where, side: int, margin: int) -> list[Box]:
    """As ``areas``, of cells of ``side`` pixels."""
    found: list[Box] = []
    for box in _runs(where, side, margin):
        merge(found, box)
    return found


def _runs(where: Where, side: int, margin: int) -> Iterator[Box]:
    """Boxes about what is true in a few rows at a time, from where it begins to where nothing follows for a while."""
    step = max(1, _COARSE // side)
    for first in range(0, where.shape[0], step):
        strip = where[first : first + step]
        columns = np.flatnonzero(strip.any(axis=0))
        if not len(columns):
            continue
        for part in np.split(columns, np.flatnonzero(np.diff(columns) * side > 2 * margin) + 1):
            rows = first + np.flatnonzero(strip[:, part].any(axis=1))
            low = int(part[0]) * side - margin, int(rows[0]) * side - margin
            high = (int(part[-1]) + 1) * side + margin, (int(rows[-1]) + 1) * side + margin
            yield *low, *high


def merge(boxes: list[Box], box: Box) -> None:
    """Add it, together with those beside which one box is hardly more than two."""
    while (near := _near(boxes, box)) is not None:
        box = joined(boxes.pop(near), box)
    boxes.append(box)


def joined(one: Box, other: Box) -> Box:
    """The box about both."""
    low = min(one[0], other[0]), min(one[1], other[1])
    return *low, max(one[2], other[2]), max(one[3], other[3])


def size(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _near(boxes: list[Box], box: Box) -> int | None:
    """The first with which one box is hardly more than two."""
    left, top, right, bottom = box
    most = size(box) + _CALL
    for number, (low, high, far, deep) in enumerate(boxes):
        wide = max(far, right) - min(low, left)
        tall = max(deep, bottom) - min(high, top)
        if wide * tall <= (far - low) * (deep - high) + most:
            return number
    return None
