"""Faces of one recording: pictures in, tracks out; offline, so both ways in time.

The whole picture is looked at where a shot begins. From then on a look is due eight times a
second, only where blocks have changed since the last one, and earlier where a face moves quickly. Between
two looks the picture is followed forwards and backwards; where the two disagree, the model is
shown the place halfway. A weak hit counts beside a face that is known. What is lost is kept where
the picture leads it, to the end of the shot, unless it left at the rim.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from daylight.detectors import changes
from daylight.detectors.centerface import Boxes, inside, overlaps
from daylight.detectors.changes import Blocks
from daylight.detectors.face_paths import STRONG, Floats, Path, Point, hull, track
from daylight.detectors.following import Followed, follow
from daylight.detectors.looking import Area, Looker, rounded
from daylight.detectors.pictures import Frame
from daylight.domain.tracks import Basis, Track

WEAK: Final = 0.08  # a face, where one is known
STEP: Final = 120_000  # microseconds from look to look
BRIEF: Final = 100_000  # pixels: an area that is larger is looked at in half its size, but for
WHOLE: Final = 200_000  # one look in as many microseconds, in twice as many if the picture is
LARGE: Final = 1_000_000  # pixels or more: tracks begin 0.4 seconds before their first hit
QUICK: Final = 0.12  # of its side a picture: a face that moves so is looked at twice as often
MOST_FRAMES: Final = 12  # of a window
WHOLE_PART: Final = 0.6  # of the picture: if more than this changed, all of it is looked at
EVERY: Final = 12  # looks, of which one is at the whole picture
LINGER: Final = 500_000  # what left at the rim is covered for so long
DOUBTFUL: Final = 1_000_000  # and what was hardly there
_ALIKE: Final = 0.6
_INSIDE: Final = 0.7  # of a box: as much is covered by another face's mask already
_DISAGREE: Final = 0.15  # of a face's side
_REMEMBERED: Final = 16  # looks
_RIM: Final = 3.0  # pixels


@dataclass(slots=True)
class _Shot:
    """``seen``: boxes of the last looks, weak ones too, the newest last."""

    begins: int
    looked: Blocks
    moved: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    window: list[Frame]
    paths: list[Path] = field(default_factory=list)
    ended: list[Path] = field(default_factory=list)
    seen: deque[tuple[int, Boxes]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    looks: int = 0
    whole: int = 0  # when it was last looked at in its full size


class Faces:
    """``push`` every picture in order, all of one size; then ``finish``.

    Raises what the model's worker raises. ``looks`` and ``shown``: how often the model was asked
    about more than a single face, and how many pixels it was shown then. Holds the pictures of one window.
    """

    def __init__(self, looker: Looker, width: int, height: int) -> None:
        self._looker, self._width, self._height = looker, width, height
        self._whole = WHOLE if width * height < LARGE else 2 * WHOLE
        self._shot: _Shot | None = None
        self._before: Blocks | None = None
        self._done: list[tuple[int, Path]] = []
        self.frames = self.looks = self.shown = self.cuts = 0

    def push(self, frame: Frame) -> None:
        self.frames += 1
        now = changes.blocks(frame.pixels)
        if self._shot is None or self._before is None:
            self._begin(frame, now)
        elif changes.is_cut(self._before, now):
            self.cuts += 1
            self._end(self._shot)
            self._begin(frame, now)
        else:
            self._go_on(self._shot, frame, now)
        self._before = now

    def finish(self) -> tuple[Track, ...]:
        if self._shot is not None:
            self._end(self._shot)
        self._done.sort(key=lambda one: one[1].points[0].at)
        return tuple(
            track(f"face-{number}", path, self._width, self._height, begins)
            for number, (begins, path) in enumerate(self._done, 1)
        )

    def _begin(self, frame: Frame, now: Blocks) -> None:
        shot = _Shot(frame.at, now, np.zeros(now.shape, np.bool_), [frame], whole=frame.at)
        self._shot = shot
        found = self._look(frame, (0, 0, self._width, self._height))
        shot.paths = [Path([_seen(frame.at, box)]) for box in found if box[4] >= STRONG]
        shot.seen.append((frame.at, found))

    def _go_on(self, shot: _Shot, frame: Frame, now: Blocks) -> None:
        shot.moved |= changes.changed(shot.looked, now)
        if not shot.moved.any():
            for path in shot.paths:
                path.stay(frame.at)
            self._part(shot)
            shot.window = [frame]
            return
        shot.window.append(frame)
        if frame.at - shot.window[0].at >= self._step(shot) or len(shot.window) > MOST_FRAMES:
            self._close(shot, now)

    def _step(self, shot: _Shot) -> int:
        quick = any(_pace(path) > QUICK for path in shot.paths)
        return STEP // 2 if quick else STEP

    def _end(self, shot: _Shot) -> None:
        if len(shot.window) > 1 and self._before is not None:
            self._close(shot, self._before)
        self._done += [(shot.begins, path) for path in (*shot.ended, *shot.paths)]
        self._shot = None

    def _look(self, frame: Frame, area: Area, *, briefly: bool = False) -> Boxes:
        self.looks += 1
        size = (area[2] - area[0]) * (area[3] - area[1])
        brief = briefly and size > BRIEF
        self.shown += size // 4 if brief else size
        look = self._looker.briefly if brief else self._looker.at
        return look(frame.pixels, area, WEAK)

    def _close(self, shot: _Shot, now: Blocks) -> None:
        """A look at the last picture of the window, and everybody's way from its first to there."""
        last = shot.window[-1]
        area = self._area(shot)
        briefly = last.at - shot.whole < self._whole
        shot.whole = shot.whole if briefly else last.at
        found = self._look(last, area, briefly=briefly)
        inside = [path for path in shot.paths if _meet(path.last.box, area)]
        for path in shot.paths:
            if not _meet(path.last.box, area):
                path.stay(last.at)
        linking = Linking(self._looker, shot.window, found)
        linking.link(inside)
        shot.paths += linking.begun(shot.paths, shot.seen)
        self._part(shot)
        shot.seen.append((last.at, found))
        shot.window, shot.looked = [last], now
        shot.moved = np.zeros(now.shape, np.bool_)

    def _area(self, shot: _Shot) -> Area:
        """Where to look: all that moved, and every face that it touches, whole."""
        shot.looks += 1
        whole = (0, 0, self._width, self._height)
        area = changes.around(shot.moved, self._width, 32)
        if area is None or shot.looks % EVERY == 0:
            return whole
        for path in shot.paths:
            if _meet(path.last.box, area):
                area = _joined(area, path.last.box)
        area = rounded(area, self._width, self._height)
        size = (area[2] - area[0]) * (area[3] - area[1])
        return whole if size > WHOLE_PART * self._width * self._height else area

    def _part(self, shot: _Shot) -> None:
        """Who is lost, and gone for good, ends here."""
        seen = [path.last.box for path in shot.paths if path.lost is None]
        known = np.array(seen, np.float32).reshape(-1, 4)
        for path in [one for one in shot.paths if one.lost is not None]:
            if self._is_gone(path, known):
                shot.paths.remove(path)
                shot.ended.append(path)

    def _is_gone(self, path: Path, seen: Floats) -> bool:
        if len(seen) and overlaps(path.last.box, seen).max() > 0.4:
            return True
        if not path.established:
            return path.lost_for >= DOUBTFUL
        low, high = path.last.box[:2], path.last.box[2:4]
        limits = np.array([self._width, self._height], np.float32)
        at_rim = bool((low <= _RIM).any() or (high >= limits - _RIM).any())
        return at_rim and path.lost_for >= LINGER


