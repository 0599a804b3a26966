"""Pictures of a span, decoded once and handed out in order; scaled only for who asks.

Mostly these are the key frames alone. Where they lie far apart, pictures between them are handed
out as well, so that nothing long goes unseen.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
import av.logging
from av.video.frame import VideoFrame

from daylight.domain.media import MediaFacts
from daylight.media.complaints import complains
from daylight.media.groups import (
    GroupClock,
    Opened,
    decoded,
    lengths,
    open_at,
    opened_already,
)
from daylight.media.keyframes import KeyFrameIndex, looked_at
from daylight.media.packet import VideoPacket
from daylight.media.picture import Picture
from daylight.media.reading import Kept

FAR: Final = Fraction(4)  # seconds between two key frames, beyond which the rest is looked at too
STEP: Final = Fraction(2)  # seconds between the pictures that are handed out of it, at least
FEWEST: Final = 4  # packets, before one of them can stand out
MOST_BETWEEN: Final = (
    3_000_000_000  # pixels decoded between key frames in one call: some 20 s of work
)


@dataclass(slots=True)
class Tally:
    """``wanted``: key frames that were tried; ``corrupt``: flagged by the decoder, or no picture."""

    wanted: int = 0
    decoded: int = 0
    corrupt: int = 0


@dataclass(frozen=True, slots=True)
class _Plan:
    """``chosen``: key frames to decode; ``far``: those of them after which a long time passes;
    ``beyond``: the first of the next span; ``last``: the last of all.
    """

    chosen: frozenset[int]
    far: frozenset[int]
    beyond: int | None
    last: int


def key_pictures(
    descriptor: int,
    facts: MediaFacts,
    index: KeyFrameIndex,
    reach: tuple[int, int],
    tally: Tally,
    *,
    keys_only: bool = False,
    kept: Kept | None = None,
) -> Iterator[Picture]:
    """Key frames ``reach[0]`` to ``reach[1]`` (exclusive) of the index, in their order, and the first
    of the next span, so that what lies between two spans can be seen; ``tally`` leaves it out.

    Those that :func:`looked_at` names are decoded; where they lie more than ``FAR`` apart, pictures
    between them too, ``STEP`` apart, up to ``MOST_BETWEEN`` pixels a call. ``keys_only``: no more than
    ``tally`` needs, where nobody looks at the pictures. ``kept``: read in place of the item. Raises ``FFmpegError`` when it cannot be
    opened; a frame that does not decode is counted.
    """
    plan = _plan(facts, index, reach, keys_only=keys_only)
    if plan is None:
        return
    with ExitStack() as held:
        if kept is None:
            opened = held.enter_context(open_at(descriptor, facts, index, reach[0]))
        else:
            opened = opened_already(kept, facts, index)
        sizes: list[int] = []
        for one in _pass(opened, plan, tally, sizes):
            one.standout = _standout(sizes)
            sizes.clear()
            yield one


def _pass(opened: Opened, plan: _Plan, tally: Tally, sizes: list[int]) -> Iterator[Picture]:
    """One reading of a span; ``sizes`` gathers those of the packets that are no key frames."""
    between, budget = None, MOST_BETWEEN
    for packet, number in opened.packets():
        if number > plan.last:
            break
        if not packet.is_keyframe:
            sizes.append(packet.size)
            yield from between.push(packet) if between is not None else ()
            continue
        if between is not None:
            yield from between.finish()
            budget -= between.pixels
            between = None
        if number in plan.chosen:
            counted = Tally() if number == plan.beyond else tally
            yield from _key(opened, packet, number, counted)
            if number in plan.far and budget > 0:
                between = _Between(opened, number, budget)
                yield from between.push(packet)
    if between is not None:
        yield from between.finish()


def _standout(sizes: Sequence[int]) -> float | None:
    if len(sizes) < FEWEST:
        return None
    ordered = sorted(sizes)
    return ordered[-1] / max(1, ordered[len(ordered) * 9 // 10 - 1])


def _plan(
    facts: MediaFacts, index: KeyFrameIndex, reach: tuple[int, int], *, keys_only: bool
) -> _Plan | None:
    seen = looked_at(index)
    chosen = [number for number in seen if reach[0] <= number < reach[1]]
    if not chosen:
        return None
    if keys_only:
        return _Plan(frozenset(chosen), frozenset(), None, chosen[-1])
    beyond = next((number for number in seen if number >= reach[1]), None)
    after = lengths(facts, index)
    far = frozenset(number for number in chosen if after[number] > FAR)
    last = chosen[-1] if beyond is None else beyond
    return _Plan(frozenset((*chosen, last)), far, beyond, last)


def _key(opened: Opened, packet: VideoPacket, number: int, tally: Tally) -> Iterator[Picture]:
    """One key packet to its picture: the decoder is emptied after each, so that none is lost."""
    tally.wanted += 1
    context = opened.video.codec_context
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
    yield Picture(
        frames[0],
        number,
        opened.rotation,
        seconds=opened.index.seconds(number),
        payload=lambda: bytes(packet),
    )


class _Between:
    """Decodes a group once more from its key packet on, and gives a picture now and then."""

    def __init__(self, opened: Opened, number: int, budget: int) -> None:
        self._opened, self._number, self._budget = opened, number, budget
        self._clock = GroupClock(opened, number)
        self._next = opened.index.seconds(number) + STEP
        self.pixels = 0
        opened.decode_most()

    def push(self, packet: VideoPacket) -> Iterator[Picture]:
        if self.pixels < self._budget:
            yield from self._shown(decoded(self._opened, packet))

    def finish(self) -> Iterator[Picture]:
        yield from self._shown(decoded(self._opened, None))
        self._opened.video.codec_context.flush_buffers()
        self._opened.decode_keys_only()

    def _shown(self, frames: Sequence[VideoFrame]) -> Iterator[Picture]:
        for frame in frames:
            self.pixels += frame.width * frame.height
            at = self._clock.at(frame)
            if at < self._next:
                continue
            self._next = at + STEP
            yield Picture(
                frame,
                self._number,
                self._opened.rotation,
                seconds=at,
                ordinal=self._clock.ordinal,
            )
