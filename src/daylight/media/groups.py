"""Reading an item from some key frame on, packet by packet; and decoding what lies between two.

A *group* is a key frame with the pictures up to the next one. Its number is that of its key frame.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from daylight.domain.media import MediaFacts
from daylight.media.keyframes import UNKNOWN, KeyFrameIndex, looked_at
from daylight.media.packet import VideoPacket
from daylight.media.picture import InGroup
from daylight.media.reading import DEFAULT_RATE, UNTIMED, Kept, open_media

MAX_ERRORS: Final = 100
_BY_BYTES: Final = frozenset({"mpegts", "mpeg"})
_RUN_UP: Final = 1 << 17  # bytes
_WINDOWED: Final = UNTIMED | {"dhav"}
_Mark = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Opened:
    """An item, opened at or before the key frame that was asked for."""

    container: InputContainer
    video: VideoStream
    facts: MediaFacts
    index: KeyFrameIndex
    known: Mapping[_Mark, int]
    before: int | None  # the number before that of the first key packet; None where not yet known
    kept: Kept | None = None

    @property
    def rotation(self) -> int:
        return self.facts.video.rotation if self.facts.video else 0

    @property
    def step(self) -> Fraction:
        """Seconds a picture, for streams without times of their own."""
        rate = self.facts.video.frame_rate if self.facts.video else None
        return 1 / (rate or Fraction(DEFAULT_RATE))

    def packets(self) -> Iterator[tuple[VideoPacket, int]]:
        """Packets with the number of their group: by times as far as ``known``, else counted."""
        before, number = self.before, None
        for packet in self._packets():
            if packet.is_keyframe:
                number = self.known.get(_mark(_tick(packet.pts), _tick(packet.dts)))
                if number is None and before is not None:
                    number = before + 1
                before = number
            if number is not None:
                yield packet, number

    def _packets(self) -> Iterator[VideoPacket]:
        if self.kept is None:
            return _packets(self.container, self.video)
        return iter(cast("Sequence[VideoPacket]", self.kept.packets))

    def decode_keys_only(self) -> None:
        self.video.codec_context.skip_frame = "NONKEY"

    def decode_all(self) -> None:
        self.video.codec_context.skip_frame = "DEFAULT"

    def decode_most(self) -> None:
        """All that is needed to see what happens: pictures that no other needs are left out.

        Not where pictures must be counted to know their time.
        """
        self.video.codec_context.skip_frame = (
            "DEFAULT" if self.facts.demuxer in _WINDOWED else "NONREF"
        )


@contextmanager
def open_at(
    descriptor: int, facts: MediaFacts, index: KeyFrameIndex, first: int, *, exact: bool = False
) -> Iterator[Opened]:
    """Raises ``FFmpegError`` when it cannot be opened. ``exact``: no shortcut in decoding."""
    window = facts.demuxer in _WINDOWED
    start = max(index.positions[first], 0) if window else 0
    with open_media(descriptor, facts.demuxer, start=start, brief=True) as container:
        video = _video(container, index)
        if not exact:
            _prepare(video)
        known = {} if window else _by_time(index)  # a window's times begin anew
        before: int | None = first - 1 if window else -1
        if not window and first and _seek(container, video, facts, index, first):
            before = None
        yield Opened(container, video, facts, index, known, before)


def opened_already(kept: Kept, facts: MediaFacts, index: KeyFrameIndex) -> Opened:
    """As :func:`open_at` of the first key frame, for one reading."""
    video = _video(kept.container, index)
    _prepare(video)
    known = {} if facts.demuxer in _WINDOWED else _by_time(index)
    return Opened(kept.container, video, facts, index, known, -1, kept)


def lengths(facts: MediaFacts, index: KeyFrameIndex) -> dict[int, Fraction]:
    """Seconds from each key frame that is looked at to the next one, or to the end."""
    seen = looked_at(index)
    times = [index.seconds(number) for number in seen]
    times.append(facts.duration or (times[-1] if times else Fraction(0)))
    return {number: max(Fraction(0), times[n + 1] - times[n]) for n, number in enumerate(seen)}


class GroupClock:
    """Times of a group's pictures, from that of its key frame on: their own, else counted."""

    def __init__(self, opened: Opened, number: int) -> None:
        self._zero = opened.index.seconds(number)
        self._step = opened.step
        self._first: int | None = None
        self.ordinal = -1

    def at(self, frame: VideoFrame) -> Fraction:
        """Seconds from media zero; below that of the key frame for pictures that lead it."""
        self.ordinal += 1
        if frame.pts is None or frame.time_base is None:
            return self._zero + self.ordinal * self._step
        if self._first is None:
            self._first = frame.pts
        return self._zero + (frame.pts - self._first) * frame.time_base


