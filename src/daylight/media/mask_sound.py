"""The sound that goes out: silence wherever nobody decided otherwise, sample by sample."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from daylight.domain.marks import Span
from daylight.domain.redaction import Plan, Sounding
from daylight.errors import MediaRefused
from daylight.media.mask_encode import RATE
from daylight.media.mask_encode_opus import sound_encoder_of
from daylight.media.packet import MediaPacket

_MARGIN: Final = 10_000  # microseconds: what filters of decoder and resampler smear about
_DRIFT: Final = RATE // 20  # samples that times may be off before they are believed again
_LONGEST_GAP: Final = RATE * 3600
_TONE: Final = (1_000, 0.125)  # Hz, of full scale
_MICRO: Final = 1_000_000

Samples = NDArray[np.float32]


class SoundTrack:
    """``start``: seconds from media zero that are the film's zero. Counts ``errors``, ``samples``."""

    def __init__(self, stream: AudioStream, plan: Plan, zero: Fraction, start: Fraction) -> None:
        self._stream, self._zero, self._start = stream, zero, start
        channels = 1 if stream.codec_context.channels == 1 else 2
        self.channels = channels
        self._fresh = _resampler(channels)
        self._encoder = sound_encoder_of(plan.output.codec, channels)
        self._grain = self._encoder.grain
        self.config = self._encoder.config
        self._gate = _Gate(plan, start)
        self._last = None if plan.span is None else _place(plan.span.end_us, start)
        self._waiting: Samples = np.zeros((channels, 0), np.float32)
        self._next = 0  # the sample after the last, from the film's zero
        self.errors = self.samples = 0
        stream.codec_context.thread_count = 1

    def push(self, packet: MediaPacket) -> list[bytes]:
        """Coded grains, each of as many samples as the encoder takes."""
        try:
            frames = self._stream.decode(packet)
        except (av.FFmpegError, ValueError):
            self.errors += 1
            return []
        return [one for frame in frames for one in self._take(frame)]

    def finish(self) -> list[bytes]:
        made = list(self._grains())
        if self._waiting.shape[1]:
            rest = np.zeros((self.channels, self._grain), np.float32)
            rest[:, : self._waiting.shape[1]] = self._waiting
            made += self._encoder.push(rest)
        return [*made, *self._encoder.finish()]

    def _take(self, frame: AudioFrame) -> Iterator[bytes]:
        place = self._next
        if frame.pts is not None and frame.time_base is not None:
            since = frame.pts * frame.time_base - self._zero - self._start
            own = round(since * RATE)
            place = own if abs(own - self._next) > _DRIFT else self._next
        if place - self._next > _LONGEST_GAP:
            raise MediaRefused("the sound stops for more than an hour")
        frame.pts = None
        try:
            pieces = self._fresh.resample(frame)
        except (av.FFmpegError, ValueError):  # the format changed in mid-stream
            self.errors += 1
            self._fresh = _resampler(self.channels)
            return
        for piece in pieces:
            values = piece.to_ndarray().reshape(self.channels, -1).astype(np.float32, copy=False)
            self._put(values, place)
            place += values.shape[1]
        yield from self._grains()

    def _put(self, values: Samples, place: int) -> None:
        if place < self._next:  # before the film, or said twice
            values = values[:, self._next - place :]
            place = self._next
        if self._last is not None:
            values = values[:, : max(0, self._last - place)]
        if not values.shape[1]:
            return
        silence = np.zeros((self.channels, place - self._next), np.float32)
        gated = self._gate.apply(values, place)
        self._waiting = np.concatenate([self._waiting, silence, gated], axis=1)
        self._next = place + values.shape[1]
        self.samples = self._next

    def _grains(self) -> Iterator[bytes]:
        grain = self._grain
        whole = self._waiting.shape[1] // grain * grain
        for at in range(0, whole, grain):
            yield from self._encoder.push(self._waiting[:, at : at + grain])
        self._waiting = self._waiting[:, whole:]


class _Gate:
    """What of the sound passes; of spans that contradict each other the stricter counts."""

    def __init__(self, plan: Plan, start: Fraction) -> None:
        def placed(spans: list[Span], margin: int) -> list[tuple[int, int]]:
            return [
                (_place(one.start_us - margin, start), _place(one.end_us + margin, start))
                for one in spans
            ]

        of = {kind: [one.span for one in plan.sound if one.sounding is kind] for kind in Sounding}
        self._kept = placed(of[Sounding.KEEP], 0)
        self._tone = placed(of[Sounding.TONE], _MARGIN)
        withheld = [one.span for one in plan.demands if one.sound]
        self._silent = placed([*of[Sounding.SILENCE], *withheld], _MARGIN)

    def apply(self, values: Samples, at: int) -> Samples:
        made = np.zeros_like(values)
        size = values.shape[1]
        for low, high in _within(self._kept, at, size):
            made[:, low:high] = values[:, low:high]
        for low, high in _within(self._tone, at, size):
            turns = np.arange(at + low, at + high) * (_TONE[0] / RATE)
            made[:, low:high] = (np.sin(2 * np.pi * turns) * _TONE[1]).astype(np.float32)
        for low, high in _within(self._silent, at, size):
            made[:, low:high] = 0
        return made


def _within(spans: list[tuple[int, int]], at: int, size: int) -> Iterator[tuple[int, int]]:
    for start, end in spans:
        low, high = max(0, start - at), min(size, end - at)
        if low < high:
            yield low, high


def _place(at_us: int, start: Fraction) -> int:
    return round((Fraction(at_us, _MICRO) - start) * RATE)


def _resampler(channels: int) -> AudioResampler:
    return AudioResampler("fltp", "mono" if channels == 1 else "stereo", RATE)
