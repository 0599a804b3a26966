"""Opens a recording at the place where a segment is to be read, and yields its packets.

How FFmpeg seeks differs from one container to the next, so there are three ways in: by byte
position where a container resynchronises anywhere (MPEG-TS, MPEG-PS), by a window that begins at
the key frame where it refuses to seek (raw streams, DHAV), and by time in all others. Whatever way
it was, times are anchored at the key frame that was asked for.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Self

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from daylight.errors import MediaRefused
from daylight.media.cut import Cut, Entry
from daylight.media.packet import MediaPacket
from daylight.media.playlist import TICKS

# Containers without times of their own: a picture's time is its number times the step.
UNTIMED: Final = frozenset(
    {"h264", "hevc", "m4v", "mpegvideo", "h263", "vc1", "cavsvideo", "vvc", "obu", "evc", "mjpeg"}
)
_WINDOWED: Final = UNTIMED | {"dhav"}
_BY_BYTES: Final = frozenset({"mpegts", "mpeg"})
_BUFFER: Final = 1 << 17
_AFTER_PICTURES: Final = 2 * TICKS  # how far sound may lie behind the pictures of its time
_MARGIN: Final = 2  # seconds
_MAX_ERRORS: Final = 100
_REORDERED: Final = 16  # pictures that one shown later may precede in the stream


class FileWindow:
    """What FFmpeg reads: a descriptor from ``start`` on, as if the file began there."""

    def __init__(self, descriptor: int, start: int = 0) -> None:
        self._descriptor, self._start, self._at = descriptor, start, 0
        self._size = os.lseek(descriptor, 0, os.SEEK_END) - start

    def read(self, size: int) -> bytes:
        data = os.pread(self._descriptor, size, self._start + self._at)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at


@dataclass(frozen=True, slots=True)
class Timed:
    """A packet and its decoding and presentation time in ticks from media zero, where known."""

    packet: MediaPacket
    dts: int | None
    pts: int | None

    @property
    def order(self) -> int | None:
        return self.pts if self.dts is None else self.dts


class Source:
    """``video`` and ``audio`` are the streams asked for. Raises ``MediaRefused``, ``FFmpegError``."""

    def __init__(self, container: InputContainer, cut: Cut) -> None:
        self.container = container
        self.cut = cut
        video = _stream(container, cut.video, "video")
        audio = _stream(container, cut.audio, "audio")
        self.video = video if isinstance(video, VideoStream) else None
        self.audio = audio if isinstance(audio, AudioStream) else None
        self.untimed = cut.demuxer in UNTIMED
        self._shift: int | None = None
        self._late = 0  # in a row, by their time of showing
        self._latest = -(1 << 62)
        if cut.demuxer not in _WINDOWED:
            self._shift = _shift(self.video, cut)
            self._seek()

    def ticks(self, pts: int | None, base: Fraction | None) -> int | None:
        """Ticks from media zero of a stream's time; None before anything is known to anchor it."""
        if pts is None or base is None or self._shift is None:
            return None
        return round(pts * base * TICKS) + self._shift

    def packets(self) -> Iterator[Timed]:
        """Packets from the approach on, until nothing of the span can follow."""
        streams = [stream for stream in (self.video, self.audio) if stream is not None]
        demuxed = self.container.demux(streams)
        errors = 0
        while errors < _MAX_ERRORS:
            try:
                packet = next(demuxed, None)
            except av.FFmpegError:
                errors += 1
                demuxed = self.container.demux(streams)
                continue
            if packet is None or packet.size == 0:  # the end, or a flush on its eve
                return
            timed = self._time(packet)
            if self._is_beyond(timed):
                return
            yield timed

    def _is_beyond(self, timed: Timed) -> bool:
        """Past the span; or the clock fell back, as where recordings are joined end to end."""
        order = timed.order
        if order is None:
            return False
        if timed.packet.stream is (self.video or self.audio) and timed.dts is not None:
            if timed.dts < self._latest - TICKS:
                return True
            self._latest = max(self._latest, timed.dts)
        late = order > self.cut.until + _AFTER_PICTURES
        self._late = self._late + 1 if late else 0
        return late and (timed.dts is not None or self._late > _REORDERED)

    def _time(self, packet: MediaPacket) -> Timed:
        base = packet.time_base
        if self._shift is None and not self.untimed and packet.stream is self.video:
            first = packet.pts if packet.pts is not None else packet.dts
            if first is not None and base is not None and self.cut.entry is not None:
                self._shift = self.cut.entry.time - round(first * base * TICKS)
        return Timed(packet, self.ticks(packet.dts, base), self.ticks(packet.pts, base))

    def _seek(self) -> None:
        """To the approach; where that fails, reading starts at the beginning, which is right too."""
        target = self.cut.approach
        by_bytes = self.cut.demuxer in _BY_BYTES
        with contextlib.suppress(av.FFmpegError):
            if self.video is None:
                self._seek_seconds()
            elif by_bytes and target is not None and target.position is not None:
                self.container.seek(target.position, unsupported_byte_offset=True)
            elif target is not None:
                self._seek_time(target)

    def _seek_time(self, target: Entry) -> None:
        pts = target.pts if target.pts is not None else target.dts
        if pts is None or self.video is None or self.video.time_base is None:
            return
        if self.cut.demuxer in _BY_BYTES:  # its search by time lands late
            pts -= int(_MARGIN / self.video.time_base)
        self.container.seek(pts, stream=self.video)

    def _seek_seconds(self) -> None:
        before = max(0, self.cut.start - TICKS)
        where = self.cut.zero + Fraction(before, TICKS)
        self.container.seek(int(where * av.time_base))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.container.close()


def open_source(descriptor: int, cut: Cut) -> Source:
    """Open with the demuxer named, never one that FFmpeg guesses."""
    start = 0
    if cut.demuxer in _WINDOWED and cut.entry is not None:
        start = cut.entry.position or 0
    window = FileWindow(descriptor, start)
    options = {"probesize": "1000000", "analyzeduration": "500000"}
    if cut.demuxer in UNTIMED:
        options["framerate"] = str(1 / cut.step)
    container = av.open(
        window,
        mode="r",
        format=cut.demuxer,
        options={"framerate": options["framerate"]} if "framerate" in options else {},
        container_options={key: options[key] for key in ("probesize", "analyzeduration")},
        buffer_size=_BUFFER,
        metadata_errors="replace",
    )
    return Source(container, cut)


def _stream(container: InputContainer, index: int | None, kind: str) -> Stream | None:
    if index is None:
        return None
    if index >= len(container.streams) or container.streams[index].type != kind:
        # A window that begins in mid-file shows the one stream it holds under another number.
        found = [stream for stream in container.streams if stream.type == kind]
        if not found and kind == "audio":
            return None
        if not found:
            raise MediaRefused("the stream that was seen before is not found again")
        return found[0]
    return container.streams[index]


def _shift(video: Stream | None, cut: Cut) -> int:
    """What turns a stream's time into time from media zero, anchored at the entry."""
    entry = cut.entry
    if video is not None and entry is not None and video.time_base is not None:
        pts = entry.pts if entry.pts is not None else entry.dts
        if pts is not None:
            return entry.time - round(pts * video.time_base * TICKS)
    return -round(cut.zero * TICKS)
