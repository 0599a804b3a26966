"""The sound of a segment: copied where every browser plays it, else as AAC.

Encoded sound lies on one grid for the whole recording (frames of 1024 samples counted from media
zero), and each segment encodes a little more than it keeps; so the pieces join without a click.
"""

from fractions import Fraction
from typing import Final, Protocol

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.container import OutputContainer
from numpy.typing import NDArray

from daylight.media.cut import Cut
from daylight.media.mpegts import OFFSET
from daylight.media.packet import MediaPacket, new_packet
from daylight.media.playlist import TICKS
from daylight.media.segment_source import Source, Timed

RATE: Final = 48_000
_GRAIN: Final = 1024  # samples in an AAC frame
_LEAD: Final = 3  # frames encoded before the span and thrown away: the encoder's start
_BIT_RATE: Final = 128_000
_THIN_BIT_RATE: Final = 48_000
_DRIFT: Final = RATE // 20  # samples by which a frame may miss its place before it is moved
_LONGEST: Final = 120 * TICKS  # a span beyond that gets its first two minutes of sound


class Sound(Protocol):
    done: bool
    count: int
    errors: int

    def push(self, timed: Timed) -> None: ...
    def finish(self) -> list[MediaPacket]: ...


def may_copy(stream: AudioStream, cut: Cut) -> bool:
    """AAC-LC with a header, and MP3: what browsers play out of a transport stream."""
    context = stream.codec_context
    if cut.thin:
        return False
    if context.name == "aac":
        headed = bool(context.extradata) or cut.demuxer == "mpegts"
        return headed and context.profile == "LC" and context.sample_rate >= 16_000
    return context.name in {"mp3", "mp3float"} and context.sample_rate >= 32_000


class CopiedSound:
    """Packets that begin within the span, as they are."""

    def __init__(self, stream: AudioStream, cut: Cut, output: OutputContainer) -> None:
        self.done = False
        self.count = self.errors = 0
        self._cut = cut
        self._stream = output.add_stream_from_template(stream)
        self._packets: list[MediaPacket] = []

    def push(self, timed: Timed) -> None:
        time = timed.pts if timed.pts is not None else timed.dts
        if self.done or time is None or time < self._cut.start:
            return
        if time >= self._cut.until:
            self.done = True
            return
        at = time + OFFSET
        if self._packets and at <= (self._packets[-1].dts or 0):
            self.errors += 1
            return
        data = bytes(timed.packet)
        self._packets.append(new_packet(data, self._stream, pts=at, dts=at, key=True))
        self.count += 1

    def finish(self) -> list[MediaPacket]:
        return self._packets


class EncodedSound:
    """Any sound as AAC-LC, stereo, 48 kHz; silence where there is none."""

    def __init__(self, source: Source | None, cut: Cut, output: OutputContainer) -> None:
        self.done = False
        self.count = self.errors = 0
        self._source, self._cut = source, cut
        self._input = None if source is None else source.audio
        end = min(self._cut.end, self._cut.start + _LONGEST)
        # Grid positions: frames whose first sample lies within the span are kept.
        self._first = -(-self._cut.start * RATE // (TICKS * _GRAIN))
        self._last = -(-end * RATE // (TICKS * _GRAIN))
        self._begin = (self._first - _LEAD) * _GRAIN
        length = max(0, self._last - self._first) + _LEAD + 1
        self._samples: NDArray[np.float32] = np.zeros((2, length * _GRAIN), np.float32)
        self._resampler = AudioResampler(format="fltp", layout="stereo", rate=RATE)
        self._next: int | None = None  # where the next sample goes, counted from media zero
        stream = output.add_stream("aac", rate=RATE, layout="stereo")
        stream.bit_rate = _THIN_BIT_RATE if cut.thin else _BIT_RATE
        stream.codec_context.flags |= Flags.bitexact
        self._stream: AudioStream = stream

    def push(self, timed: Timed) -> None:
        if self.done:
            return
        time = timed.pts if timed.pts is not None else timed.dts
        if time is not None and time >= self._cut.end + TICKS // 10:
            self.done = True
            return
        if self._input is not None and (time is None or time >= self._cut.start - TICKS // 2):
            self._decode(self._input, timed.packet)

    def _decode(self, stream: AudioStream, packet: MediaPacket) -> None:
        try:
            for frame in stream.decode(packet):
                self._take(frame)
        except (av.FFmpegError, ValueError):  # ValueError: the format changed in mid-stream
            self.errors += 1
            self._resampler = AudioResampler(format="fltp", layout="stereo", rate=RATE)

    def _take(self, frame: AudioFrame) -> None:
        time = None if self._source is None else self._source.ticks(frame.pts, frame.time_base)
        if time is not None:
            place = round(Fraction(time * RATE, TICKS))
            if self._next is None or abs(place - self._next) > _DRIFT:
                self._next = place
        frame.pts = None
        for piece in self._resampler.resample(frame):
            self._place(piece.to_ndarray().astype(np.float32, copy=False))

    def _place(self, samples: NDArray[np.float32]) -> None:
        if self._next is None:
            return
        at, size = self._next - self._begin, samples.shape[1]
        low, high = max(0, at), min(self._samples.shape[1], at + size)
        if low < high:
            self._samples[:, low:high] = samples[:, low - at : high - at]
            self.count += 1
        self._next += size

    def finish(self) -> list[MediaPacket]:
        packets: list[MediaPacket] = []
        for start in range(0, self._samples.shape[1], _GRAIN):
            grain = np.ascontiguousarray(self._samples[:, start : start + _GRAIN])
            frame = AudioFrame.from_ndarray(grain, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = RATE, self._begin + start
            frame.time_base = Fraction(1, RATE)
            packets += self._stream.encode(frame)
        packets += self._stream.encode(None)
        return [self._shifted(packet) for packet in packets if self._is_kept(packet)]

    def _is_kept(self, packet: MediaPacket) -> bool:
        first, last = self._first * _GRAIN, self._last * _GRAIN
        return first <= (packet.pts or 0) < last

    def _shifted(self, packet: MediaPacket) -> MediaPacket:
        at = (packet.pts or 0) * TICKS // RATE + OFFSET
        return new_packet(bytes(packet), self._stream, pts=at, dts=at, key=True)
