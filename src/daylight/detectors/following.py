"""Following a piece of the picture from one frame to the next, by normalised cross-correlation.

Source: J. P. Lewis, Fast Normalized Cross-Correlation, 1995. The piece is sampled down to about
``SIDE`` points a side, and looked for near where it was; a step between points is found by a parabola.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from daylight.detectors.enlarged import Picture

SIDE: Final = 18  # points along the longer side of the piece
REACH: Final = 7  # points in each direction that it may have moved, beyond what was foretold

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Followed:
    """``boxes``: (n, 4), one a picture; ``likeness``: -1 to 1 of each."""

    boxes: Floats
    likeness: Floats


def follow(pictures: Sequence[Picture], box: Floats, velocity: Floats) -> Followed:
    """From ``box`` (left, top, right, bottom) in the first of ``pictures`` to all of them.

    ``velocity``: (2,) pixels a picture, across and down, as far as known.
    """
    step = max(1, int(np.ceil(float((box[2:4] - box[:2]).max()) / SIDE)))
    size = np.maximum(3, np.round((box[2:4] - box[:2]) / step)).astype(int)
    piece = _sampled(pictures[0], box[:2], step, size).ravel()
    piece -= piece.mean()
    at, moving = box[:2].astype(np.float32), velocity.astype(np.float32)
    found: list[Floats] = [at]
    alike = [1.0]
    for picture in pictures[1:]:
        guess: Floats = at + moving
        area = _sampled(picture, guess - REACH * step, step, size + 2 * REACH)
        shift, likeness = _best(area, piece, size)
        before, at = at, (guess + (shift - REACH) * step).astype(np.float32)
        moving = ((moving + (at - before)) / 2).astype(np.float32)
        found.append(at)
        alike.append(likeness)
    corners = np.stack(found)
    boxes = np.hstack([corners, corners + (box[2:4] - box[:2])]).astype(np.float32)
    return Followed(boxes, np.array(alike, np.float32))


def _sampled(picture: Picture, corner: Floats, step: int, size: NDArray[np.int_]) -> Floats:
    """(size[1], size[0]) points of the green plane, each the mean of four; the rim goes on outwards."""
    height, width, _ = picture.shape
    wide, tall = int(size[0]), int(size[1])
    left, top = (round(float(one)) for one in corner)
    rows, columns = _pairs(top, tall, step, height), _pairs(left, wide, step, width)
    points = picture[rows[:, None], columns[None, :], 1]
    sums = points[:tall].astype(np.float32)
    sums += points[tall:]
    total: Floats = sums[:, :wide] + sums[:, wide:]
    total *= np.float32(0.25)
    return total


def _pairs(first: int, count: int, step: int, length: int) -> NDArray[np.int_]:
    """Where the points are, and half a step further where each has its other half."""
    every = first + step * np.arange(count)
    both: NDArray[np.int_] = np.concatenate([every, every + step // 2])
    return np.minimum(np.maximum(both, 0), length - 1)


def _best(area: Floats, piece: Floats, size: NDArray[np.int_]) -> tuple[Floats, float]:
    """Where in ``area`` the piece lies, in points (across, down), and how like it is there.

    ``piece``: flat, of mean 0.
    """
    windows = sliding_window_view(area, (int(size[1]), int(size[0])))
    rows = windows.reshape(-1, piece.size)
    squares = np.einsum("ij,ij->i", rows, rows) - rows.sum(axis=1) ** 2 / piece.size
    norm = np.sqrt(np.maximum(squares, 0) * float(piece @ piece))
    alike = (rows @ piece / np.maximum(norm, 1e-3)).reshape(windows.shape[:2])
    row, column = np.unravel_index(int(alike.argmax()), alike.shape)
    shift = (column + _peak(alike[row], int(column)), row + _peak(alike[:, column], int(row)))
    return np.array(shift, np.float32), float(alike[row, column])


def _peak(line: Floats, at: int) -> float:
    """Of the parabola through the largest value and its neighbours: -0.5 to 0.5."""
    if not 0 < at < len(line) - 1:
        return 0.0
    before, here, after = (float(one) for one in line[at - 1 : at + 2])
    bend = before - 2 * here + after
    return 0.0 if bend >= 0 else max(-0.5, min(0.5, (before - after) / 2 / bend))
