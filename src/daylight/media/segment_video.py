"""The pictures of a segment: decoded, fitted, encoded to H.264; or copied as they are."""

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import av
from av.codec.context import Flags
from av.container import OutputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from daylight.media import nal
from daylight.media.cut import Cut, Mode
from daylight.media.leading import Leading
from daylight.media.mpegts import OFFSET
from daylight.media.packet import BASE, MediaPacket, new_packet
from daylight.media.playlist import TICKS
from daylight.media.segment_fit import Deinterlacer, black, fitted_size, fitter
from daylight.media.segment_source import UNTIMED, Source, Timed
from daylight.media.viewer_mark import ViewerMark

_COPIED_PIXELS: Final = frozenset({"yuv420p", "yuvj420p"})
_COPIED_PROFILES: Final = ("Baseline", "Constrained Baseline", "Main", "High")
_PROGRESSIVE: Final = 1
_ENCODER: Final = {
    "preset": "ultrafast",
    "tune": "zerolatency",
    "crf": "23",
    "x264-params": "scenecut=0:keyint=infinite:info=0",
}


# Slower by what small pictures cost hardly anything of, and coarser.
_THIN_ENCODER: Final = {**_ENCODER, "preset": "veryfast", "crf": "29"}


class Pictures(Protocol):
    """Takes the packets of the video stream one by one; ``finish`` gives what is to be muxed."""

    done: bool
    errors: int

    @property
    def count(self) -> int: ...

    def push(self, timed: Timed) -> None: ...
    def finish(self) -> list[MediaPacket]: ...


def may_copy(stream: VideoStream, cut: Cut) -> bool:
    """Whether the stream is H.264 as every browser plays it, and may be cut where the span is."""
    if cut.mode is not Mode.CLEAR or cut.anywhere or not cut.copies or cut.thin:
        return False
    context = stream.codec_context
    plain = context.profile in _COPIED_PROFILES and context.pix_fmt in _COPIED_PIXELS
    fits = cut.demuxer not in UNTIMED and not cut.rotation
    return context.name == "h264" and plain and fits and context.field_order == _PROGRESSIVE


@dataclass(frozen=True, slots=True)
class _Coded:
    data: bytes
    pts: int
    dts: int | None
    key: bool


class CopiedPictures:
    """H.264 as it is, as a byte stream, with parameter sets in front and without encoder strings."""

    def __init__(self, stream: VideoStream, cut: Cut, output: OutputContainer) -> None:
        self.done = False
        self.errors = 0
        self._cut = cut
        self._layout = nal.Layout(stream.codec_context.extradata or b"")
        self._stream = output.add_stream_from_template(stream)
        self._coded: list[_Coded] = []

    @property
    def count(self) -> int:
        return len(self._coded)

    def push(self, timed: Timed) -> None:
        time = timed.pts if timed.pts is not None else timed.dts
        if self.done or time is None:
            return
        if timed.packet.is_keyframe and time >= self._cut.until:
            self.done = True
        elif self._coded or (timed.packet.is_keyframe and time >= self._cut.start - 1):
            self._take(timed, time)

    def _take(self, timed: Timed, time: int) -> None:
        units = nal.clean(self._layout.units(bytes(timed.packet)))
        if not self._coded and not any(nal.unit_type(unit) == nal.SPS for unit in units):
            units = [*self._layout.parameter_sets, *units]
        if timed.packet.is_corrupt or not units:
            self.errors += 1
        if units:
            key = timed.packet.is_keyframe
            self._coded.append(_Coded(nal.join(units), time, timed.dts, key))

    def finish(self) -> list[MediaPacket]:
        times = decoding_times([(one.pts, one.dts) for one in self._coded])
        return [
            new_packet(one.data, self._stream, pts=one.pts + OFFSET, dts=dts + OFFSET, key=one.key)
            for one, dts in zip(self._coded, times, strict=True)
        ]


