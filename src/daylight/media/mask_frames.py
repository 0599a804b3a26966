"""A decoded picture as three planes of its own memory, upright, of even size, 4:2:0 and 8 bits.

The decoder's own memory is never painted on: later pictures are built on it.
"""

from fractions import Fraction
from typing import Final

import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter

from daylight.domain.marks import WHOLE
from daylight.domain.redaction import Output
from daylight.errors import MediaRefused
from daylight.media.mask_encode import Look
from daylight.media.mask_paint import Plane

SMALLEST: Final = 16  # pixels: what encoders take
_PLAIN: Final = {"yuv420p": False, "yuvj420p": True}
_NAMED: Final = frozenset({1, 4, 5, 6, 7, 9})  # BT.709, FCC, BT.601 twice, SMPTE 240M, BT.2020
_HIGH: Final = 720  # lines: from here on BT.709 is meant where nothing is said
_SOFTER: Final = ("", "0.02", "0.05", "0.1")

Planes = tuple[Plane, Plane, Plane]


class Upright:
    """Makes planes of frames. All are of the size of the first, whatever comes later.

    ``width``, ``height``: of the upright picture, before the crop. ``full``: of the luma's range.
    """

    def __init__(self, first: VideoFrame, rotation: int, aspect: Fraction = Fraction(1)) -> None:
        self._coded = (first.width, first.height)
        self._turns = -(rotation // 90) % 4
        self.full = _PLAIN.get(first.format.name, False) or (
            first.format.name == "yuv420p" and first.color_range == ColorRange.JPEG
        )
        self._scaler = VideoReformatter()
        turned = self._turns % 2 == 1
        self.look = Look(self.full, _space(first), 1 / aspect if turned else aspect)
        self.width, self.height = self._coded[::-1] if turned else self._coded
        if min(self.width, self.height) < SMALLEST:
            raise MediaRefused("the picture is too small to be encoded")

    def planes(self, frame: VideoFrame) -> Planes:
        """Copies; luma (height, width) and chroma of half that, rounded up."""
        plain = self._plain(frame)
        wide, tall = plain.width, plain.height
        sizes = ((tall, wide), (-(-tall // 2), -(-wide // 2)), (-(-tall // 2), -(-wide // 2)))
        views = [_view(plain, number, *size) for number, size in enumerate(sizes)]
        luma, blue, red = (np.rot90(view, self._turns).copy() for view in views)
        return luma, blue, red

    def black(self) -> Planes:
        chroma = (-(-self.height // 2), -(-self.width // 2))
        floor = 0 if self.full else 16
        return (
            np.full((self.height, self.width), floor, np.uint8),
            np.full(chroma, 128, np.uint8),
            np.full(chroma, 128, np.uint8),
        )

    def _plain(self, frame: VideoFrame) -> VideoFrame:
        if any(part.is_alpha for part in frame.format.components):
            frame = _on_black(frame)
        same = (frame.width, frame.height) == self._coded
        if same and frame.format.name in _PLAIN:
            return frame
        width, height = self._coded
        wanted = ColorRange.JPEG if self.full else ColorRange.MPEG
        return self._scaler.reformat(frame, width, height, "yuv420p", dst_color_range=wanted)


def _space(first: VideoFrame) -> int | None:
    """The matrix that the recording names, where its colours are taken over as they are."""
    known = int(first.colorspace)
    return known if first.format.name in _PLAIN and known in _NAMED else None


def _on_black(frame: VideoFrame) -> VideoFrame:
    """What nobody was meant to see through is not brought to light."""
    pixels = frame.to_ndarray(format="rgba")
    shown = pixels[..., :3].astype(np.uint16) * pixels[..., 3:] // 255
    return VideoFrame.from_ndarray(shown.astype(np.uint8), format="rgb24")


def _view(frame: VideoFrame, number: int, tall: int, wide: int) -> Plane:
    plane = frame.planes[number]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[:tall, :wide]


class Cropped:
    """Cuts planes to an even part of the picture, and says how large what goes out is."""

    def __init__(self, width: int, height: int, output: Output) -> None:
        left, top, wide, tall = output.crop or (0, 0, WHOLE, WHOLE)
        self.left = left * width // WHOLE & ~1
        self.top = top * height // WHOLE & ~1
        self.width = min(width - self.left, -(-wide * width // WHOLE)) & ~1
        self.height = min(height - self.top, -(-tall * height // WHOLE)) & ~1
        if min(self.width, self.height) < SMALLEST:
            raise MediaRefused("what is left of the picture is too small to be encoded")
        wanted = output.width or self.width
        self.out_width = max(SMALLEST, wanted & ~1)
        self.out_height = max(SMALLEST, round(self.height * wanted / self.width / 2) * 2)

    def cut(self, planes: Planes) -> Planes:
        """Views."""
        luma, blue, red = planes
        top, left, tall, wide = self.top, self.left, self.height, self.width
        rows = slice(top // 2, (top + tall) // 2)
        columns = slice(left // 2, (left + wide) // 2)
        return luma[top : top + tall, left : left + wide], blue[rows, columns], red[rows, columns]


def frame_of(planes: Planes) -> VideoFrame:
    """A frame of memory that nobody else has; even width and height."""
    tall, wide = planes[0].shape
    frame = VideoFrame(wide, tall, "yuv420p")
    for number, plane in enumerate(planes):
        _view(frame, number, *plane.shape)[:] = plane
    return frame


class Finish:
    """What is done to pictures after they were covered: taking out noise, another size."""

    def __init__(self, cropped: Cropped, output: Output) -> None:
        self._size = (cropped.out_width, cropped.out_height)
        self._scaler = VideoReformatter()
        self._graph = _softening(cropped, _SOFTER[output.denoise]) if output.denoise else None

    def apply(self, frame: VideoFrame) -> VideoFrame:
        if self._graph is not None:
            frame.pts = None
            self._graph.vpush(frame)
            frame = self._graph.vpull()
        if (frame.width, frame.height) == self._size:
            return frame
        return self._scaler.reformat(frame, *self._size, "yuv420p")


def _softening(cropped: Cropped, strength: str) -> Graph:
    """FFmpeg's bilateral filter, picture by picture: none carries anything of another."""
    graph = Graph()
    source = graph.add_buffer(
        width=cropped.width,
        height=cropped.height,
        format=VideoFormat("yuv420p"),
        time_base=Fraction(1, 25),
    )
    graph.link_nodes(
        source, graph.add("bilateral", f"sigmaS=2:sigmaR={strength}"), graph.add("buffersink")
    ).configure()
    return graph


def is_high(height: int) -> bool:
    """Whether BT.709 is meant where a recording says nothing of its colours."""
    return height >= _HIGH