class Linking:
    """One window: paths at its first picture, boxes in its last one."""

    def __init__(self, looker: Looker, window: Sequence[Frame], found: Boxes) -> None:
        self._looker, self._window, self._found = looker, window, found
        self._pictures = [frame.pixels for frame in window]
        self._taken: set[int] = set()

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
        for number, box in enumerate(np.clip(one, 0, limits) for one in foretold):
            for which, cost in _costs(
                box, self._found, reach=0.8 if paths[number].lost is None else 1.2
            ):
                pairs.append((cost, number, which))
        chosen: dict[int, Floats] = {}
        for _, number, which in sorted(pairs):
            if number not in chosen and which not in self._taken:
                chosen[number] = self._found[which]
                self._taken.add(which)
        return chosen

    def _near(self, box: Floats) -> Floats | None:
        found = self._looker.near(self._pictures[-1], box, WEAK)
        return _nearest(box, found)

    def _lead(self, path: Path, way: Followed, box: Floats) -> None:
        """From where it was to where it is."""
        points = self._between(0, len(self._window) - 1, path.last.box, box, way)
        path.velocity = _velocity([path.last.box, box], len(self._window) - 1)
        path.find([*points, _seen(self._window[-1].at, box)])

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
            seen = _nearest(place, self._looker.near(pictures[middle], place, WEAK))
            if seen is not None:
                at = first + middle
                point = _seen(self._window[at].at, seen)
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

    def begun(self, paths: Sequence[Path], seen: Sequence[tuple[int, Boxes]]) -> list[Path]:
        """New faces: strong boxes that nobody took, followed back to where they came from."""
        known = np.array([path.last.box for path in paths], np.float32).reshape(-1, 4)
        new = []
        for which, box in enumerate(self._found):
            if which in self._taken or box[4] < STRONG:
                continue
            if len(known) and inside(box, known).max() > _INSIDE:
                continue
            new.append(Path([*self._origin(box, seen), _seen(self._window[-1].at, box)]))
        return new

    def _origin(self, box: Floats, seen: Sequence[tuple[int, Boxes]]) -> list[Point]:
        back = follow(self._pictures[::-1], box[:4], np.zeros(2, np.float32))
        points: list[Point] = []
        for number in range(1, len(self._window)):
            if back.likeness[number] < _ALIKE:
                return points[::-1]
            at = self._window[-1 - number].at
            points.append(Point(at, back.boxes[number], Basis.FOLLOWED))
        return [*_earlier(points[-1].box if points else box[:4], seen), *points[::-1]]


