"""Decoded pictures made fit for the encoder: progressive, upright, of one size and one format."""

from collections.abc import Callable
from typing import Final

import av
import numpy as np
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from daylight.media.cut import Cut, Mode
from daylight.media.shield import GRAINS, LIGHT_GRAINS, WIDTH, Shield

CLEAR_LONGER_SIDE: Final = 1280
SOFT_LONGER_SIDE: Final = 640
_SMALLEST: Final = 16

Fit = Callable[[VideoFrame], VideoFrame]


def fitted_size(cut: Cut) -> tuple[int, int]:
    """Even width and height, upright, within what the mode allows."""
    width, height = cut.width, cut.height
    if cut.rotation % 180:
        width, height = height, width
    limit = _limit(cut)
    longer = max(width, height)
    if longer > limit:
        width, height = width * limit // longer, height * limit // longer
    return max(_SMALLEST, width & ~1), max(_SMALLEST, height & ~1)


def _limit(cut: Cut) -> int:
    """Pixels of the longer side."""
    if cut.small or cut.thin or cut.mode.is_strong:
        return WIDTH
    return CLEAR_LONGER_SIDE if cut.mode.is_sharp else SOFT_LONGER_SIDE


def fitter(cut: Cut) -> Fit:
    width, height = fitted_size(cut)
    if not cut.mode.is_sharp:
        grains = GRAINS if cut.mode.is_strong else LIGHT_GRAINS
        return Shield(width, height, cut.rotation, grains, grey=cut.mode.is_grey).apply
    upright = _Upright(width, height, cut.rotation).apply
    return _grey(upright) if cut.mode is Mode.GREY else upright


def _grey(fit: Fit) -> Fit:
    """Without colour: both planes of it say none."""

    def apply(frame: VideoFrame) -> VideoFrame:
        planes = fit(frame).to_ndarray()
        planes[planes.shape[0] * 2 // 3 :] = 128
        return VideoFrame.from_ndarray(planes, format="yuv420p")

    return apply


class _Upright:
    """Scaled to ``width`` x ``height`` after it was turned by ``rotation`` degrees clockwise."""

    def __init__(self, width: int, height: int, rotation: int) -> None:
        self._turns = rotation // 90 % 4
        self._size = (height, width) if self._turns % 2 else (width, height)
        self._scaler, self._packer = VideoReformatter(), VideoReformatter()

    def apply(self, frame: VideoFrame) -> VideoFrame:
        scaled = self._scale(frame, "yuv444p" if self._turns else "yuv420p")
        if not self._turns:
            return scaled
        turned = np.rot90(scaled.to_ndarray(), -self._turns, axes=(1, 2)).astype(
            np.uint8, order="C"
        )
        upright = VideoFrame.from_ndarray(turned, format="yuv444p")
        return self._packer.reformat(upright, format="yuv420p")

    def _scale(self, frame: VideoFrame, pixels: str) -> VideoFrame:
        width, height = self._size
        if (frame.width, frame.height, frame.format.name) == (width, height, pixels):
            return frame
        return self._scaler.reformat(
            frame,
            width=width,
            height=height,
            format=pixels,
            interpolation=Interpolation.BILINEAR,
            dst_color_range=ColorRange.MPEG,
        )


def black(width: int, height: int) -> VideoFrame:
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = 16
    return VideoFrame.from_ndarray(planes, format="yuv420p")


class Deinterlacer:
    """Weaves interlaced pictures into whole ones with FFmpeg's yadif; leaves others as they are.

    One picture in, one picture out: the filter looks one picture ahead, so that for a moment the
    first one is given back as it is, and from then on the one before.
    """

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._shape: tuple[int, int, str] | None = None

    def apply(self, frame: VideoFrame) -> VideoFrame:
        if not frame.interlaced_frame:
            return frame
        shape = (frame.width, frame.height, frame.format.name)
        if self._graph is None or self._shape != shape:
            self._graph, self._shape = _yadif(frame), shape
        self._graph.vpush(frame)
        try:
            return self._graph.vpull()
        except (av.BlockingIOError, av.EOFError):
            return frame


def _yadif(frame: VideoFrame) -> Graph:
    graph = Graph()
    graph.threads = 1
    graph.link_nodes(
        graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=frame.time_base,
        ),
        graph.add("yadif", "mode=send_frame:deint=interlaced"),
        graph.add("buffersink"),
    ).configure()
    return graph
