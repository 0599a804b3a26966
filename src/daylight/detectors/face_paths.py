"""One face through one shot: points in time, and the track that is made of them.

Places are pixels of the picture as it was looked at; times microseconds from media zero.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.domain.marks import WHOLE, Key
from daylight.domain.tracks import Basis, Sort, Track

LEAD: Final = 400_000  # a mask is there so long before its first hit
CLOSES: Final = 3_000_000  # a gap that is no longer is closed; in others it stays where it was kept
PAD: Final = 4_000  # and so little around its ends, so that no rounding of times uncovers a picture
TOLERANCE: Final = (
    0.03  # of a box's side: a point that lies as near to the line between others goes
)
STEADY: Final = 150_000  # before and after a point, within which its mask holds whatever was found
GROWN: Final = 1.25  # a mask is at least so many times as large (by a plan's growth: 1.3),
GROWS: Final = (
    6.0  # and by so many pixels: 8 of the picture itself, which is shown smaller only above 1440p
)
REACHES: Final = 0.5  # of a side: a box is widened no further than so much on each side
COASTS: Final = 1_000_000  # who is lost may have gone on for so long as they went before
_AHEAD: Final = 48  # points that one line may stand for
STRONG: Final = 0.2  # a face, by itself
ESTABLISHED: Final = 3  # strong hits, and
SURE: Final = 0.5  # a score, after which a face does not just end

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """``box``: left, top, right, bottom; ``score``: of the detection, 0 where there is none."""

    at: int
    box: Floats
    basis: Basis
    score: float = 0.0


@dataclass(slots=True, eq=False)
class Path:
    """``hits``: strong ones; none where it only leads from one path to another.

    ``lost``: number of the first point after the last hit, None while it is seen. ``beside``: when and where the same
    head was found besides.
    """

    points: list[Point]
    velocity: Floats = field(default_factory=lambda: np.zeros(2, np.float32))
    hits: int = 1
    lost: int | None = None
    adrift: bool = False  # lost, and the picture does not lead it any more
    still: bool = False  # the last point stands for pictures that did not change
    unseen_since: int | None = (
        None  # until its first hit, nobody looked so that they must have seen it
    )
    bridged: bool = False  # somebody was found who may be this one gone on
    beside: list[tuple[int, Floats]] = field(default_factory=list)

    @property
    def last(self) -> Point:
        return self.points[-1]

    @property
    def last_hit(self) -> Point:
        return self.points[-1 if self.lost is None else self.lost - 1]

    @property
    def score(self) -> float:
        return max(point.score for point in self.points)

    @property
    def established(self) -> bool:
        return self.hits >= ESTABLISHED and self.score >= SURE

    @property
    def lost_for(self) -> int:
        """Microseconds since its last hit."""
        return 0 if self.lost is None else self.last.at - self.last_hit.at

    def add(self, points: Sequence[Point]) -> None:
        self.points.extend(points)
        self.still = False

    def stay(self, at: int) -> None:
        """The picture did not change there."""
        if self.still:
            self.points[-1] = replace(self.last, at=at)
            return
        basis = Basis.FOLLOWED if self.lost is None else Basis.KEPT
        self.points.append(Point(at, self.last.box, basis))
        self.still = True

    def lose(self, points: Sequence[Point]) -> None:
        """No detection stands behind these."""
        if self.lost is None:
            self.lost = len(self.points)
        self.add(points)

    def find(self, points: Sequence[Point]) -> None:
        """The last of these is a detection. A short gap before is closed from both sides."""
        self.add(points)
        if self.lost is not None:
            if self.lost_for <= CLOSES:
                self.points[self.lost : -1] = closed(self.points[self.lost - 1 :])
            self.lost, self.adrift, self.bridged = None, False, False
        self.hits += points[-1].score >= STRONG


def closed(gap: Sequence[Point]) -> list[Point]:
    """The points between the first and the last, which were seen, so that they lead evenly there.

    Each covers where the face was kept as well: nobody knows when it moved on.
    """
    first, end = gap[0], gap[-1]
    whole, made = max(1, end.at - first.at), []
    for point in gap[1:-1]:
        part = (point.at - first.at) / whole
        even = first.box + (end.box - first.box) * part
        made.append(replace(point, box=_bounded_hull(even, point.box), basis=Basis.CLOSED))
    return made


def _bounded_hull(one: Floats, other: Floats) -> Floats:
    """The box about both; ``one`` alone where they lie far apart."""
    both = hull(one, other)
    near = np.all(both[2:] - both[:2] <= 2 * (one[2:] - one[:2]))
    return both if near else one


def hull(one: Floats, other: Floats) -> Floats:
    low, high = np.minimum(one[:2], other[:2]), np.maximum(one[2:4], other[2:4])
    return np.concatenate([low, high])


def steadied(points: Sequence[Point], beside: Sequence[tuple[int, Floats]] = ()) -> list[Point]:
    """Each so large that its mask holds what was found shortly before and after it, there where it would be now.

    Where a face is found, and how large, jumps from look to look, and one head is found twice: ``beside``.
    """
    middles = _middles(points)
    times, around = _around(points, middles, beside)
    made = []
    for point, middle in zip(points, middles, strict=True):
        near = around[
            bisect_left(times, point.at - STEADY) : bisect_right(times, point.at + STEADY)
        ]
        made.append(replace(point, box=_holding(point.box, middle, near)))
    return made


def _around(
    points: Sequence[Point], middles: Floats, beside: Sequence[tuple[int, Floats]]
) -> tuple[list[int], Floats]:
    """Times and boxes of all hits, seen from the middle of the path at that time."""
    hits = [(p.at, p.box[:4], middles[n]) for n, p in enumerate(points) if p.basis is Basis.SEEN]
    moments = [point.at for point in points]
    for at, box in beside:
        hits.append((at, box[:4], middles[min(len(points) - 1, bisect_left(moments, at))]))
    hits.sort(key=lambda hit: hit[0])
    boxes = [box - np.concatenate([middle, middle]) for _, box, middle in hits]
    return [at for at, _, _ in hits], np.array(boxes, np.float32).reshape(-1, 4)


def _middles(points: Sequence[Point]) -> Floats:
    """Of the boxes, without what jumps from one to the next, where these are near in time."""
    boxes = np.array([point.box[:4] for point in points], np.float32)
    own: Floats = ((boxes[:, :2] + boxes[:, 2:]) / 2).astype(np.float32)
    middles: Floats = own.copy()
    times = np.array([point.at for point in points])
    near = times[2:] - times[:-2] <= 2 * STEADY
    middles[1:-1][near] = ((own[:-2] + 2 * own[1:-1] + own[2:]) / 4)[near]
    return middles


def _holding(box: Floats, middle: Floats, around: Floats) -> Floats:
    """The box, larger where its mask would not hold those ``around`` the middle."""
    if not len(around):
        return box
    there = np.concatenate([middle, middle])
    low, high = around[:, :2].min(axis=0), around[:, 2:].max(axis=0)
    whole = high - low
    centre, size = (low + high) / 2, np.minimum(whole / GROWN, np.maximum(0, whole - GROWS))
    held = np.concatenate([centre - size / 2, centre + size / 2]) + there
    own = box[2:4] - box[:2]
    most = np.concatenate([box[:2] - own * REACHES, box[2:4] + own * REACHES])
    return hull(box, np.clip(held, most[[0, 1, 0, 1]], most[[2, 3, 2, 3]])).astype(np.float32)


def _led(points: Sequence[Point], at: int) -> Floats:
    """Where it may have been ``at`` a moment before its first point: there, or further back on its way."""
    first = points[0]
    later = next((one for one in points if one.at - first.at >= LEAD // 2), points[-1])
    if later.at == first.at:
        return first.box
    back = first.box - (later.box - first.box) * ((first.at - at) / (later.at - first.at))
    return _bounded_hull(first.box, back.astype(np.float32))


def simplified(points: Sequence[Point]) -> list[Point]:
    """Fewer points, between which it moves evenly, none of which was further away than ``TOLERANCE``."""
    kept, at = [0], 0
    while at < len(points) - 1:
        to = at + 1
        while to + 1 < len(points) and to - at < _AHEAD and _on_line(points, at, to + 1):
            to += 1
        kept.append(to)
        at = to
    return [points[number] for number in kept]


def _on_line(points: Sequence[Point], first: int, last: int) -> bool:
    between = points[first + 1 : last]
    one, other = points[first], points[last]
    if any(_sort(point) != _sort(one) for point in between) or _sort(one) != _sort(other):
        return False
    parts = np.array([(p.at - one.at) / (other.at - one.at) for p in between], np.float32)
    line = one.box + (other.box - one.box) * parts[:, None]
    away = np.abs(np.stack([p.box for p in between]) - line)
    sides = float((one.box[2:] - one.box[:2]).min())
    return bool(away.max() <= max(0.5, TOLERANCE * sides))


def _sort(point: Point) -> Basis:
    return Basis.SEEN if point.basis is Basis.FOLLOWED else point.basis


def track(name: str, path: Path, width: int, height: int, begins: int) -> Track:
    """``width``, ``height``: of the picture that was looked at; ``begins``: of the shot."""
    steady = steadied(path.points, path.beside)
    points = simplified(steady)
    first, last = points[0], points[-1]
    since = first.at if path.unseen_since is None else path.unseen_since
    lead = max(begins, min(since, first.at - LEAD)) if path.hits else first.at
    if lead < first.at:
        points.insert(0, replace(first, at=lead, basis=Basis.KEPT, box=_led(steady, lead)))
    points = [
        replace(points[0], at=max(0, points[0].at - PAD)),
        *points[1 if points[0].at else 0 :],
        replace(last, at=last.at + PAD),
    ]
    scale = np.array([WHOLE / width, WHOLE / height] * 2)
    keys = tuple(_key(point, scale) for point in points)
    return Track(name, Sort.FACE, *_once(keys, points), path.score)


def _once(
    keys: Sequence[Key], points: Sequence[Point]
) -> tuple[tuple[Key, ...], tuple[Basis, ...]]:
    """Each moment once."""
    chosen = {key.at_us: (key, point.basis) for key, point in zip(keys, points, strict=True)}
    return tuple(key for key, _ in chosen.values()), tuple(basis for _, basis in chosen.values())


def _key(point: Point, scale: NDArray[np.float64]) -> Key:
    box = point.box[:4] * scale
    left, top = (min(WHOLE - 1, max(0, int(np.floor(one)))) for one in box[:2])
    right, bottom = (min(WHOLE, int(np.ceil(one))) for one in box[2:])
    return Key(point.at, left, top, max(1, right - left), max(1, bottom - top))
