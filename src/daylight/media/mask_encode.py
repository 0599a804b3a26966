"""H.264 and AAC as they go into a container of our own: no strings, no reordering, one picture a packet.

No picture is shown in another order than it is coded, so that every time is exact without an edit list.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.codec.context import CodecContext, Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from numpy.typing import NDArray

from daylight.media.nal import PPS, SEI, SPS, Layout, unit_type
from daylight.media.packet import SoundPacket, VideoPacket

RATE: Final = 48_000  # Hz of what goes out
GRAIN: Final = 1024  # samples of an AAC frame
_BIT_RATE: Final = 96_000
_ENDS: Final = frozenset({9, 10, 11, 12})  # delimiters and filler
# Looking further for what moved where takes twice as long as all the rest, and makes a film a fortieth smaller; but
# without "mbtree" it would be half as large again. "aq" would take coarser steps where there are edges, as at the rim of
# every mask: small masks then do not stay plain, and the check after refuses them.
_X264: Final = "aq-mode=0:mbtree=1:bframes=0:info=0:annexb=0:rc-lookahead=4:sync-lookahead=0:sliced-threads=1:keyint=250:force-cfr=0:opencl=0"


@dataclass(frozen=True, slots=True)
class Coded:
    """``at``: ticks of the film; ``data``: units, each after its length in four bytes."""

    at: int
    key: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Look:
    """How pixels are to be shown: luma from 0 to 255 (``full``), FFmpeg's number of the matrix of colours where
    it is known, and how wide a pixel is by its height.
    """

    full: bool
    space: int | None
    aspect: Fraction


class PictureEncoder:
    """``header``: the SPS and PPS, known from the start. ``scale``: ticks a second."""

    def __init__(self, width: int, height: int, scale: int, quality: int, look: Look) -> None:
        made = CodecContext.create("libx264", "w")
        if not isinstance(made, VideoCodecContext):
            raise TypeError("x264 encodes pictures")
        made.width, made.height, made.pix_fmt = width, height, "yuv420p"
        made.time_base = Fraction(1, scale)
        made.framerate = Fraction(25)
        made.color_range = 2 if look.full else 1
        if look.space is not None:
            made.colorspace = look.space
        made.sample_aspect_ratio = look.aspect
        made.thread_count = 2
        made.flags |= Flags.global_header | Flags.bitexact
        made.options = {"preset": "superfast", "crf": str(quality), "x264-params": _X264}
        made.open()
        self._context = made
        layout = Layout(made.extradata or b"")
        self.header = [one for one in layout.parameter_sets if unit_type(one) in {SPS, PPS}]
        self._base = Fraction(1, scale)
        self._layout = layout

    def push(self, frame: VideoFrame, at: int) -> list[Coded]:
        frame.pts, frame.time_base, frame.pict_type = at, self._base, PictureType.NONE
        return self._coded(self._context.encode(frame))

    def finish(self) -> list[Coded]:
        return self._coded(self._context.encode(None))

    def _coded(self, packets: Sequence[VideoPacket]) -> list[Coded]:
        made = []
        for packet in packets:
            units = [one for one in self._layout.units(bytes(packet)) if _is_picture(one)]
            data = b"".join(len(one).to_bytes(4, "big") + one for one in units)
            made.append(Coded(packet.pts or 0, packet.is_keyframe, data))
        return made


def _is_picture(unit: bytes) -> bool:
    return bool(unit) and unit_type(unit) not in {SEI, SPS, PPS} | _ENDS


class SoundEncoder:
    """AAC-LC, mono or stereo. ``config``: what a decoder needs. The encoder's run-up is left out."""

    grain = GRAIN

    def __init__(self, channels: int) -> None:
        made = CodecContext.create("aac", "w")
        if not isinstance(made, AudioCodecContext):
            raise TypeError("AAC encodes sound")
        self._layout = "mono" if channels == 1 else "stereo"
        made.sample_rate, made.layout, made.format = RATE, self._layout, "fltp"
        made.bit_rate = _BIT_RATE
        made.flags |= Flags.global_header | Flags.bitexact
        made.open()
        self._context = made
        self.config = bytes(made.extradata or b"")
        self._next = 0

    def push(self, samples: NDArray[np.float32]) -> list[bytes]:
        """Float32 (channels, ``GRAIN``)."""
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", self._layout)
        frame.sample_rate, frame.pts = RATE, self._next
        frame.time_base = Fraction(1, RATE)
        self._next += samples.shape[1]
        return self._coded(self._context.encode(frame))

    def finish(self) -> list[bytes]:
        return self._coded(self._context.encode(None))

    def _coded(self, packets: Sequence[SoundPacket]) -> list[bytes]:
        return [bytes(one) for one in packets if (one.pts or 0) >= 0]
