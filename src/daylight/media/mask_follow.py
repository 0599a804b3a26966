"""The program that follows what a person drew around, forwards and backwards, from the moment it was drawn at.

``follow``  request {facts, box, at, first, last}, files [media]. ``box``: ten-thousandths of the upright picture;
times in microseconds from media zero, ``first`` and ``last`` say how far. Sends ``reached`` {at} now and then, and
``followed`` {back, on}: each {keys: [[at, left, top, width, height, basis] …], lost}, rising in time, without
the moment it was drawn at.

Where it is lost for longer than ``GAP``, it says so and goes no further: a person has to look. Every ``BACK`` what was
followed is followed back again: who passed by in between and was taken instead leads elsewhere, and it was lost before.
"""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from daylight.domain.marks import WHOLE
from daylight.domain.media import MediaFacts
from daylight.domain.tracks import Basis
from daylight.errors import MediaRefused
from daylight.media.facts_json import from_json
from daylight.media.follower import Box, Follower, Luma
from daylight.media.mask_decode import MICRO, PictureReader, Shown, packets, seek
from daylight.media.program import Emit, Json, Request
from daylight.media.reading import open_media

PROGRAM: Final = "follow"
GAP: Final = 1_000_000  # microseconds
BACK: Final = 2_000_000
_APART: Final = 30_000  # between pictures that are kept to follow back in
_SAME: Final = 0.3  # of what two boxes cover together, they share
_CALM: Final = 230_000  # pixels of a picture that is followed in: 640 x 360
_MOST: Final = 922_000  # where what was drawn is small
_WANTED: Final = 24  # pixels of its shorter side
_HELD: Final = 96 << 20  # bytes of pictures that are gone through backwards
_SECONDS: Final = 1_000_000  # how often it tells how far it is
_LONGEST_STEP: Final = 1_000_000  # between two key frames
_WITHIN: Final = 0.03  # of the box: so far it may lie beside an even way between two key frames


@dataclass(frozen=True, slots=True)
class _Picture:
    """``luma``: None where it did not decode, or cannot be trusted."""

    at: int
    luma: Luma | None


@dataclass(frozen=True, slots=True)
class _Point:
    at: int
    box: Box
    basis: Basis


def follow(request: Request, files: Sequence[int], emit: Emit) -> None:
    """``MediaRefused`` where there is nothing to follow in."""
    facts = from_json(request["facts"])
    box, (at, first, last) = (
        _numbers(request["box"], 4),
        _numbers([request["at"], request["first"], request["last"]], 3),
    )
    film = _Film(files[0], facts, box)
    drawn = film.at(at)
    back = film.way(drawn, _told(film.before(drawn.at, first), emit))
    on = film.way(drawn, _told(film.after(drawn.at, last), emit))
    emit("followed", {"back": film.said(back), "on": film.said(on)})


def _told(pictures: Iterator[_Picture], emit: Emit) -> Iterator[_Picture]:
    told: int | None = None
    for one in pictures:
        if told is None or abs(one.at - told) >= _SECONDS:
            told = one.at
            emit("reached", {"at": one.at})
        yield one