def _earlier(box: Floats, seen: Sequence[tuple[int, Boxes]]) -> list[Point]:
    """Weak hits at the looks before, each near the one after it."""
    points: list[Point] = []
    moving = np.zeros(4, np.float32)
    for at, found in reversed(seen):
        fit = _costs(box + moving, found, least=WEAK)
        if not fit:
            break
        hit = found[min(fit, key=lambda one: one[1])[0]]
        points.append(_seen(at, hit))
        moving, box = hit[:4] - box, hit[:4]
    return points[::-1]


def _seen(at: int, box: Floats) -> Point:
    return Point(at, box[:4].copy(), Basis.SEEN, float(box[4]))


def _pace(path: Path) -> float:
    """How far it goes in a picture, in its own sides."""
    side = float((path.last.box[2:] - path.last.box[:2]).max())
    return float(np.abs(path.velocity).max()) / max(1.0, side)


def _velocity(boxes: Sequence[Floats], frames: int) -> Floats:
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


def _nearest(box: Floats, found: Boxes) -> Floats | None:
    if not len(found):
        return None
    common = overlaps(box, found)
    best = int(common.argmax())
    return found[best] if common[best] >= 0.25 else None


def _meet(box: Floats, area: Area) -> bool:
    return bool(box[0] < area[2] and area[0] < box[2] and box[1] < area[3] and area[1] < box[3])


def _joined(area: Area, box: Floats) -> Area:
    """With the face and a quarter of it around."""
    margin = (box[2:] - box[:2]) / 4
    low, high = (box[:2] - margin).astype(int), np.ceil(box[2:] + margin).astype(int)
    return (
        min(area[0], int(low[0])),
        min(area[1], int(low[1])),
        max(area[2], int(high[0])),
        max(area[3], int(high[1])),
    )
