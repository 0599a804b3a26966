"""One decoded picture, scaled and turned only for who asks, and once for all who ask the same."""

from collections.abc import Callable
from fractions import Fraction
from typing import Final

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

WIDTH: Final = 160  # of a small picture, in pixels; the height keeps the aspect
GREY: Final = (
    160,
    120,
)  # (width, height) of the grey picture that detectors share: ask for this one
# pixel formats whose first plane is luma of one byte a pixel
_PLAIN: Final = frozenset(
    {"gray", "nv12", "nv21", "yuv410p", "yuv411p", "yuv420p", "yuv422p", "yuv440p", "yuv444p"}
    | {"yuvj411p", "yuvj420p", "yuvj422p", "yuvj440p", "yuvj444p"}
)

Grey = NDArray[np.uint8]


class Picture:
    """A picture as it comes out of the decoder, upright.

    ``number``: of the key frame that it is, or that it follows, in the item's key-frame index;
    ``ordinal``: 0 for the key frame itself, else its place after it among the pictures that were
    decoded; ``seconds``: from media zero. ``standout``: how much the largest packet since the picture
    handed out before stands out, as a multiple of the 90th percentile of those packets; None where
    there is nothing to compare. Nothing of it may be kept beyond ``push``, except what its
    methods return.
    """

    def __init__(
        self,
        frame: VideoFrame,
        number: int,
        rotation: int,
        *,
        seconds: Fraction = Fraction(0),
        ordinal: int = 0,
        payload: Callable[[], bytes] = bytes,
    ) -> None:
        self._frame, self._turns = frame, -(rotation // 90) % 4
        self._payload = payload
        self._greys: dict[tuple[int, int], Grey] = {}
        self.number, self.ordinal, self.seconds = number, ordinal, seconds
        self.standout: float | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, upright."""
        size = (self._frame.width, self._frame.height)
        return size if self._turns % 2 == 0 else size[::-1]

    def small(self) -> NDArray[np.uint8]:
        """RGB, shape (height, ``WIDTH``, 3) before a rotation by quarters."""
        frame = self._frame
        height = max(2, round(WIDTH * frame.height / max(frame.width, 1) / 2) * 2)
        scaled = frame.reformat(WIDTH, min(height, 4 * WIDTH), "rgb24", interpolation="AREA")
        return np.rot90(scaled.to_ndarray(), k=self._turns)

    def grey(self, width: int = GREY[0], height: int = GREY[1]) -> Grey:
        """Luma averaged over areas to just this size whatever the aspect; not to be written to."""
        known = self._greys.get((width, height))
        if known is None:
            across = (width, height) if self._turns % 2 == 0 else (height, width)
            scaled = self._frame.reformat(*across, "gray", interpolation="AREA")
            known = np.rot90(scaled.to_ndarray().astype(np.uint8, copy=False), k=self._turns)
            known.flags.writeable = False
            self._greys[width, height] = known
        return known

    def luma(self) -> Grey:
        """The luma of every pixel, shape (height, width), in the range the recording uses.

        A view of the decoder's own memory where that is possible: to look at, and to copy from.
        """
        frame = self._frame
        if frame.format.name not in _PLAIN:
            frame = frame.reformat(format="gray")
        plane = frame.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        return np.rot90(rows[: frame.height, : frame.width], k=self._turns)

    def payload(self) -> bytes:
        """The bytes of the packet that a key frame came in; of other pictures, none."""
        return self._payload()


class InGroup(Picture):
    """One of all the pictures of a group, which a session asked for: see ``detectors.base``."""