class _Film:
    """Pictures of luma, upright, small enough to be followed in. ``box``: what was drawn, in ten-thousandths."""

    def __init__(self, descriptor: int, facts: MediaFacts, box: Sequence[int]) -> None:
        video = facts.video
        if video is None or not video.width or not video.height:
            raise MediaRefused("it has no pictures of a known size")
        self._descriptor, self._facts = descriptor, facts
        self._turns = -(video.rotation // 90) % 4
        upright = (video.width, video.height)[:: 1 if self._turns % 2 == 0 else -1]
        shorter = min(size * part / WHOLE for size, part in zip(upright, box[2:], strict=True))
        pixels = upright[0] * upright[1]
        wanted = max(math.sqrt(_CALM / pixels), min(_WANTED / shorter, math.sqrt(_MOST / pixels)))
        scale = min(1.0, wanted)
        self._size = tuple(max(16, round(size * scale)) for size in upright)
        self.box = self._pixels(box)
        self._scaler = VideoReformatter()
        self._most = max(16, _HELD // (self._size[0] * self._size[1]))

    def _pixels(self, box: Sequence[int]) -> Box:
        wide, tall = self._size
        left, top, width, height = box
        return Box(
            left * wide / WHOLE, top * tall / WHOLE, width * wide / WHOLE, height * tall / WHOLE
        )

    def at(self, at_us: int) -> _Picture:
        """The picture that is shown at a moment, or the first after it."""
        for one in self.before(at_us + 1, 0):
            return one
        for one in self.after(at_us, at_us + 60 * MICRO):
            return one
        raise MediaRefused("no picture of it can be decoded there")

    def after(self, at_us: int, last: int) -> Iterator[_Picture]:
        """Pictures later than a moment, up to ``last``."""
        yield from self._pictures(at_us + 1, last + 1)

    def before(self, at_us: int, first: int) -> Iterator[_Picture]:
        """Pictures earlier than a moment, the latest first, down to ``first``: a few seconds are held at a time."""
        end, step = at_us, max(1, self._most // 40)  # seconds, at forty a second
        while end > first:
            start = max(first, end - step * MICRO)
            held = deque(self._pictures(start, end), self._most)
            yield from reversed(held)
            end = held[0].at if len(held) == self._most else start

    def _pictures(self, start: int, end: int) -> Iterator[_Picture]:
        with open_media(self._descriptor, self._facts.demuxer) as container:
            reader = PictureReader(container, self._facts)
            seek(container, reader, self._facts, start)
            shown = (
                one for packet in packets(container, [reader.stream]) for one in reader.push(packet)
            )
            for one in shown:
                at = int(reader.seconds(one.at) * MICRO)
                if at >= end:
                    return
                if at >= start:
                    yield _Picture(at, self._luma(one))

    def _luma(self, shown: Shown) -> Luma | None:
        frame: VideoFrame | None = shown.frame
        if frame is None or not shown.trusted:
            return None
        width, height = self._size[:: 1 if self._turns % 2 == 0 else -1]
        grey = self._scaler.reformat(frame, width, height, "gray", interpolation="BILINEAR")
        return np.ascontiguousarray(np.rot90(grey.to_ndarray(), self._turns))

    def way(self, drawn: _Picture, pictures: Iterator[_Picture]) -> "_Way":
        """As far as it can be followed."""
        made = _Way(drawn, self.box)
        for one in pictures:
            if not made.push(one):
                break
        made.finish()
        return made

    def said(self, way: "_Way") -> Json:
        """In the order of time, no more key frames than it takes."""
        points = way.points if way.points[-1].at >= way.points[0].at else way.points[::-1]
        keys: list[Json] = [
            [one.at, *self._key(one.box), one.basis.value]
            for one in thinned(points)
            if one.at != way.began
        ]
        return {"keys": keys, "lost": way.lost}

    def _key(self, box: Box) -> tuple[int, int, int, int]:
        """Rounded outwards, in the picture."""
        wide, tall = self._size
        left = min(WHOLE - 1, max(0, math.floor(box.left * WHOLE / wide)))
        top = min(WHOLE - 1, max(0, math.floor(box.top * WHOLE / tall)))
        right = min(WHOLE, math.ceil((box.left + box.width) * WHOLE / wide))
        bottom = min(WHOLE, math.ceil((box.top + box.height) * WHOLE / tall))
        return left, top, max(1, right - left), max(1, bottom - top)


class _Way:
    """One direction in time. ``points``: in the order they were met, the drawn one first."""

    def __init__(self, drawn: _Picture, box: Box) -> None:
        self._follower = None if drawn.luma is None else Follower(drawn.luma, box)
        self.began = drawn.at
        self.points = [_Point(drawn.at, box, Basis.SEEN)]
        self._missed: list[int] = []
        self._since: list[_Picture] = [drawn]  # what is to be followed back
        self.lost = False

    def push(self, one: _Picture) -> bool:
        """Whether to go on."""
        follower = self._follower
        due = abs(one.at - self._since[0].at) >= BACK
        if one.luma is not None and (due or abs(one.at - self._since[-1].at) >= _APART):
            self._since.append(one)
        if follower is not None and one.luma is not None and follower.step(one.luma):
            self._close(follower.at)
            self.points.append(_Point(one.at, follower.at, Basis.FOLLOWED))
            return not due or self._leads_back()
        self._missed.append(one.at)
        if follower is None or not follower.can or abs(one.at - self.points[-1].at) > GAP:
            self.lost = True
        return not self.lost

    def _close(self, box: Box) -> None:
        """It was out of sight for a moment: all that lies between is covered meanwhile."""
        if self._missed:
            both = box.around(self.points[-1].box)
            ends = sorted({self._missed[0], self._missed[-1]}, key=self._missed.index)
            self.points += [_Point(at, both, Basis.CLOSED) for at in ends]
            self._missed = []

    def _leads_back(self) -> bool:
        """Whether it comes out where it came from; else all since then is nothing, and it is lost there."""
        first, now = self._since[0], self.points[-1]
        pictures = [one for one in self._since if abs(one.at - first.at) <= abs(now.at - first.at)]
        self._since = pictures[-1:]
        lumas = [one.luma for one in pictures if one.luma is not None]
        if len(lumas) < 2:
            return True
        back, found = Follower(lumas[-1], now.box), False
        for luma in reversed(lumas[:-1]):
            found = back.step(luma)
        came = next(point for point in self.points if point.at == first.at)
        if found and back.at.shared(came.box) >= _SAME:
            return True
        later = [
            point.at
            for point in self.points
            if abs(point.at - self.began) > abs(first.at - self.began)
        ]
        self.points = self.points[: len(self.points) - len(later)]
        self._missed, self.lost = later, True
        return False

    def finish(self) -> None:
        """What was missed to the end is lost: where it was seen last, a person has to look."""
        if not self.lost and len(self.points) > 1:
            self._leads_back()
        self.lost = self.lost or bool(self._missed)
        if not self.lost:
            return
        last = self.points[-1]
        if len(self.points) > 1:
            self.points[-1] = _Point(last.at, last.box, Basis.LOST)
        else:
            self.points.append(_Point(self._missed[0], last.box, Basis.LOST))


def thinned(points: Sequence[_Point]) -> list[_Point]:
    """Those between which the others lie on an even way, near enough. All that were not followed are kept."""
    kept, at = [points[0]], 0
    while at < len(points) - 1:
        after = at + 1
        while after + 1 < len(points) and _even(points[at : after + 2]):
            after += 1
        at = after
        kept.append(points[at])
    return kept


def _even(stretch: Sequence[_Point]) -> bool:
    one, two = stretch[0], stretch[-1]
    if two.at - one.at > _LONGEST_STEP:
        return False
    return all(
        point.basis is Basis.FOLLOWED and _beside(point, one, two) for point in stretch[1:-1]
    )


def _beside(point: _Point, one: _Point, two: _Point) -> bool:
    part = (point.at - one.at) / (two.at - one.at)
    box = point.box
    for where, size in (
        ("left", box.width),
        ("top", box.height),
        ("width", box.width),
        ("height", box.height),
    ):
        a, b = getattr(one.box, where), getattr(two.box, where)
        if abs(a + (b - a) * part - getattr(box, where)) > _WITHIN * size:
            return False
    return True


def _numbers(value: Json, many: int) -> list[int]:
    if not isinstance(value, list) or len(value) != many:
        raise TypeError("so many numbers")
    made = [one for one in value if type(one) is int]
    if len(made) != many:
        raise TypeError("whole numbers")
    return made


def warm_up(media: int, facts: Json) -> None:
    """Go the whole way once, before the sandbox closes."""
    for at in (0, MICRO):
        request = {"facts": facts, "box": [1_000, 1_000, 4_000, 4_000], "at": at}
        follow({**request, "first": 0, "last": 2 * MICRO}, [media], _ignore)


def _ignore(kind: str, facts: Json, payload: bytes = b"") -> None:
    del kind, facts, payload
