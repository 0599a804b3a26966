"""The pictures of a recording one by one, with the word of which cannot be trusted.

A picture that did not decode is there all the same, without pixels: whoever renders it covers it whole. After
damage nothing is trusted until a key frame that lies behind it: corruption is often silent, and what it smears
about is content (300 flipped bytes: 500 pictures came out, the decoder flagged 181).
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
import av.logging
from av.container import InputContainer
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from daylight.domain.media import MediaFacts
from daylight.errors import MediaRefused
from daylight.media.complaints import complains
from daylight.media.packet import MediaPacket
from daylight.media.reading import DEFAULT_RATE, UNTIMED

MICRO: Final = 1_000_000
MAX_ERRORS: Final = 1_000  # of the container, before it is given up
# One packet is one picture in these, and each packet bears its time.
_ONE_EACH: Final = frozenset({"h264", "hevc", "mpeg4", "mjpeg", "png", "prores", "dnxhd", "ffv1"})
# A decoder that conceals shows pieces of other pictures: it shall refuse instead.
_STRICT: Final = "crccheck+bitstream+buffer+careful+explode"
_SEEKING: Final = frozenset({"mov", "matroska"})
_TIMED_EACH: Final = frozenset({"mov", "matroska"})


@dataclass(frozen=True, slots=True)
class Shown:
    """``at``: ticks of the reader's base from the one nearest to media zero. ``frame``: None where it did not decode.

    ``trusted``: neither corrupt nor built on what is.
    """

    at: int
    frame: VideoFrame | None
    trusted: bool


class PictureReader:
    """Decodes the first stream of pictures. ``base``: seconds a tick, exact."""

    def __init__(self, container: InputContainer, facts: MediaFacts) -> None:
        if not container.streams.video:
            raise MediaRefused("it has no pictures")
        self.stream: VideoStream = container.streams.video[0]
        self._untimed = facts.demuxer in UNTIMED
        rate = (facts.video.frame_rate if facts.video else None) or Fraction(DEFAULT_RATE)
        self.step = 1 / rate
        own = self.stream.time_base or Fraction(1, 90_000)
        self.base = self.step if self._untimed else own
        zero = Fraction(0) if self._untimed else facts.start or Fraction(0)
        self._zero = round(zero / self.base)
        self._rest = zero - self._zero * self.base  # media zero may lie between two ticks
        self._step = max(1, round(self.step / self.base))
        named = self.stream.codec_context.name in _ONE_EACH and facts.demuxer in _TIMED_EACH
        self._expected: list[int] | None = [] if named else None
        self._bad: int | None = None  # the latest time of damage; None: all is well
        self._last: int | None = None
        self._began = self._lost = False
        self.aspect = self.stream.sample_aspect_ratio or Fraction(1)  # of a pixel, as it is coded
        self._key = 0  # the time of the last key frame that was sound
        self._since: int | None = None  # where what is damaged began; None where nothing is
        self.damaged: list[tuple[int, int | None]] = []  # groups with damage; None: to the end
        self.errors = 0
        # One thread: what it complains of, it complains of at once, of the packet at hand.
        self.stream.thread_type = "NONE"
        self.stream.codec_context.thread_count = 1
        self.stream.codec_context.options = {"err_detect": _STRICT}

    def seconds(self, at: int) -> Fraction:
        """From media zero, exact."""
        return at * self.base - self._rest

    def push(self, packet: MediaPacket) -> Iterator[Shown]:
        """What comes out for a packet of this stream; an empty one flushes."""
        if packet.size:
            self._expect(packet)
        for frame in self._decoded(packet):
            yield from self._placed(frame)
        if not packet.size:
            yield from self._missing(None)

    def _decoded(self, packet: MediaPacket) -> list[VideoFrame]:
        try:
            with av.logging.Capture() as said:
                frames = self.stream.decode(packet)
        except (av.FFmpegError, ValueError):
            self._damage(packet)
            return []
        if complains(said):
            self._damage(packet)
        return frames

    def _expect(self, packet: MediaPacket) -> None:
        if packet.is_corrupt:
            self._damage(packet)
        if self._expected is not None and packet.pts is not None and not packet.is_discard:
            heapq.heappush(self._expected, packet.pts - self._zero)

    def _damage(self, packet: MediaPacket) -> None:
        self.errors += 1
        time = packet.pts if packet.pts is not None else packet.dts
        if self._untimed:
            self._lost = True  # times are counted, and nobody can say any more how far
        here = (self._last or 0) if time is None or self._untimed else time - self._zero
        self._worsen(here)

    def _placed(self, frame: VideoFrame) -> Iterator[Shown]:
        at = self._time(frame)
        yield from self._missing(at)
        if frame.is_corrupt:
            self.errors += 1
            self._lost |= self._untimed
            self._worsen(at)
        elif frame.key_frame:
            self._recover(at)
        self._last, self._began = at, True
        yield Shown(at, frame, trusted=self._bad is None and not self._lost)

    def _worsen(self, at: int) -> None:
        """Damage is seen late: what was decoded since the last key frame may bear it already."""
        self._since = self._key if self._since is None else self._since
        self._bad = at if self._bad is None else max(self._bad, at)

    def _recover(self, at: int) -> None:
        """At a key frame: behind the damage, all is well again."""
        if self._lost or (self._bad is not None and at <= self._bad):
            return
        if self._since is not None:
            self.damaged.append((self._since, at))
        self._bad = self._since = None
        self._key = at

    def close(self) -> None:
        """At the end: what is damaged is so to the end."""
        if self._since is not None:
            self.damaged.append((self._since, None))

    def _missing(self, until: int | None) -> Iterator[Shown]:
        """Pictures whose time has come and which did not come out; not those before the first."""
        expected = self._expected
        while expected and (until is None or expected[0] <= until):
            at = heapq.heappop(expected)
            known = at == until or (self._last is not None and at <= self._last)
            if not known and self._began:
                self.errors += 1
                self._worsen(at)
                self._last = at
                yield Shown(at, None, trusted=False)

    def _time(self, frame: VideoFrame) -> int:
        after = 0 if self._last is None else self._last + (1 if self._untimed else self._step)
        if self._untimed or frame.pts is None:
            return after
        at = frame.pts - self._zero
        return at if self._last is None or at > self._last else self._last + 1


def seek(
    container: InputContainer, reader: PictureReader, facts: MediaFacts, start_us: int
) -> None:
    """To a key frame before a moment, where a container finds it for sure; else it stays at the beginning."""
    if start_us <= 0 or facts.demuxer not in _SEEKING:
        return
    target = Fraction(start_us, MICRO) + (facts.start or Fraction(0))
    container.seek(int(target / reader.base), stream=reader.stream)


def packets(container: InputContainer, streams: list[Stream]) -> Iterator[MediaPacket]:
    """All of these streams, with the empty ones that flush; goes on after what cannot be read."""
    errors = 0
    while errors < MAX_ERRORS:
        try:
            yield from container.demux(*streams)
        except av.FFmpegError:
            errors += 1
            continue
        return
    raise MediaRefused("too much of it cannot be read")
