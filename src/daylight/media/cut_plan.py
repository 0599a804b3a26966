"""From what is known of a recording to the cuts that play it; pure."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from daylight.domain.media import MediaFacts, State, StreamFacts
from daylight.errors import MediaRefused
from daylight.media import playlist
from daylight.media.cut import Cut, Entry, Mode
from daylight.media.playlist import TICKS, Span

_COPIED_PIXELS: Final = frozenset({"yuv420p", "yuvj420p"})
_LONGEST_COPY: Final = 20 * TICKS  # key frames farther apart than that: encode, and cut anywhere
_SOUND_AHEAD: Final = TICKS  # how far sound may lie before the pictures of its time
_LOOK_BACK: Final = 8  # key frames
_UNKNOWN_SIZE: Final = (320, 240)
# Processor seconds that a segment may take, so that who seeks has a picture within a second while others
# work; and what a picture costs from decoding to the encoder's end, nanoseconds a pixel (measured).
_BEARABLE: Final = 0.35
_COSTS: Final = {"hevc": 6.0, "av1": 6.0, "vp9": 4.0, "vvc": 12.0}
_USUAL_COST: Final = 3.0
_STEPS: Final = (Fraction(1, 240), Fraction(1, 25), Fraction(2))  # seconds: least, usual, most


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """Ticks of the stream's own time base; ``ordinal`` counts pictures from 0."""

    pts: int | None
    dts: int | None
    position: int | None
    ordinal: int = 0


@dataclass(frozen=True, slots=True)
class CutPlan:
    """All spans of a recording in one mode. ``cut(n)`` is the n-th; ``IndexError`` past the end."""

    spans: tuple[Span, ...]
    base: Cut
    entries: tuple[Entry, ...]

    def cut(self, number: int) -> Cut:
        if number < 0:
            raise IndexError(number)
        span = self.spans[number]
        return _for_span(self, span)


def plan_cuts(
    facts: MediaFacts,
    keys: Sequence[KeyFrame],
    mode: Mode,
    *,
    small: bool = False,
    sound: bool = False,
) -> CutPlan:
    """Raises ``MediaRefused`` when there is nothing to play, or nothing in this mode."""
    video, audio = facts.video, facts.audio if sound else None
    if video is None and facts.audio is not None and not sound:
        raise MediaRefused("it is sound alone, and sound is not played unasked")
    if not facts.demuxer or (video is None and audio is None):
        raise MediaRefused("it holds neither pictures nor sound that can be played")
    zero = facts.start or Fraction(0)
    step = _step(video)
    entries = () if video is None else _entries(video, keys, zero, step)
    times = [entry.time for entry in entries]
    duration = _duration(facts, times, step)
    if entries and entries[-1].epoch:  # the container knows the length of one epoch at most
        duration = times[-1] + max(1, _widest(times))
    anywhere = small or not _may_copy(video, [*times, duration], mode)
    wanted = _bearable(video, step) if anywhere else playlist.LONGEST
    spans = _spans(entries, duration, anywhere=anywhere, wanted=wanted)
    if not spans:
        raise MediaRefused("nothing of it lasts long enough to be played")
    width, height = _size(video)
    base = Cut(
        demuxer=facts.demuxer,
        mode=mode,
        start=0,
        end=0,
        zero=zero,
        video=None if video is None else video.index,
        audio=None if audio is None else audio.index,
        entry=None,
        approach=None,
        step=step,
        width=width,
        height=height,
        rotation=0 if video is None else video.rotation % 360,
        anywhere=anywhere,
        small=small or mode.is_strong,
        one_thread=facts.state is State.DAMAGED,
    )
    return CutPlan(spans, base, entries)


def _bearable(video: StreamFacts | None, step: Fraction) -> int:
    """Ticks of a recording that can be made ready within ``_BEARABLE``."""
    width, height = _size(video)
    cost = _COSTS.get("" if video is None else video.codec, _USUAL_COST)
    second = width * height * cost * 1e-9 / float(step)
    return round(min(_BEARABLE / second, playlist.LONGEST / TICKS) * TICKS)