def groups(
    descriptor: int, facts: MediaFacts, index: KeyFrameIndex, wanted: Sequence[int]
) -> Iterator[InGroup]:
    """Every picture of the groups ``wanted`` (ascending), the key frames first of each.

    Pictures that do not decode are passed over. Raises ``FFmpegError`` when it cannot be opened.
    """
    for first, last in _runs(wanted):
        with open_at(descriptor, facts, index, first) as opened:
            opened.decode_all()
            yield from _run(opened, first, last)


def _runs(wanted: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(first, last) of numbers that follow one another."""
    runs: list[tuple[int, int]] = []
    for number in wanted:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    yield from runs


def _run(opened: Opened, first: int, last: int) -> Iterator[InGroup]:
    clock, current = GroupClock(opened, first), -1
    context = opened.video.codec_context
    for packet, number in opened.packets():
        if number > last:
            break
        if number < first:
            continue
        if number != current:
            yield from _pictures(decoded(opened, None), clock, current, opened)
            context.flush_buffers()
            clock, current = GroupClock(opened, number), number
        yield from _pictures(decoded(opened, packet), clock, number, opened)
    if current >= first:
        yield from _pictures(decoded(opened, None), clock, current, opened)


def _pictures(
    frames: Sequence[VideoFrame], clock: GroupClock, number: int, opened: Opened
) -> Iterator[InGroup]:
    for frame in frames:
        at = clock.at(frame)
        if at >= opened.index.seconds(number):
            yield InGroup(frame, number, opened.rotation, seconds=at, ordinal=clock.ordinal)


def decoded(opened: Opened, packet: VideoPacket | None) -> Sequence[VideoFrame]:
    """What comes out of the decoder for a packet, or at its end; nothing where it fails."""
    try:
        return opened.video.codec_context.decode(packet)
    except (av.FFmpegError, ValueError):
        return ()


def _video(container: InputContainer, index: KeyFrameIndex) -> VideoStream:
    streams = [s for s in container.streams.video if s.index == index.stream]
    return streams[0] if streams else container.streams.video[0]


def _prepare(video: VideoStream) -> None:
    video.thread_type = "NONE"
    context = video.codec_context
    context.thread_count = 1
    context.skip_frame = "NONKEY"
    context.flags2 |= av.codec.context.Flags2.fast
    context.options = {"skip_loop_filter": "all"}


def _seek(
    container: InputContainer,
    video: VideoStream,
    facts: MediaFacts,
    index: KeyFrameIndex,
    number: int,
) -> bool:
    """Go to some key frame at or before ``number``; whether that is not the first of all."""
    if facts.demuxer in _BY_BYTES:
        position = _well_before(index.positions, number)
        if position > 0:
            container.seek(position, unsupported_byte_offset=True)
        return position > 0
    pts = index.pts[number] if index.pts[number] != UNKNOWN else index.dts[number]
    container.seek(pts, stream=video)
    return True


def _well_before(positions: Sequence[int], number: int) -> int:
    """Byte position of an earlier key frame, 0 for the start of the file.

    Not every picture has a time and a place of its own in these streams; some are needed to reckon
    from.
    """
    known = [at for at in positions[: number + 1] if at >= 0]
    return next((at for at in reversed(known) if at <= known[-1] - _RUN_UP), 0)


def _by_time(index: KeyFrameIndex) -> dict[_Mark, int]:
    """Numbers by times, of key frames whose time is their own."""
    marks = [_mark(pts, dts) for pts, dts in zip(index.pts, index.dts, strict=True)]
    often = Counter(marks)
    return {
        mark: number
        for number, mark in enumerate(marks)
        if often[mark] == 1 and mark != (UNKNOWN, UNKNOWN)
    }


def _packets(container: InputContainer, video: VideoStream) -> Iterator[VideoPacket]:
    errors = 0
    while errors < MAX_ERRORS:
        try:
            for packet in container.demux(video):
                if packet.size:
                    yield packet
        except av.FFmpegError:
            errors += 1
            continue
        return


def _tick(value: int | None) -> int:
    return UNKNOWN if value is None else value


def _mark(pts: int, dts: int) -> _Mark:
    return (pts, UNKNOWN) if pts != UNKNOWN else (UNKNOWN, dts)
