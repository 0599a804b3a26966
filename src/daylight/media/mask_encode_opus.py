"""Opus as it goes beside VP9, with the face of ``media.mask_encode.SoundEncoder``."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.codec.context import CodecContext, Flags
from numpy.typing import NDArray

from daylight.domain.redaction import Codec
from daylight.errors import MediaRefused
from daylight.media.mask_encode import RATE, SoundEncoder
from daylight.media.mp4_write import OPUS_RUN_UP
from daylight.media.packet import SoundPacket

GRAIN: Final = 960  # samples of a packet
_BIT_RATE: Final = 96_000
_HEAD: Final = slice(10, 12)  # of what the encoder says of itself: its run-up


class OpusEncoder:
    """Mono or stereo. There is nothing that a decoder needs but what every file says: ``config`` is empty."""

    grain = GRAIN

    def __init__(self, channels: int) -> None:
        made = CodecContext.create("libopus", "w")
        if not isinstance(made, AudioCodecContext):
            raise TypeError("Opus encodes sound")
        self._layout = "mono" if channels == 1 else "stereo"
        made.sample_rate, made.layout, made.format = RATE, self._layout, "flt"
        made.bit_rate = _BIT_RATE
        made.flags |= Flags.global_header | Flags.bitexact
        made.open()
        said = bytes(made.extradata or b"")
        if int.from_bytes(said[_HEAD], "little") != OPUS_RUN_UP:
            raise MediaRefused("this encoder of Opus runs up otherwise than was looked at")
        self._context = made
        self.config = b""
        self._next = 0

    def push(self, samples: NDArray[np.float32]) -> list[bytes]:
        """Float32 (channels, ``GRAIN``)."""
        woven = np.ascontiguousarray(samples.T).reshape(1, -1)
        frame = AudioFrame.from_ndarray(woven, "flt", self._layout)
        frame.sample_rate, frame.pts = RATE, self._next
        frame.time_base = Fraction(1, RATE)
        self._next += samples.shape[1]
        return self._coded(self._context.encode(frame))

    def finish(self) -> list[bytes]:
        return self._coded(self._context.encode(None))

    @staticmethod
    def _coded(packets: Sequence[SoundPacket]) -> list[bytes]:
        return [bytes(one) for one in packets]


def sound_encoder_of(codec: Codec, channels: int) -> SoundEncoder | OpusEncoder:
    return OpusEncoder(channels) if codec is Codec.VP9 else SoundEncoder(channels)
