"""Pictures without their detail: for who must find something and need not see it.

Nothing is hidden that could be undone: each picture is averaged down to at most ``GRAINS`` grey
values along its longer side, and what is shown is interpolated from those alone.
"""

from typing import Final

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

GRAINS: Final = 24
WIDTH: Final = 320


class Shield:
    """Frames of any size and format to ``width`` x ``height``, yuv420p, grey, without detail."""

    def __init__(self, width: int, height: int, rotation: int) -> None:
        self._size = (width, height)
        self._turns = rotation // 90 % 4
        self._down, self._up = VideoReformatter(), VideoReformatter()

    def apply(self, frame: VideoFrame) -> VideoFrame:
        width, height = grains(*self._size)
        if self._turns % 2:
            width, height = height, width
        coarse = self._down.reformat(
            frame, width=width, height=height, format="gray", interpolation=Interpolation.AREA
        )
        values = np.rot90(coarse.to_ndarray(), -self._turns).astype(np.uint8, order="C")
        return self._up.reformat(
            VideoFrame.from_ndarray(values, format="gray"),
            width=self._size[0],
            height=self._size[1],
            format="yuv420p",
            interpolation=Interpolation.BILINEAR,
        )


def grains(width: int, height: int) -> tuple[int, int]:
    """The size of the coarse picture: at most ``GRAINS`` along the longer side, at least 2."""
    longer = max(width, height)
    return max(2, width * GRAINS // longer), max(2, height * GRAINS // longer)
