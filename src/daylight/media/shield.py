"""Pictures without their detail: for who must find something and need not see it.

Nothing is hidden that could be undone: each picture is averaged down to at most so many grains along its
longer side, and what is shown is interpolated from those alone.
"""

from typing import Final

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

GRAINS: Final = 24
LIGHT_GRAINS: Final = 96  # one sees that somebody moves, and no face
WIDTH: Final = 320


class Shield:
    """Frames of any size and format to ``width`` x ``height``, yuv420p, without detail, and ``grey`` or not."""

    def __init__(
        self, width: int, height: int, rotation: int, most: int = GRAINS, *, grey: bool = True
    ) -> None:
        self._size, self._most, self._grey = (width, height), most, grey
        self._turns = rotation // 90 % 4
        self._down, self._up = VideoReformatter(), VideoReformatter()

    def apply(self, frame: VideoFrame) -> VideoFrame:
        values = self._coarse(frame)
        axes = (0, 1) if self._grey else (1, 2)
        upright = np.rot90(values, -self._turns, axes=axes).astype(np.uint8, order="C")
        return self._up.reformat(
            VideoFrame.from_ndarray(upright, format=self._pixels),
            width=self._size[0],
            height=self._size[1],
            format="yuv420p",
            interpolation=Interpolation.BILINEAR,
        )

    @property
    def _pixels(self) -> str:
        return "gray" if self._grey else "yuv444p"

    def _coarse(self, frame: VideoFrame) -> np.ndarray:
        width, height = grains(*self._size, self._most)
        if self._turns % 2:
            width, height = height, width
        if self._grey:
            coarse = self._down.reformat(
                frame, width=width, height=height, format="gray", interpolation=Interpolation.AREA
            )
        else:
            coarse = self._down.reformat(
                frame,
                width=width,
                height=height,
                format="yuv444p",
                interpolation=Interpolation.AREA,
                dst_color_range=ColorRange.MPEG,
            )
        return coarse.to_ndarray()


def grains(width: int, height: int, most: int = GRAINS) -> tuple[int, int]:
    """The size of the coarse picture: at most ``most`` along the longer side, at least 2."""
    longer = max(width, height)
    return max(2, width * most // longer), max(2, height * most // longer)
