"""Key frames of a span, decoded once and handed out in order; scaled only for who asks."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import av
import av.logging
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from daylight.domain.media import MediaFacts
from daylight.media.complaints import complains
from daylight.media.keyframes import UNKNOWN, KeyFrameIndex, looked_at
from daylight.media.packet import VideoPacket
from daylight.media.reading import UNTIMED, open_media

WIDTH: Final = 160  # of a small picture, in pixels; the height keeps the aspect
MAX_ERRORS: Final = 100
_BY_BYTES: Final = frozenset({"mpegts", "mpeg"})
_RUN_UP: Final = 1 << 17  # bytes
_WINDOWED: Final = UNTIMED | {"dhav"}
_Mark = tuple[int, int]


class KeyPicture:
    """One decoded key frame. ``number``: its place in the item's key-frame index."""

    def __init__(self, frame: VideoFrame, number: int, rotation: int) -> None:
        self._frame, self.number, self._rotation = frame, number, rotation

    def small(self) -> NDArray[np.uint8]:
        """RGB, shape (height, ``WIDTH``, 3) before a rotation by quarters."""
        frame = self._frame
        height = max(2, round(WIDTH * frame.height / max(frame.width, 1) / 2) * 2)
        scaled = frame.reformat(WIDTH, min(height, 4 * WIDTH), "rgb24", interpolation="AREA")
        return np.rot90(scaled.to_ndarray(), k=-(self._rotation // 90) % 4)


@dataclass(slots=True)
class Tally:
    """``wanted``: key frames that were tried; ``corrupt``: flagged by the decoder, or no picture."""

    wanted: int = 0
    decoded: int = 0
    corrupt: int = 0


def key_pictures(
    descriptor: int, facts: MediaFacts, index: KeyFrameIndex, reach: tuple[int, int], tally: Tally
) -> Iterator[KeyPicture]:
    """Key frames ``reach[0]`` to ``reach[1]`` (exclusive) of the index, in their order.

    Those that :func:`looked_at` names are decoded. Raises
    ``FFmpegError`` when it cannot be opened; a frame that does not decode is counted.
    """
    first, last = reach
    chosen = frozenset(number for number in looked_at(index) if first <= number < last)
    if not chosen:
        return
    window = facts.demuxer in _WINDOWED
    start = max(index.positions[first], 0) if window else 0
    with open_media(descriptor, facts.demuxer, start=start, brief=True) as container:
        video = _video(container, index)
        _prepare(video)
        known = {} if window else _by_time(index)  # a window's times begin anew
        before: int | None = first - 1 if window else -1
        if not window and first and _seek(container, video, facts, index, first):
            before = None
        rotation = facts.video.rotation if facts.video else 0
        for packet, number in _numbered(container, video, known, before):
            if number >= last:
                break
            if number >= first and number in chosen:
                yield from _decode(video, packet, number, rotation, tally)


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


def _numbered(
    container: InputContainer,
    video: VideoStream,
    known: Mapping[_Mark, int],
    before: int | None,
) -> Iterator[tuple[VideoPacket, int]]:
    """Key packets with their number in the index: by their times as far as ``known``, else counted.

    ``before``: the number before that of the first packet, None where it is not known yet.
    """
    for packet in _key_packets(container, video):
        number = known.get(_mark(_tick(packet.pts), _tick(packet.dts)))
        if number is None and before is not None:
            number = before + 1
        if number is not None:
            yield packet, number
        before = number


def _by_time(index: KeyFrameIndex) -> dict[_Mark, int]:
    """Numbers by times, of key frames whose time is their own."""
    marks = [_mark(pts, dts) for pts, dts in zip(index.pts, index.dts, strict=True)]
    often = Counter(marks)
    return {
        mark: number
        for number, mark in enumerate(marks)
        if often[mark] == 1 and mark != (UNKNOWN, UNKNOWN)
    }


def _key_packets(container: InputContainer, video: VideoStream) -> Iterator[VideoPacket]:
    errors = 0
    while errors < MAX_ERRORS:
        try:
            for packet in container.demux(video):
                if packet.size and packet.is_keyframe:
                    yield packet
        except av.FFmpegError:
            errors += 1
            continue
        return


def _tick(value: int | None) -> int:
    return UNKNOWN if value is None else value


def _mark(pts: int, dts: int) -> _Mark:
    return (pts, UNKNOWN) if pts != UNKNOWN else (UNKNOWN, dts)


def _decode(
    video: VideoStream, packet: VideoPacket, number: int, rotation: int, tally: Tally
) -> Iterator[KeyPicture]:
    """One key packet to its picture: the decoder is emptied after each, so that none is lost."""
    tally.wanted += 1
    context = video.codec_context
    with av.logging.Capture() as said:
        try:
            frames = [*context.decode(packet), *context.decode(None)]
        except (av.FFmpegError, ValueError):
            frames = []
    context.flush_buffers()
    if not frames:
        tally.corrupt += 1
        return
    tally.decoded += 1
    tally.corrupt += any(frame.is_corrupt for frame in frames) or complains(said)
    yield KeyPicture(frames[0], number, rotation)
