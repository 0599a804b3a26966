"""Who watches, drawn into the pictures: so that what is filmed off a screen says whose screen it was.

The letters are a small bitmap font, drawn with NumPy: no file is opened for them in the sandbox.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from daylight.media.playlist import TICKS

_ROWS, _COLUMNS = 7, 5
# Seven rows of five dots for each sign, the leftmost dot first.
_FONT: Final = {
    "0": "01110 10001 10011 10101 11001 10001 01110",
    "1": "00100 01100 00100 00100 00100 00100 01110",
    "2": "01110 10001 00001 00110 01000 10000 11111",
    "3": "11111 00010 00100 00010 00001 10001 01110",
    "4": "00010 00110 01010 10010 11111 00010 00010",
    "5": "11111 10000 11110 00001 00001 10001 01110",
    "6": "00110 01000 10000 11110 10001 10001 01110",
    "7": "11111 00001 00010 00100 01000 01000 01000",
    "8": "01110 10001 10001 01110 10001 10001 01110",
    "9": "01110 10001 10001 01111 00001 00010 01100",
    "a": "00000 00000 01110 00001 01111 10001 01111",
    "b": "10000 10000 10110 11001 10001 10001 11110",
    "c": "00000 00000 01110 10000 10000 10001 01110",
    "d": "00001 00001 01101 10011 10001 10001 01111",
    "e": "00000 00000 01110 10001 11111 10000 01110",
    "f": "00110 01001 01000 11100 01000 01000 01000",
    "h": "10000 10000 10110 11001 10001 10001 10001",
    "-": "00000 00000 00000 11111 00000 00000 00000",
}
_LINES_OF_PICTURE: Final = 216  # a dot is a pixel up to here, then two, …
_INK, _GROUND = 235, 16
_INK_SHARE, _GROUND_SHARE = 4, 2  # of 8: how much of a pixel the mark takes
# Sixteenths down and across. There are always three, so that cropping leaves one; and they move on,
# so that nothing stays hidden: a clock in a corner, a hand in the middle.
_PLACES: Final = (
    ((1, 1), (8, 8), (15, 15)),
    ((1, 15), (8, 3), (15, 8)),
    ((2, 8), (9, 13), (15, 1)),
)
_STAYS: Final = 4 * TICKS  # of media time

Mask = npt.NDArray[np.bool_]


def lettered(text: str) -> Mask:
    """The dots of a text, its words under each other; signs that the font lacks stay empty."""
    words = text.split(" ")
    width = max(len(word) for word in words) * (_COLUMNS + 1) + 1
    mask = np.zeros((len(words) * (_ROWS + 2) + 1, width), np.bool_)
    for line, word in enumerate(words):
        top = 1 + line * (_ROWS + 2)
        for place, sign in enumerate(word):
            left = 1 + place * (_COLUMNS + 1)
            mask[top : top + _ROWS, left : left + _COLUMNS] = _dots(sign)
    return mask


def _dots(sign: str) -> Mask:
    rows = _FONT.get(sign, " ".join(["0" * _COLUMNS] * _ROWS)).split(" ")
    return np.array([[dot == "1" for dot in row] for row in rows])


class ViewerMark:
    """Draws ``text`` into yuv420p frames of one size, on a ground that is darkened a little."""

    def __init__(self, text: str, width: int, height: int) -> None:
        scale = max(1, height // _LINES_OF_PICTURE)
        mask = lettered(text).repeat(scale, 0).repeat(scale, 1)[:height, :width]
        rows, columns = mask.shape
        value = np.where(mask, _INK * _INK_SHARE, _GROUND * _GROUND_SHARE)
        self._added = value.astype(np.uint16)
        self._kept = np.where(mask, 8 - _INK_SHARE, 8 - _GROUND_SHARE).astype(np.uint16)
        fitting = (
            3 if rows * 4 <= height else 1
        )  # in a small picture they would lie over each other
        self._places = [
            [
                ((height - rows) * down // 16, (width - columns) * across // 16)
                for down, across in one[:fitting]
            ]
            for one in _PLACES
        ]

    def apply(self, frame: VideoFrame, time: int) -> VideoFrame:
        """A marked copy: a decoder may still need the frame itself. ``time``: in ticks."""
        planes = frame.to_ndarray().astype(np.uint8, copy=False)
        self.draw(planes, time)
        return VideoFrame.from_ndarray(planes, format="yuv420p")

    def draw(self, values: npt.NDArray[np.uint8], time: int) -> None:
        """Into values in place: (height, width, 3) of RGB, or with luma above all else."""
        rows, columns = self._added.shape
        deep = (rows, columns) + (1,) * (values.ndim - 2)
        kept, added = self._kept.reshape(deep), self._added.reshape(deep)
        for top, left in self._places[time // _STAYS % len(self._places)]:
            spot = values[top : top + rows, left : left + columns]
            spot[:] = (spot.astype(np.uint16) * kept + added) >> 3
