"""The program that hands an item's pictures out, every one, for a model to be shown.

``pictures``  request {facts, width, height}, files [media]. Sends one ``frame`` {at} a picture, in the
order in which they are shown, upright RGB (height, width, 3) of the size asked for as payload; then
``end`` {}. Times are microseconds from media zero; where a container has none, by number.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from PIL import Image

from daylight.domain.marks import MAX_US
from daylight.domain.media import Kind, MediaFacts
from daylight.errors import MediaRefused
from daylight.media.executor import Message
from daylight.media.facts_json import from_json
from daylight.media.groups import MAX_ERRORS
from daylight.media.program import Emit, Request
from daylight.media.reading import DEFAULT_RATE, UNTIMED, open_media
from daylight.media.stills import still_pixels

PROGRAM: Final = "pictures"
MICRO: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Frame:
    """``at``: microseconds from media zero; ``pixels``: uint8 RGB (height, width, 3)."""

    at: int
    pixels: NDArray[np.uint8]


def pictures(request: Request, files: Sequence[int], emit: Emit) -> None:
    facts = from_json(request["facts"])
    width, height = request["width"], request["height"]
    if not isinstance(width, int) or not isinstance(height, int):
        raise TypeError("a picture has a width and a height")
    last = -1
    for at, pixels in _pictures(files[0], facts, (width, height)):
        last = max(at, last + 1)
        emit("frame", {"at": last}, pixels.tobytes())
    emit("end", {})


def _pictures(
    descriptor: int, facts: MediaFacts, size: tuple[int, int]
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    if facts.kind is Kind.IMAGE:
        whole = still_pixels(descriptor, facts.container, facts.demuxer)
        yield 0, np.asarray(Image.fromarray(whole).resize(size, Image.Resampling.BILINEAR))
        return
    turns = -((facts.video.rotation if facts.video else 0) // 90) % 4
    across = size if turns % 2 == 0 else size[::-1]
    for at, frame in _timed(descriptor, facts):
        scaled = frame.reformat(*across, "rgb24", interpolation="BILINEAR")
        yield at, np.rot90(scaled.to_ndarray(), k=turns)


def _timed(descriptor: int, facts: MediaFacts) -> Iterator[tuple[int, VideoFrame]]:
    video = facts.video
    step = 1 / ((video.frame_rate if video else None) or Fraction(DEFAULT_RATE))
    zero = facts.start or Fraction(0)
    for number, frame in enumerate(_decoded(descriptor, facts)):
        at = number * step
        if facts.demuxer not in UNTIMED and frame.pts is not None and frame.time_base is not None:
            at = frame.pts * frame.time_base - zero
        yield max(0, round(at * MICRO)), frame


def _decoded(descriptor: int, facts: MediaFacts) -> Iterator[VideoFrame]:
    """Every picture that decodes, in one thread."""
    with open_media(descriptor, facts.demuxer, brief=True) as container:
        video = container.streams.video[0]
        if facts.video is not None:
            video = next(
                (s for s in container.streams.video if s.index == facts.video.index), video
            )
        video.thread_type = "NONE"
        video.codec_context.thread_count = 1
        errors = 0
        while errors < MAX_ERRORS:
            try:
                for packet in container.demux(video):
                    with contextlib.suppress(av.FFmpegError, ValueError):
                        yield from video.codec_context.decode(packet if packet.size else None)
            except av.FFmpegError:
                errors += 1
                continue
            return


class Frames:
    """What the program sent, checked; raises ``MediaRefused`` for anything that it does not write."""

    def __init__(self, width: int, height: int) -> None:
        self._shape = (height, width, 3)
        self._last = -1
        self.ended = False

    def take(self, message: Message) -> Frame | None:
        """The picture of one message, or None for the last word."""
        facts, data = message.untrusted_facts, message.untrusted_payload
        if self.ended or not isinstance(facts, dict):
            raise MediaRefused("the worker sent what makes no sense: a message")
        if message.untrusted_kind == "end" and not data:
            self.ended = True
            return None
        if message.untrusted_kind != "frame" or len(data) != np.prod(self._shape):
            raise MediaRefused("the worker sent what makes no sense: a picture")
        at = facts.get("at")
        if isinstance(at, bool) or not isinstance(at, int) or not self._last < at <= MAX_US:
            raise MediaRefused("the worker sent what makes no sense: times")
        self._last = at
        return Frame(at, np.frombuffer(data, np.uint8).reshape(self._shape))