def decoding_times(known: Sequence[tuple[int, int | None]]) -> list[int]:
    """Strictly rising, none after its picture is shown; the container's own where they are that.

    ``known``: (pts, dts) in decoding order. Else (Matroska has none) the times of showing in
    their order, all moved forward by the most that any picture needs.
    """
    own = [dts for _, dts in known if dts is not None]
    rising = all(a < b for a, b in itertools.pairwise(own))
    if (
        len(own) == len(known)
        and rising
        and all(d <= p for (p, _), d in zip(known, own, strict=True))
    ):
        return own
    made: list[int] = []
    for pts in sorted(pts for pts, _ in known):
        made.append(max(pts, made[-1] + 1) if made else pts)
    delay = max((d - p for (p, _), d in zip(known, made, strict=True)), default=0)
    return [dts - max(0, delay) for dts in made]


class EncodedPictures:
    """Whatever FFmpeg can decode, as H.264 of one size, at the times the pictures had.

    The picture that stands when the span begins is repeated at its beginning, and the last one at
    its end, where the recording has none there: a player stops at a gap.
    """

    def __init__(self, source: Source | None, cut: Cut, output: OutputContainer) -> None:
        self._source, self._cut = source, cut
        self._fit = fitter(self._cut)
        self._encoder = Encoder(output, self._cut)
        self._mark: ViewerMark | None = None
        if cut.mark and cut.mode is Mode.CLEAR:  # what is shielded shows nobody
            self._mark = ViewerMark(cut.mark, self._encoder.width, self._encoder.height)
        self.done = False
        self.count = self.errors = 0
        self._started = False
        self._number = 0  # of pictures decoded, the clock of streams without times
        self._standing: VideoFrame | None = None  # the last one before the span
        self._step = max(1, round(self._cut.step * TICKS))
        stream = None if source is None else source.video
        self._stream = stream if isinstance(stream, VideoStream) else None
        self._untimed = source is not None and source.untimed
        self._lead = Leading(hevc=self._untimed and cut.demuxer == "hevc")
        self._deinterlacer = Deinterlacer()
        if self._stream is not None:
            _prepare(self._stream.codec_context, self._cut)

    def push(self, timed: Timed) -> None:
        if self.done or not self._may_start(timed):
            return
        if self._lead.is_over(timed.packet):
            for held in self._lead.release():
                self._decode(held)
            self._feed(timed)

    def _feed(self, timed: Timed) -> None:
        self._started = True
        order = timed.order
        # By its time of showing alone a picture may be past the end, and those it is shown after
        # still to come: then what comes out of the decoder says when to stop.
        if timed.dts is not None and timed.dts >= self._cut.until:
            self._drain()
            return
        if timed.packet.is_corrupt:
            self.errors += 1
        self._skip_ahead(order)
        self._decode(timed.packet)

    def _may_start(self, timed: Timed) -> bool:
        if self._started or self._untimed:
            return True
        time = timed.pts if timed.pts is not None else timed.dts
        entry = self._cut.entry
        if entry is None:
            return True
        return timed.packet.is_keyframe and time is not None and time >= entry.time - 1

    def _skip_ahead(self, order: int | None) -> None:
        """Long before the span, pictures that no other needs are not decoded."""
        if self._stream is not None and order is not None:
            far = order < self._cut.start - TICKS // 2
            self._stream.codec_context.skip_frame = "NONREF" if far else "DEFAULT"

    def _decode(self, packet: MediaPacket | None) -> None:
        if self._stream is None:
            return
        try:
            for frame in self._stream.decode(packet):
                self._place(frame)
                if self.done:
                    return
        except av.FFmpegError:
            self.errors += 1

    def _drain(self) -> None:
        for held in self._lead.release():
            self._started = True
            self._decode(held)
        if not self.done and self._started:
            self._decode(None)
        self.done = True

    def _place(self, frame: VideoFrame) -> None:
        time = self._time(frame)
        if frame.is_corrupt:
            self.errors += 1
        if time is None or time < self._cut.start:
            self._standing = frame
        elif time >= self._cut.until:
            self.done = True
        else:
            self._show(frame, time)

    def _time(self, frame: VideoFrame) -> int | None:
        self._number += 1
        if self._untimed or self._source is None:
            begin = self._cut.entry.time if self._cut.entry else 0
            number = self._number - 1 + self._lead.dropped
            return begin + round(number * self._cut.step * TICKS)
        pts = frame.pts if frame.pts is not None else frame.dts
        base = frame.time_base
        if base is None and self._stream is not None:
            base = self._stream.time_base
        return self._source.ticks(pts, base)

    def _show(self, frame: VideoFrame, time: int) -> None:
        late = time - self._cut.start > self._step * 3 // 2
        if not self.count and late and self._standing is not None:
            self._put(self._standing, self._cut.start)
        self._put(frame, time)
        self._standing = frame

    def _put(self, frame: VideoFrame, time: int) -> None:
        if time <= self._encoder.last:
            return
        if self._cut.mode.is_sharp:  # what is blurred has no lines left to comb
            frame = self._deinterlacer.apply(frame)
        self._encode(self._fit(frame), time)
        self.count += 1

    def _encode(self, fitted: VideoFrame, time: int) -> None:
        marked = fitted if self._mark is None else self._mark.apply(fitted, time)
        self._encoder.encode(marked, time)

    def finish(self) -> list[MediaPacket]:
        self._drain()
        if not self.count and self._standing is not None:
            self._put(self._standing, self._cut.start)
        if not self.count:
            self._encode(black(self._encoder.width, self._encoder.height), self._cut.start)
        self._hold_to_end()
        return self._encoder.finish()

    def _hold_to_end(self) -> None:
        last = self._cut.end - self._step
        if last - self._encoder.last <= self._step // 2:
            return
        standing = self._standing
        fitted = black(self._encoder.width, self._encoder.height)
        self._encode(fitted if standing is None else self._fit(standing), last)


