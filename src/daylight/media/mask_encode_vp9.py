"""VP9 as it goes into a container of our own, beside ``media.mask_encode``: one shown picture a packet, in order."""

from collections import deque
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from av.codec.context import CodecContext, Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from daylight.domain.redaction import Codec
from daylight.errors import MediaRefused
from daylight.media.mask_encode import Coded, Look, PictureEncoder
from daylight.media.packet import VideoPacket

_TICK: Final = Fraction(1, 25)
# Nothing is looked at ahead, so that no picture is coded that is not shown.
_OPTIONS: Final = {
    "deadline": "realtime",
    "cpu-used": "6",
    "lag-in-frames": "0",
    "auto-alt-ref": "0",
    "row-mt": "1",
    "b": "0",
}
_FROM: Final = 1.15  # of the plan's quality: masks stay plain in noise at 34 too


class Vp9Encoder:
    """As ``PictureEncoder``; there are no parameter sets."""

    def __init__(self, width: int, height: int, quality: int, look: Look) -> None:
        made = CodecContext.create("libvpx-vp9", "w")
        if not isinstance(made, VideoCodecContext):
            raise TypeError("VP9 encodes pictures")
        made.width, made.height, made.pix_fmt = width, height, "yuv420p"
        made.time_base, made.framerate = _TICK, 1 / _TICK
        made.color_range = 2 if look.full else 1
        if look.space is not None:
            made.colorspace = look.space
        made.thread_count, made.gop_size = 2, 250
        made.flags |= Flags.global_header | Flags.bitexact
        made.options = {**_OPTIONS, "crf": str(round(quality * _FROM))}
        made.open()
        self._context = made
        self.header: list[bytes] = []
        self._times: deque[int] = deque()
        self._next = 0

    def push(self, frame: VideoFrame, at: int) -> list[Coded]:
        """The encoder counts pictures: finer times than it takes stay here."""
        frame.pts, frame.time_base, frame.pict_type = self._next, _TICK, PictureType.NONE
        self._next += 1
        self._times.append(at)
        return self._coded(self._context.encode(frame))

    def finish(self) -> list[Coded]:
        made = self._coded(self._context.encode(None))
        if self._times:
            raise MediaRefused("the encoder left pictures out")
        return made

    def _coded(self, packets: Sequence[VideoPacket]) -> list[Coded]:
        return [Coded(self._times.popleft(), one.is_keyframe, bytes(one)) for one in packets]


def encoder_of(
    codec: Codec, size: tuple[int, int], scale: int, quality: int, look: Look
) -> PictureEncoder | Vp9Encoder:
    if codec is Codec.VP9:
        return Vp9Encoder(*size, quality, look)
    return PictureEncoder(*size, scale, quality, look)
