"""Faces of one item: pictures come out of a sandboxed child, the model sees them in its own worker.

Decoding and looking go on side by side, a few pictures apart.
"""

import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from daylight.detectors import changes
from daylight.detectors.centerface import MOST_SIDE
from daylight.detectors.changes import Blocks
from daylight.detectors.enlarged import Seen, View
from daylight.detectors.faces import Faces
from daylight.detectors.looking import looker
from daylight.detectors.pictures import PROGRAM, Frame, Frames
from daylight.domain.media import MediaFacts
from daylight.domain.tracks import Track
from daylight.errors import MediaRefused
from daylight.media.executor import End, Executor, Message, Outcome, Task, TaskLimits
from daylight.media.facts_json import from_json
from daylight.media.inference.base import Inference
from daylight.services.belt import Belt

MOST_PIXELS: Final = 2_200_000  # of a picture that is looked at: 1080p as it is
FEW_PIXELS: Final = 450_000  # up to 768 x 576: in smaller pictures faces are smaller too, so that
LARGER: Final = 1.5  # they are looked at larger
_SECONDS: Final = 1200.0
_SECONDS_A_BYTE: Final = 1e-4
_LONGEST: Final = 7 * 24 * 3600.0
_TOTAL: Final = 1 << 47  # bytes of pictures: a month of them
_TIMES: Final = 1 << 30  # bytes of JSON beside them


@dataclass(frozen=True, slots=True)
class Found:
    """``size``: (width, height) that pictures were looked at in; ``looks``: as of ``Faces``."""

    tracks: tuple[Track, ...]
    frames: int
    looks: int
    cuts: int
    size: tuple[int, int]


class FaceFinder:
    """Raises ``MediaRefused`` where a recording does not come to its end, and what the ports raise."""

    def __init__(self, executor: Executor, inference: Inference) -> None:
        self._executor, self._looker = executor, looker(inference)

    def find(self, descriptor: int, facts: Mapping[str, Any], size: int) -> Found:
        """``facts``: as they are kept; ``size``: bytes of the item."""
        view = looked_at(from_json(facts))
        width, height = view.sent
        faces = Faces(self._looker, *view.size, view.extent, enlarged=view.scale > 1)
        frames = Frames(width, height)
        request: Mapping[str, Any] = {"facts": facts, "width": width, "height": height}

        def hear(message: Message) -> None:
            frame = frames.take(message)
            belt.put(None if frame is None else _seen(frame, view))

        with ThreadPoolExecutor(1, thread_name_prefix="faces") as pool:
            belt = Belt[tuple[Seen, Blocks]](pool, lambda one: faces.push(*one), width * height * 3)
            done = False
            try:
                task = Task(PROGRAM, request, [descriptor], _limits(size, width * height * 3))
                outcome = self._executor.run(task, hear)
                done = True
            finally:
                belt.stop(whole=done)
        _check(outcome, frames, faces)
        tracks = faces.finish()
        return Found(tracks, faces.frames, faces.looks, faces.cuts, view.extent)


def _seen(frame: Frame, view: View) -> tuple[Seen, Blocks]:
    """With its blocks: where pictures come in nobody waits for them."""
    pixels = view.of(frame.pixels)
    return Seen(frame.at, pixels), changes.blocks(pixels)


def _check(outcome: Outcome, frames: Frames, faces: Faces) -> None:
    if outcome.end is not End.DONE:
        said = f"the reader {outcome.end.value.replace('-', ' ')}: {outcome.untrusted_reason}"
        raise MediaRefused(said[:300])
    if not frames.ended or not faces.frames:
        raise MediaRefused("no picture could be decoded")


def looked_at(facts: MediaFacts) -> View:
    """In what size its pictures are looked at, upright."""
    video = facts.video
    if video is None or not video.width or not video.height:
        raise MediaRefused("this has no pictures of a known size")
    size = (video.width, video.height)
    if video.rotation % 180:
        size = size[::-1]
    pixels = size[0] * size[1]
    if pixels <= FEW_PIXELS and max(size) * LARGER <= MOST_SIDE:
        return View(size, LARGER)
    scale = min(1.0, math.sqrt(MOST_PIXELS / pixels), MOST_SIDE / max(size))
    return View((max(1, round(size[0] * scale)), max(1, round(size[1] * scale))), 1.0)


def _limits(size: int, picture: int) -> TaskLimits:
    seconds = min(_LONGEST, _SECONDS + size * _SECONDS_A_BYTE)
    return TaskLimits(
        seconds,
        int(seconds),
        message_bytes=picture + (1 << 16),
        total_bytes=_TOTAL,
        facts_bytes=_TIMES,
    )
