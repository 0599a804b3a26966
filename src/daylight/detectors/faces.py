"""Faces of one recording: pictures in, tracks out; offline, so both ways in time.

The whole picture is looked at where a shot begins, and every few seconds. From then on a look is due eight times a
second, only where blocks have changed since they were looked at, and earlier where a face moves quickly. Between
two looks the picture is followed forwards and backwards; where the two disagree, the model is
shown the place halfway. A weak hit counts beside a face that is known. What is lost is kept where
the picture leads it, to the end of the shot, unless it left at the rim.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.detectors import changes
from daylight.detectors.centerface import OVERLAP, Boxes, ordered, overlaps, thinned
from daylight.detectors.changes import Blocks, Where
from daylight.detectors.enlarged import Seen
from daylight.detectors.face_paths import Floats, Path, track
from daylight.detectors.linking import WEAK, Linking, first_seen
from daylight.detectors.looking import Area, Looker, Showing, rounded
from daylight.domain.tracks import Track

STEP: Final = 120_000  # microseconds from look to look
# What is looked at is looked at in half its size, but for one look in
WHOLE: Final = 200_000  # as many microseconds, in twice as many if the picture is enlarged, whose half is hardly smaller than it, or of
LARGE: Final = 1_000_000  # pixels or more: tracks begin 0.4 seconds before their first hit
SMALL: Final = (
    40  # pixels: what a look at half the size may miss. Where the last one in full size has
)
HINT: Final = 0.12  # found nothing so small that is as likely, the next one may wait twice as long,
SAVING: Final = 600_000  # in pictures of so many pixels or more, in which it costs most
QUICK: Final = 0.12  # of its side a picture: a face that moves so is looked at twice as often
MARGIN: Final = 32  # pixels around what moved
MOST_FRAMES: Final = 12  # of a window
WHOLE_PART: Final = 0.6  # of the picture: if more than this has to be looked at, all of it is
EVERYWHERE: Final = 10_000_000  # and once in so long, whatever changed
LINGER: Final = 500_000  # what left at the rim is covered for so long
DOUBTFUL: Final = 1_000_000  # and what was hardly there
SAME: Final = 0.9  # of two boxes, their common part by both together: one hit
_REMEMBERED: Final = 16  # looks
_RIM: Final = 3.0  # pixels


@dataclass(slots=True)
class _Shot:
    """``seen``: boxes of the last looks, weak ones too, the newest last."""

    begins: int
    looked: Blocks
    moved: Where
    changed_at: NDArray[np.int64]  # microseconds, of each block
    window: list[Seen]
    paths: list[Path] = field(default_factory=list)
    ended: list[Path] = field(default_factory=list)
    seen: deque[tuple[int, Boxes]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    everywhere: int = 0  # when all of it was looked at
    fully: int = 0  # and without leaving out what is faint at half the size
    whole: int = 0  # when it was last looked at in its full size
    rare: bool = False  # nobody small was there then


class Faces:
    """``push`` every picture in order, all of one size; then ``finish``. ``extent``: what is not filling below and right;
    ``enlarged``: they are looked at larger than they are.

    Raises what the model's worker raises. ``looks``: how often the model was asked about more than a
    single face. Holds the pictures of one window.
    """

    def __init__(
        self,
        looker: Looker,
        width: int,
        height: int,
        extent: tuple[int, int] | None = None,
        *,
        enlarged: bool = False,
    ) -> None:
        self._looker, self._width, self._height = looker, width, height
        self._extent = extent or (width, height)
        self._whole = 2 * WHOLE if enlarged or width * height >= LARGE else WHOLE
        self._shot: _Shot | None = None
        self._before: Blocks | None = None
        self._done: list[tuple[int, Path]] = []
        self.frames = self.looks = self.cuts = 0

    def push(self, frame: Seen, blocks: Blocks | None = None) -> None:
        """``blocks``: of the picture, where they are known already."""
        self.frames += 1
        now = changes.blocks(frame.pixels) if blocks is None else blocks
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
            track(f"face-{number}", path, *self._extent, begins)
            for number, (begins, path) in enumerate(self._done, 1)
        )

    def _begin(self, frame: Seen, now: Blocks) -> None:
        begun = np.full(now.shape, frame.at, np.int64)
        shot = _Shot(frame.at, now.copy(), np.zeros(now.shape, np.bool_), begun, [frame])
        shot.whole = shot.everywhere = shot.fully = frame.at
        self._shot = shot
        found = self._look(frame, [(0, 0, self._width, self._height)], self._looker.at)
        shot.paths = first_seen(frame.at, found)
        shot.seen.append((frame.at, found))

    def _go_on(self, shot: _Shot, frame: Seen, now: Blocks) -> None:
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

    def _look(self, frame: Seen, areas: Sequence[Area], look: Showing) -> Boxes:
        self.looks += 1
        found = self._looker.each(frame.pixels, areas, WEAK, look)
        return found[0] if len(found) == 1 else thinned(ordered(np.vstack(found)))

    def _close(self, shot: _Shot, now: Blocks) -> None:
        """A look at the last picture of the window, and everybody's way from its first to there."""
        last = shot.window[-1]
        areas = self._areas(shot)
        before = shot.whole
        briefly = last.at - before < (2 * self._whole if shot.rare else self._whole)
        look = self._looker.briefly if briefly else self._looker.closely
        fully = last.at - shot.fully >= EVERYWHERE
        if fully:
            briefly, areas = False, [(0, 0, self._width, self._height)]
            look = self._looker.at
        inside = [path for path in shot.paths if _meet_any(path.last.box, areas)]
        found = self._look(last, areas, look)
        if not briefly:
            large = self._width * self._height >= SAVING
            shot.whole, shot.rare = last.at, large and not _any_small(found)
        for path in shot.paths:
            if path not in inside:
                path.stay(last.at)
        linking = Linking(self._looker, shot.window, found, briefly=briefly)
        linking.link(inside)
        linking.widen(shot.paths)
        shot.changed_at[shot.moved] = last.at
        new = linking.begun(shot.paths, shot.seen, before)
        cold = self._cold(last, found) if fully else found[:0]
        for path in new:
            path.unseen_since = min(before, self._changed_at(shot, path.last.box))
            if len(cold) and overlaps(path.last.box, cold).max() > SAME:
                path.unseen_since = min(shot.fully, path.unseen_since)
        shot.fully = last.at if fully else shot.fully
        shot.paths += new
        shot.ended += linking.bridges
        self._part(shot)
        shot.seen.append((last.at, found))
        shot.window = [last]
        for area in areas:
            part = changes.within(area, self._width)
            shot.looked[part] = now[part]
        shot.moved = np.zeros(now.shape, np.bool_)

    def _cold(self, frame: Seen, found: Boxes) -> Boxes:
        """Those whom no look in two steps would have found: they may have been there since the last full look."""
        stepped = self._looker.closely(frame.pixels, (0, 0, self._width, self._height), WEAK)
        missed = [len(stepped) == 0 or overlaps(box, stepped).max() < OVERLAP for box in found]
        kept: Boxes = found[np.array(missed, np.bool_)]
        return kept

    def _areas(self, shot: _Shot) -> list[Area]:
        """Where to look: all that moved, and every face that it touches, whole."""
        at, whole = shot.window[-1].at, (0, 0, self._width, self._height)
        if at - shot.everywhere < EVERYWHERE and not self._is_all(shot.moved):
            areas: list[Area] = []
            for area in changes.areas(shot.moved, self._width, MARGIN):
                changes.merge(areas, _with_faces(shot, area))
            areas = [rounded(area, self._width, self._height) for area in areas]
            if sum(changes.size(area) for area in areas) <= WHOLE_PART * changes.size(whole):
                return areas
        shot.everywhere = at
        return [whole]

    def _is_all(self, moved: Where) -> bool:
        return changes.spread(moved, self._width, MARGIN) > WHOLE_PART

    def _changed_at(self, shot: _Shot, box: Floats) -> int:
        """When the picture changed last at a face: who is found there now was there since."""
        return int(shot.changed_at[changes.touched(box, self._width)].max(initial=shot.begins))

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
        limits = np.array(self._extent, np.float32)
        at_rim = bool((low <= _RIM).any() or (high >= limits - _RIM).any())
        return at_rim and path.lost_for >= LINGER


def _any_small(found: Boxes) -> bool:
    sides = (found[:, 2:4] - found[:, :2]).max(axis=1)
    return bool(((sides < SMALL) & (found[:, 4] >= HINT)).any())


def _pace(path: Path) -> float:
    """How far it goes in a picture, in its own sides."""
    side = float((path.last.box[2:] - path.last.box[:2]).max())
    return float(np.abs(path.velocity).max()) / max(1.0, side)


def _meet(box: Floats, area: Area) -> bool:
    return bool(box[0] < area[2] and area[0] < box[2] and box[1] < area[3] and area[1] < box[3])


def _meet_any(box: Floats, areas: Sequence[Area]) -> bool:
    return any(_meet(box, area) for area in areas)


def _with_faces(shot: _Shot, area: Area) -> Area:
    for path in shot.paths:
        if _meet(path.last.box, area):
            area = _joined(area, path.last.box)
    return area


def _joined(area: Area, box: Floats) -> Area:
    """With the face and a quarter of it around."""
    margin = (box[2:] - box[:2]) / 4
    low, high = (box[:2] - margin).astype(int), np.ceil(box[2:] + margin).astype(int)
    return changes.joined(area, (int(low[0]), int(low[1]), int(high[0]), int(high[1])))
