"""Every picture just as the decoder makes it, in the order of showing, with its own address.

A picture is known by the coded packet that it came out of: each packet is given a number in place of its
duration before it is decoded, and FFmpeg hands that on to the picture. So neither times that are missing
nor pictures that a decoder drops can move one picture to the place of another. (What FFmpeg has for this,
``AV_CODEC_FLAG_COPY_OPAQUE``, waits for ever in PyAV where decoding threads give back what is Python's.)

All pictures coded from one key frame to the next (a *group*) are shown after those coded before it
and before those coded after it; their *rank* is their place among them in the order of showing. The
number of a picture in the whole recording is its rank and the count of what was coded before its group.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from av.video.frame import VideoFrame

from daylight.domain.media import MediaFacts
from daylight.media.groups import Opened, decoded, open_at
from daylight.media.keyframes import UNKNOWN, KeyFrameIndex
from daylight.media.packet import VideoPacket
from daylight.media.reading import UNTIMED

_Place = tuple[int, int]  # group, and how many of it were coded before


@dataclass(frozen=True, slots=True)
class Exact:
    """One decoded picture. ``group``: number of its key frame; ``place``: how many of the group were
    coded before it, ``rank``: how many of it are shown before it. ``pts``: ticks of the stream's time
    base, None without times. ``offset``: seconds from the time of its key frame; negative for
    pictures that lead it.
    """

    frame: VideoFrame
    group: int
    place: int
    rank: int
    pts: int | None
    offset: Fraction


Order = Mapping[int, tuple[int, ...]]  # group → rank of each picture, by its place


def shown_order(descriptor: int, facts: MediaFacts, index: KeyFrameIndex, first: int) -> Order:
    """Ranks in the groups ``first`` and the next, where every picture has a time of its own.

    Reads and decodes nothing. A group with times that are missing or met twice is left out.
    """
    times: dict[int, list[int | None]] = {}
    if facts.demuxer in UNTIMED:
        return {}
    with open_at(descriptor, facts, index, first) as opened:
        for packet, number in opened.packets():
            if number > first + 1:
                break
            if number >= first:
                times.setdefault(number, []).append(packet.pts)
    return {number: ranks for number, found in times.items() if (ranks := _ranks(found))}


def _ranks(times: list[int | None]) -> tuple[int, ...]:
    known = [time for time in times if time is not None]
    if len(set(known)) != len(times):
        return ()
    rank = {time: n for n, time in enumerate(sorted(known))}
    return tuple(rank[time] for time in known)


def exact_pictures(
    descriptor: int,
    facts: MediaFacts,
    index: KeyFrameIndex,
    first: int,
    order: Order,
    *,
    quick_to: _Place = (-1, -1),
) -> Iterator[Exact]:
    """Pictures from key frame ``first`` on, in the order of showing, without those that lead it.

    ``quick_to``: group and rank up to which pictures that no other needs may be left out, where
    ``order`` knows their ranks. Pictures that do not decode are passed over. Raises ``FFmpegError``
    when it cannot be opened.
    """
    with open_at(descriptor, facts, index, first, exact=True) as opened:
        yield from _Decoding(opened, facts, first, order, quick_to).pictures()


class _Decoding:
    def __init__(
        self, opened: Opened, facts: MediaFacts, first: int, order: Order, quick_to: _Place
    ) -> None:
        self._opened, self._first, self._order, self._quick_to = opened, first, order, quick_to
        self._untimed = facts.demuxer in UNTIMED
        self._anchors: dict[int, int] = {}  # group → its key frame's time, in ticks
        self._counted: dict[int, int] = {}
        self._places: list[_Place] = []
        context = opened.video.codec_context
        # In one thread: where several complain at once, closing the decoder has been seen to hang.
        context.thread_type, context.thread_count = "NONE", 1

    def pictures(self) -> Iterator[Exact]:
        place = (-1, 0)
        for packet, number in self._opened.packets():
            if number < self._first:
                continue
            place = (number, place[1] + 1 if number == place[0] else 0)
            self._hurry(place)
            yield from self._out(packet, place)
        yield from self._out(None, place)

    def _out(self, packet: VideoPacket | None, place: _Place) -> Iterator[Exact]:
        if packet is not None:
            self._places.append(place)
            packet.duration = len(self._places)
            if place[1] == 0:
                self._anchors[place[0]] = _tick(packet)
        for frame in decoded(self._opened, packet):
            made = self._placed(frame)
            if made is not None and not self._leads(made):
                yield made

    def _hurry(self, place: _Place) -> None:
        ranks = self._order.get(place[0], ())
        rank = ranks[place[1]] if place[1] < len(ranks) else None
        early = rank is not None and (place[0], rank) < self._quick_to
        self._opened.video.codec_context.skip_frame = "NONREF" if early else "DEFAULT"

    def _placed(self, frame: VideoFrame) -> Exact | None:
        if not 0 < frame.duration <= len(self._places):
            return None
        group, place = self._places[frame.duration - 1]
        rank = self._counted[group] = self._counted.get(group, -1) + 1
        ranks = self._order.get(group, ())
        rank = ranks[place] if place < len(ranks) else rank
        pts = None if self._untimed else frame.pts
        return Exact(frame, group, place, rank, pts, self._offset(group, rank, pts))

    def _offset(self, group: int, rank: int, pts: int | None) -> Fraction:
        anchor, base = self._anchors.get(group, UNKNOWN), self._opened.video.time_base
        if pts is None or anchor == UNKNOWN or base is None:
            return rank * self._opened.step
        return (pts - anchor) * base

    def _leads(self, made: Exact) -> bool:
        """Shown before the first key frame: what it refers to was never seen."""
        ranks = self._order.get(made.group, ())
        return made.group == self._first and bool(ranks) and made.rank < ranks[0]


def _tick(packet: VideoPacket) -> int:
    pts = packet.pts if packet.pts is not None else packet.dts
    return UNKNOWN if pts is None else pts
