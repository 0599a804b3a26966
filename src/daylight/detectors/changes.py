"""Where a picture differs from another, and whether it is another shot: on averages of blocks."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

SAMPLES: Final = 8  # a block's side, in the pixels that are looked at
CHANGED: Final = 3.0  # grey levels that a block's mean differs by: sensors' noise makes less than 2
_CUT_STEP: Final = 12.0  # grey levels, the mean over all blocks
_CUT_LIKENESS: Final = 0.7

Pixels = NDArray[np.uint8]
Blocks = NDArray[np.float32]
Box = tuple[int, int, int, int]


def stride(width: int) -> int:
    """Every which pixel is looked at: blocks are 8, 16 or 32 pixels wide."""
    return 1 if width <= 640 else 2 if width <= 1280 else 4


def blocks(pixels: Pixels) -> Blocks:
    """Means of the green plane in blocks of ``SAMPLES`` times the stride; what is left over is not."""
    step = stride(pixels.shape[1])
    green = pixels[::step, ::step, 1]
    rows, columns = green.shape[0] // SAMPLES, green.shape[1] // SAMPLES
    cut = green[: rows * SAMPLES, : columns * SAMPLES].reshape(rows, SAMPLES, columns * SAMPLES)
    sums = np.add.reduce(cut, axis=1, dtype=np.uint16).reshape(rows, columns, SAMPLES)
    means: Blocks = sums.sum(axis=2, dtype=np.uint16).astype(np.float32) / SAMPLES**2
    return means


def changed(one: Blocks, other: Blocks) -> NDArray[np.bool_]:
    """Blocks that differ by more than noise."""
    result: NDArray[np.bool_] = np.abs(one - other) > CHANGED
    return result


def is_cut(before: Blocks, after: Blocks) -> bool:
    """Whether nothing of the one is in the other: another shot."""
    if np.abs(before - after).mean() < _CUT_STEP:
        return False
    one, other = before - before.mean(), after - after.mean()
    norm = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return norm == 0 or float((one * other).sum()) / norm < _CUT_LIKENESS


def around(where: NDArray[np.bool_], width: int, margin: int) -> Box | None:
    """Left, top, right, bottom in pixels of the box about all that is true, and ``margin`` more."""
    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    if not len(rows):
        return None
    side = SAMPLES * stride(width)
    top, bottom = int(rows[0]) * side - margin, (int(rows[-1]) + 1) * side + margin
    left, right = int(columns[0]) * side - margin, (int(columns[-1]) + 1) * side + margin
    return left, top, right, bottom
