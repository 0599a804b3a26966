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
STEADY: Final = (
    250_000  # before and after a point, within which a detection may say how large it is
)
_LARGER: Final = 1.4  # and it is no larger than so many times what was found there
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
    """``hits``: strong ones. ``lost``: number of the first point after the last hit, None while it is seen."""

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


def steadied(points: Sequence[Point]) -> list[Point]:
    """Each as large as any detection shortly before or after it: how large a face is found jumps from look to look."""
    seen = [point for point in points if point.basis is Basis.SEEN]
    times = [point.at for point in seen]
    sizes = [point.box[2:4] - point.box[:2] for point in seen]
    made = []
    for point in points:
        near = sizes[bisect_left(times, point.at - STEADY) : bisect_right(times, point.at + STEADY)]
        own = point.box[2:4] - point.box[:2]
        size = np.clip(np.max([own, *near], axis=0), own, own * _LARGER)
        middle = (point.box[:2] + point.box[2:4]) / 2
        box = np.concatenate([middle - size / 2, middle + size / 2]).astype(np.float32)
        made.append(replace(point, box=box))
    return made


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
    steady = steadied(path.points)
    points = simplified(steady)
    first, last = points[0], points[-1]
    since = first.at if path.unseen_since is None else path.unseen_since
    lead = max(begins, min(since, first.at - LEAD))
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