def _prepare(decoder: VideoCodecContext, cut: Cut) -> None:
    decoder.thread_type = "AUTO"
    decoder.thread_count = 1 if cut.one_thread else min(4, len(os.sched_getaffinity(0)))
    if cut.mode.is_strong:  # block edges do not survive the shield anyway
        decoder.options = {"skip_loop_filter": "all"}


class Encoder:
    """H.264 that starts quickly and names nobody. ``last``: ticks of the last picture put in."""

    def __init__(self, output: OutputContainer, cut: Cut) -> None:
        self.width, self.height = fitted_size(cut)
        self.last = cut.start - 1
        options = dict(_THIN_ENCODER if cut.thin else _ENCODER)
        stream = output.add_stream("libx264", rate=round(1 / cut.step) or 1, options=options)
        stream.width, stream.height, stream.pix_fmt = self.width, self.height, "yuv420p"
        stream.time_base = BASE
        context = stream.codec_context
        context.time_base = BASE
        context.thread_count = 1 if cut.small or cut.thin else 2
        context.flags |= Flags.bitexact
        self._stream: VideoStream = stream
        self._packets: list[MediaPacket] = []

    def encode(self, frame: VideoFrame, time: int) -> None:
        frame.pts, frame.time_base = time + OFFSET, BASE
        frame.pict_type = (
            PictureType.NONE
        )  # the encoder chooses; the source's own choice would be taken over
        self._packets += map(self._clean, self._stream.encode(frame))
        self.last = time

    def finish(self) -> list[MediaPacket]:
        self._packets += map(self._clean, self._stream.encode(None))
        return self._packets

    def _clean(self, packet: MediaPacket) -> MediaPacket:
        data = nal.join(nal.clean(nal.Layout(b"").units(bytes(packet))))
        pts = packet.pts or 0
        dts = pts if packet.dts is None else packet.dts
        return new_packet(data, self._stream, pts=pts, dts=dts, key=packet.is_keyframe)
