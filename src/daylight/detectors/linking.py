"""One window of pictures: faces known at its first one, boxes found in its last one, and who is who.

The nearest pairs go together; a weak box counts beside a face that is known. Between the two looks a face is
followed both ways. Who was lost just before may be who is found a leap further on.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from daylight.detectors.centerface import Boxes, inside, overlaps
from daylight.detectors.enlarged import Picture, Seen
from daylight.detectors.face_paths import COASTS, STRONG, SURE, Floats, Path, Point, hull
from daylight.detectors.following import Followed, follow
from daylight.detectors.looking import Looker
from daylight.domain.marks import WHOLE
from daylight.domain.redaction import Growth
from daylight.domain.tracks import Basis

WEAK: Final = 0.08  # a face, where one is known
LATELY: Final = 600_000  # who was lost so long ago may be who is found now,
LEAP: Final = 14.0  # if that is no quicker than so many of their sides a second
_ALIKE: Final = 0.6
_INSIDE: Final = 0.7  # of a box: as much is covered by another face's mask already
_COVERED: Final = 0.8  # of a box
_FURTHER: Final = (
    0.75  # of a head's sides, on each side, that are looked at where it is not near by,
)
_REACH: Final = 1.8  # and how far away it may be then, in its sides
_TINY: Final = 24.0  # pixels
_MASK: Final = Growth()  # of a plan that nobody changed
_ON: Final = 0.75  # of a head's sides: as near to its middle is another box of it,
_LARGER: Final = 2.0  # if it is not so many times as large
_DISAGREE: Final = 0.15  # of a face's side


def first_seen(at: int, found: Boxes) -> list[Path]:
    """Paths of those who are found where nobody is known yet."""
    paths: list[Path] = []
    for box in found[found[:, 4] >= STRONG]:
        known = np.array([path.last.box for path in paths], np.float32).reshape(-1, 4)
        same = _on(box, known) if box[4] < SURE else None
        if same is None:
            paths.append(Path([seen_at(at, box)]))
        else:
            paths[same].beside.append((at, box[:4].copy()))
    return paths


class Linking:
    """One window: paths at its first picture, boxes in its last one.

    ``briefly``: it was looked at in half its size, and weak boxes of small faces may be missing. ``bridges``: ways from
    whoever was lost to whoever began, once they have, and where whoever was found again was kept meanwhile.
    """

    def __init__(
        self, looker: Looker, window: Sequence[Seen], found: Boxes, *, briefly: bool = False
    ) -> None:
        self._looker, self._window, self._found = looker, window, found
        self._briefly = briefly
        self._pictures = [frame.pixels for frame in window]
        self._taken: set[int] = set()
        self.bridges: list[Path] = []
        self._spare: list[tuple[int, Floats]] = []

    def link(self, paths: Sequence[Path]) -> None:
        ways = [follow(self._pictures, path.last.box, path.velocity) for path in paths]
        chosen = self._assigned(paths, [way.boxes[-1] for way in ways])
        for number, path in enumerate(paths):
            box = chosen.get(number)
            if box is None and path.lost is None:
                box = self._near(ways[number].boxes[-1])
            if box is not None:
                self._lead(path, ways[number], box)
            else:
                path.lose(self._kept(path, ways[number]))

    def _assigned(self, paths: Sequence[Path], foretold: Sequence[Floats]) -> dict[int, Floats]:
        """Path to box, the nearest pairs first."""
        height, width, _ = self._pictures[0].shape
        limits = np.array([width, height] * 2, np.float32)
        pairs = []
        for number, led in enumerate(foretold):
            path = paths[number]
            reach = 0.8 if path.lost is None else 1.2
            for place in (led, self._coasted(path)) if path.adrift else (led,):
                box = np.clip(place, 0, limits)
                fits = _costs(box, self._found, reach=reach)
                pairs += [(cost, number, which) for which, cost in fits]
        chosen: dict[int, Floats] = {}
        for _, number, which in sorted(pairs):
            if number not in chosen and which not in self._taken:
                chosen[number] = self._found[which]
                self._taken.add(which)
        return chosen

    def _coasted(self, path: Path) -> Floats:
        """Where somebody is now who went on as before, since they were seen last."""
        end, last = self._window[-1].at, path.last_hit
        way = path.velocity * np.float32(self._pictures_in(min(COASTS, end - last.at)))
        box: Floats = last.box + np.concatenate([way, way])
        return box

    def _pictures_in(self, span: int) -> float:
        """How many come in so many microseconds, as they come in this window."""
        whole = self._window[-1].at - self._window[0].at
        return max(1.0, span * (len(self._window) - 1) / whole)

    def _near(self, box: Floats) -> Floats | None:
        seen = _nearest(box, self._found)
        if seen is None and self._briefly:
            seen = _nearest(box, self._looker.near(self._pictures[-1], box, WEAK))
        return seen

    def _lead(self, path: Path, way: Followed, box: Floats) -> None:
        """From where it was to where it is."""
        self._spare = []
        points = self._between(0, len(self._window) - 1, path.last.box, box, way)
        path.beside += self._spare
        back = path.lost is not None
        last, end = path.last_hit, self._window[-1].at
        path.velocity = _velocity([last.box, box], self._pictures_in(end - last.at))
        path.find([*points, seen_at(self._window[-1].at, box)])
        if back:
            self._come_back(path, box)

    def _come_back(self, path: Path, box: Floats) -> None:
        """Where somebody who was lost came from, unless they are covered there.

        Not of very small heads: what is taken for the way back of one is anybody's, and a mask is twice as large as they are.
        """
        if (box[2:4] - box[:2]).max() < _TINY:
            return
        came = self._origin(box, ())
        covered = {point.at: point.box for point in path.points[-len(self._window) :]}
        shown = [one for one in came if one.at in covered and _sticks_out(one.box, covered[one.at])]
        if shown:
            self.bridges.append(Path([*came, path.last], hits=0))

    def _between(
        self, first: int, last: int, start: Floats, end: Floats, way: Followed | None = None
    ) -> list[Point]:
        """Points of the pictures after ``first`` and before ``last``."""
        if last - first < 2:
            return []
        pictures = self._pictures[first : last + 1]
        velocity = _velocity([start, end], last - first)
        ahead = follow(pictures, start[:4], velocity) if way is None else way
        back = follow(pictures[::-1], end[:4], -velocity)
        middle = (last - first) // 2
        likely = min(float(ahead.likeness[middle]), float(back.likeness[-1 - middle]))
        if likely < _ALIKE or _apart(ahead.boxes[middle], back.boxes[-1 - middle]) > _DISAGREE:
            place = hull(ahead.boxes[middle], back.boxes[-1 - middle])
            found = self._looker.near(pictures[middle], place, WEAK)
            seen, at = _nearest(place, found), first + middle
            if seen is not None:
                point = seen_at(self._window[at].at, seen)
                others = [one for one in found if one[4] < SURE and _on(one, seen[None]) == 0]
                self._spare += [(point.at, one[:4].copy()) for one in others]
                before = self._between(first, at, start, seen)
                return [*before, point, *self._between(at, last, seen, end)]
        parts = np.linspace(0, 1, last - first + 1, dtype=np.float32)[:, None]
        there, here = ahead.boxes, back.boxes[::-1]
        even = there * (1 - parts) + here * parts
        return [
            Point(self._window[first + n].at, _safe(even[n], there[n], here[n]), Basis.FOLLOWED)
            for n in range(1, last - first)
        ]

    def _kept(self, path: Path, way: Followed) -> list[Point]:
        box, points = path.last.box, []
        for number in range(1, len(self._window)):
            path.adrift = path.adrift or way.likeness[number] < _ALIKE
            box = box if path.adrift else way.boxes[number]
            basis = Basis.KEPT if path.adrift else Basis.FOLLOWED
            points.append(Point(self._window[number].at, box, basis))
        return points

    def widen(self, paths: Sequence[Path]) -> None:
        """What nobody took, and lies on a head that was found here as well, is covered with it."""
        at = self._window[-1].at
        here = [path for path in paths if path.last.at == at and path.last.basis is Basis.SEEN]
        known = np.array([path.last.box[:4] for path in here], np.float32)
        for which, box in enumerate(self._found):
            if which in self._taken or box[4] >= SURE:
                continue
            same = _on(box, known)
            if same is not None:
                here[same].beside.append((at, box[:4].copy()))
                self._taken.add(which)

    def begun(
        self, paths: Sequence[Path], seen: Sequence[tuple[int, Boxes]], before: int
    ) -> list[Path]:
        """New faces: strong boxes that nobody took, followed back to where they came from.

        ``before``: when it was last looked at in full size.
        """
        known = np.array([path.last.box for path in paths], np.float32).reshape(-1, 4)
        new = []
        for which, box in enumerate(self._found):
            if which in self._taken or box[4] < STRONG:
                continue
            if len(known) and inside(box, known).max() > _INSIDE:
                continue
            points = [*self._origin(box, seen), seen_at(self._window[-1].at, box)]
            if self._is_again(points, paths):
                continue
            path = Path(points)
            path.unseen_since = before
            self._bridge(path, paths)
            new.append(path)
        return new

    def _is_again(self, points: Sequence[Point], paths: Sequence[Path]) -> bool:
        """Whether somebody who is lost was found again: the way back leads from hit to hit to their last one.

        Where they were kept meanwhile stays covered up to now, by a path of its own: who crossed their way may have
        been taken for them.
        """
        for path in paths:
            last = path.last_hit
            same = [n for n, point in enumerate(points) if _is_hit(point, last)]
            if path.lost is None or not same:
                continue
            way = [point for point in points[same[-1] + 1 :] if point.at > last.at]
            self.bridges.append(Path(path.points[path.lost :], hits=0))
            path.points = path.points[: path.lost]
            path.velocity = _velocity(
                [last.box, way[-1].box], self._pictures_in(way[-1].at - last.at)
            )
            path.find(way)
            return True
        return False

    def _bridge(self, new: Path, paths: Sequence[Path]) -> None:
        """From where somebody was lost just before, who may be this one; whoever was lost stays covered too.

        The way is a path of its own: where the new one was before their first hit nobody knows, and covers as well.
        """
        at, box = self._window[-1].at, new.last.box
        near = [(_leap(one.last_hit, at, box), one) for one in _lately(paths, at)]
        way, left = min(near, key=lambda one: one[0], default=(LEAP, None))
        if left is None or way >= LEAP or left.last_hit.at >= new.points[0].at:
            return
        last = left.last_hit
        left.bridged = True
        new.velocity = _velocity([last.box, box], self._pictures_in(at - last.at))
        ends = new.points[0]
        between = [replace(one, basis=Basis.CLOSED, score=0.0) for one in (last, ends)]
        self.bridges.append(Path(between, hits=0))

    def _origin(self, box: Floats, seen: Sequence[tuple[int, Boxes]]) -> list[Point]:
        """Where somebody new was since the last look: as far as the picture leads back, and from there on as the model says."""
        back = follow(self._pictures[::-1], box[:4], np.zeros(2, np.float32))
        points: list[Point] = []
        astray, here, moving = False, box[:4], np.zeros(4, np.float32)
        for number in range(1, len(self._window)):
            at = self._window[-1 - number].at
            astray = astray or back.likeness[number] < _ALIKE
            if not astray:
                points.append(Point(at, back.boxes[number], Basis.FOLLOWED))
                here = back.boxes[number]
                continue
            hit = self._seen_about(self._pictures[-1 - number], here + moving)
            if hit is None:
                return points[::-1]
            points.append(seen_at(at, hit))
            moving, here = hit[:4] - here, hit[:4]
        return [*_earlier(points[-1].box if points else box[:4], seen), *points[::-1]]

    def _seen_about(self, pixels: Picture, box: Floats) -> Floats | None:
        """Who is most likely the same in another picture: weakly near by, or surely further away."""
        side = float((box[2:4] - box[:2]).max())
        further = box[:4] + np.array([-1, -1, 1, 1], np.float32) * side * np.float32(_FURTHER)
        for place, reach, least in ((box, 0.8, WEAK), (further, _REACH, STRONG)):
            found = self._looker.near(pixels, place, WEAK)
            fits = _costs(box, found, reach=reach, least=least)
            if fits:
                nearest: Floats = found[min(fits, key=lambda one: one[1])[0]]
                return nearest
        return None


def _earlier(box: Floats, seen: Sequence[tuple[int, Boxes]]) -> list[Point]:
    """Weak hits at the looks before, each near the one after it."""
    points: list[Point] = []
    moving = np.zeros(4, np.float32)
    for at, found in reversed(seen):
        fit = _costs(box + moving, found, least=WEAK)
        if not fit:
            break
        hit = found[min(fit, key=lambda one: one[1])[0]]
        points.append(seen_at(at, hit))
        moving, box = hit[:4] - box, hit[:4]
    return points[::-1]


def _is_hit(point: Point, hit: Point) -> bool:
    """Whether it is that very one."""
    same = point.at == hit.at and point.basis is hit.basis is Basis.SEEN
    return same and bool(np.array_equal(point.box, hit.box))


def _lately(paths: Sequence[Path], at: int) -> list[Path]:
    """Those who were lost lately, and of whom nobody was found a leap further on."""
    lost = [path for path in paths if path.lost is not None and not path.bridged]
    return [path for path in lost if 0 < at - path.last_hit.at <= LATELY]


def _leap(last: Point, at: int, box: Floats) -> float:
    """How quickly it would have moved, in its sides a second; without end where the sizes differ too much."""
    side, other = (float((one[2:] - one[:2]).max()) for one in (last.box, box))
    if max(side, other) > 1.6 * min(side, other):
        return np.inf
    away = np.abs((box[:2] + box[2:]) / 2 - (last.box[:2] + last.box[2:4]) / 2).max()
    return float(away) / max(side, other) * 1_000_000 / (at - last.at)


def seen_at(at: int, box: Floats) -> Point:
    return Point(at, box[:4].copy(), Basis.SEEN, float(box[4]))


def _velocity(boxes: Sequence[Floats], frames: float) -> Floats:
    one, other = ((box[:2] + box[2:4]) / 2 for box in boxes)
    result: Floats = ((other - one) / max(1, frames)).astype(np.float32)
    return result


def _apart(one: Floats, other: Floats) -> float:
    return float(np.abs(one - other).max() / max(1.0, float((one[2:] - one[:2]).max())))


def _safe(even: Floats, ahead: Floats, back: Floats) -> Floats:
    """All of both where they disagree."""
    return hull(ahead, back) if 2 * _DISAGREE < _apart(ahead, back) < 1 else even


def _costs(
    box: Floats, found: Boxes, *, reach: float = 0.8, least: float = STRONG
) -> list[tuple[int, float]]:
    """Boxes that may be the same face, and how ill each fits: 0 to 2.

    ``reach``: in sides, how far away one may be that is as likely as ``least``.
    """
    if not len(found):
        return []
    common = overlaps(box, found)
    side = np.sqrt(max(1.0, float(np.prod(box[2:4] - box[:2]))))
    sides = np.sqrt(np.prod(found[:, 2:4] - found[:, :2], axis=1))
    away = np.abs((found[:, :2] + found[:, 2:4]) / 2 - (box[:2] + box[2:4]) / 2).max(axis=1)
    ratio = np.maximum(side / sides, sides / side)
    near = (away < reach * np.maximum(side, sides)) & (ratio < 2) & (found[:, 4] >= least)
    able = (common >= 0.2) | near
    costs = 1 - common + away / (side + sides)
    return [(int(which), float(costs[which])) for which in np.flatnonzero(able)]


def _sticks_out(box: Floats, covered: Floats) -> bool:
    """Of a mask about what is covered, which is larger than that."""
    size = covered[2:4] - covered[:2]
    more = np.maximum(size * np.float32(_MASK.share / WHOLE), np.float32(_MASK.pixels))
    mask = np.concatenate([covered[:2] - more, covered[2:4] + more])
    return bool(inside(box, mask[None]).max() < _COVERED)


def _on(box: Floats, known: Floats) -> int | None:
    """Which of the boxes of heads it is another one of: its middle lies on that, or hardly beside."""
    if not len(known):
        return None
    middles, sizes = (known[:, :2] + known[:, 2:4]) / 2, known[:, 2:4] - known[:, :2]
    away = np.abs((box[:2] + box[2:4]) / 2 - middles) / sizes
    worst = away.max(axis=1)
    worst[np.prod(box[2:4] - box[:2]) > _LARGER**2 * sizes.prod(axis=1)] = np.inf
    best = int(worst.argmin())
    return best if worst[best] < _ON else None


def _nearest(box: Floats, found: Boxes) -> Floats | None:
    if not len(found):
        return None
    common = overlaps(box, found)
    best = int(common.argmax())
    return found[best] if common[best] >= 0.25 else None