def _spans(
    entries: Sequence[Entry], duration: int, *, anywhere: bool, wanted: int
) -> tuple[Span, ...]:
    """Planned for each epoch by itself: no span reaches over a clock that falls back."""
    if not entries:
        return playlist.plan([], duration, anywhere=anywhere, wanted=wanted)
    epochs = [list(group) for _, group in itertools.groupby(entries, key=lambda one: one.epoch)]
    starts = [0, *(epoch[0].time for epoch in epochs[1:]), duration]
    spans: list[Span] = []
    for epoch, (start, end) in zip(epochs, itertools.pairwise(starts), strict=True):
        times = [entry.time - start for entry in epoch]
        planned = playlist.plan(times, end - start, anywhere=anywhere, wanted=wanted)
        spans.extend(Span(span.start + start, span.end + start) for span in planned)
    return tuple(spans)


def _for_span(plan: CutPlan, span: Span) -> Cut:
    entry = approach = None
    if plan.entries:
        times = [entry.time for entry in plan.entries]
        entry = plan.entries[playlist.decode_from(times, span.start)]
        approach = _reachable(
            plan.entries, playlist.decode_from(times, _ahead(plan, span, entry)), entry
        )
    last = span.end == plan.spans[-1].end
    return replace(
        plan.base, start=span.start, end=span.end, entry=entry, approach=approach, last=last
    )


def _ahead(plan: CutPlan, span: Span, entry: Entry) -> int:
    """From when on to read, in ticks, so that all that belongs to the span is met."""
    sound = 0 if plan.base.audio is None else _SOUND_AHEAD
    if plan.base.demuxer == "mpeg":
        # Reading sets in amid a picture there, and what is left of it takes the next one's time.
        return min(entry.time - 1, span.start - sound)
    return span.start - sound


def _reachable(entries: Sequence[Entry], last: int, entry: Entry) -> Entry:
    """The latest up to ``last``, of the same epoch as ``entry``, and with a position if there is one."""
    near = [
        one for one in entries[max(0, last - _LOOK_BACK) : last + 1] if one.epoch == entry.epoch
    ]
    known = (one for one in reversed(near) if one.position is not None)
    return next(known, near[-1] if near else entry)


def _entries(
    video: StreamFacts, keys: Sequence[KeyFrame], zero: Fraction, step: Fraction
) -> tuple[Entry, ...]:
    """Times from media zero, strictly ascending also where the container's own clock falls back.

    After such a fall (recordings joined end to end) the time goes on one step after the last one.
    """
    found: list[Entry] = []
    shift, epoch = -round(zero * TICKS), 0
    for key in keys:
        pts = key.pts if key.pts is not None else key.dts
        if pts is None:
            time = round(key.ordinal * step * TICKS)
        else:
            time = round(pts * video.time_base * TICKS) + shift
        if found and time <= found[-1].time:
            gap = found[-1].time + round(step * TICKS) - time
            shift, time, epoch = shift + gap, time + gap, epoch + 1
        found.append(Entry(time, key.pts, key.dts, key.position, epoch))
    return tuple(found)


def _may_copy(video: StreamFacts | None, times: Sequence[int], mode: Mode) -> bool:
    """``times``: of all key frames, and the end."""
    if video is None or mode is not Mode.CLEAR or video.codec != "h264" or video.rotation:
        return False
    if video.pixel_format not in _COPIED_PIXELS or len(times) < 2:
        return False
    return _widest(times) <= _LONGEST_COPY


def _duration(facts: MediaFacts, times: Sequence[int], step: Fraction) -> int:
    """Ticks. A damaged file promises more than it holds: it ends soon after its last key frame."""
    stated = round((facts.duration or 0) * TICKS)
    if not times:
        return stated
    at_least = times[-1] + max(1, round(step * TICKS))
    widest = _widest(times) or 10 * TICKS
    if facts.state is State.DAMAGED or not stated:
        return max(at_least, min(stated or at_least + widest, at_least + widest))
    return max(stated, at_least)


def _step(video: StreamFacts | None) -> Fraction:
    least, usual, most = _STEPS
    rate = None if video is None else video.frame_rate
    return usual if not rate or rate < 0 else min(most, max(least, 1 / rate))


def _size(video: StreamFacts | None) -> tuple[int, int]:
    if video is None or not video.width or not video.height:
        return _UNKNOWN_SIZE
    return video.width, video.height


def _widest(times: Sequence[int]) -> int:
    return max((b - a for a, b in itertools.pairwise(times)), default=0)
