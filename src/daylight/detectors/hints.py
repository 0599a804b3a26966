"""Where a picture that was looked at in half its size has to be looked at in full.

A small face, or one that is hardly seen, still warms the heat map at half the size; where it stays cold nobody is to be found
at twice the size either. What is found surely there, and is large, needs no second look.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.detectors import changes
from daylight.detectors.centerface import MOST, OVERLAP, Boxes, overlaps

FAINT: Final = 0.02  # a score at half the size: of a hundred faces of 0.2 in full size 97 are above
SURE: Final = 0.5
LARGE: Final = 40.0  # pixels in full size
HUGE: Final = 192.0
CELL: Final = 32  # pixels
_SMALLER: Final = 4.0
_AROUND: Final = 0.5  # of a box's sides, on each side
_MARGIN: Final = 32.0  # pixels more: the network sees a face by what is around it

Area = tuple[int, int, int, int]


def places(faint: Boxes, found: Boxes, size: tuple[int, int]) -> list[Area] | None:
    """Boxes about all that is faint, in the pixels of the whole; None for all of it.

    ``faint`` and ``found``: in the same pixels; ``size``: width and height.
    """
    if len(faint) >= MOST:
        return None
    left = faint[(_sides(faint) < HUGE) & ~_is_explained(faint, found[_is_sure(found)])]
    return changes.places(_painted(left, size), CELL, 0)


def settled(found: Boxes) -> Boxes:
    """Those who need no second look: sure and large, or larger than can be found in full size."""
    kept: Boxes = found[_is_sure(found) | (_sides(found) >= HUGE)]
    return kept


def _is_sure(found: Boxes) -> NDArray[np.bool_]:
    return (found[:, 4] >= SURE) & (_sides(found) >= LARGE)


def agreed(found: Boxes, seen: Boxes) -> Boxes:
    """Of those found at half the size who are seen in full, however weakly: each size has its own score for a face."""
    likely = [one for one in found if len(seen) and overlaps(one, seen).max() >= OVERLAP]
    return np.array(likely, np.float32).reshape(-1, 5)


def _is_explained(faint: Boxes, sure: Boxes) -> NDArray[np.bool_]:
    """Whether the middle of each lies in somebody who is sure, and it is no much smaller face, as on a picture held up."""
    middles = (faint[:, None, :2] + faint[:, None, 2:4]) / 2
    within = ((middles > sure[None, :, :2]) & (middles < sure[None, :, 2:4])).all(axis=2)
    within &= _sides(faint)[:, None] * _SMALLER > _sides(sure)[None]
    result: NDArray[np.bool_] = within.sum(axis=1) > 0
    return result


def _sides(boxes: Boxes) -> NDArray[np.float32]:
    """Of each, the longer one."""
    sides: NDArray[np.float32] = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    return sides


def _painted(faint: Boxes, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Cells that one of the boxes touches, with what is around it."""
    more = (faint[:, 2:4] - faint[:, :2]) * _AROUND + _MARGIN
    columns, rows = (-(-length // CELL) for length in size)
    low = np.floor((faint[:, :2] - more) / CELL).astype(int)
    high = np.ceil((faint[:, 2:4] + more) / CELL).astype(int)
    low, high = (np.clip(one, 0, (columns, rows)) for one in (low, high))
    steps = np.zeros((rows + 1, columns + 1), np.int32)
    for (across, down), sign in (
        ((low, low), 1),
        ((high, low), -1),
        ((low, high), -1),
        ((high, high), 1),
    ):
        np.add.at(steps, (down[:, 1], across[:, 0]), sign)
    result: NDArray[np.bool_] = steps.cumsum(0).cumsum(1)[:-1, :-1] > 0
    return result
