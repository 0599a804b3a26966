"""Faces in a finished film or picture, looked for once more: finer than they were found, and not where paint is.

Whoever is seen where the plan covers somebody, or where nobody decided on anything, is told. All of a
picture is looked at in full size and larger than before; in between, what lies about each covered place, since a
mask that slips shows at its rim. What is cold at half that size is looked at in full at first and every ten
seconds only. Where nothing has changed since it was looked at nothing is, but for now and then.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.detectors import changes
from daylight.detectors.centerface import Boxes, inside, ordered, thinned
from daylight.detectors.changes import Blocks
from daylight.detectors.enlarged import Picture, View, extent_of
from daylight.detectors.looking import Area, Looker, Showing, near, rounded
from daylight.domain.marks import WHOLE, Key
from daylight.domain.redaction import Choice, Plan, State
from daylight.media.mask_frames import Cropped
from daylight.media.mask_paint import Bits, edges, patch_of
from daylight.media.mask_regions import Cover, Covered

STEP: Final = 200_000  # microseconds from picture to picture that is looked at
WHOLE_STEP: Final = 1_000_000  # all that changed; in between, about what is covered
EVERYWHERE: Final = 10_000_000  # all of it, whatever changed
WHOLE_PART: Final = 0.6  # of a picture: if more than this has to be looked at, all of it is
MARGIN: Final = 48  # pixels around what changed
NEAR: Final = 0.1  # a score, where the plan covers somebody
LEAST: Final = 0.2  # anywhere else: a face, by itself
FEW_PIXELS: Final = 450_000
MOST_PIXELS: Final = 2_800_000
_LARGER: Final = {True: 2.0, False: 1.5}  # small pictures; others. Both are more than at first
_HIDDEN: Final = 0.85  # of a hit: as much of it is paint, and a head's outline alone is left
_SPARED: Final = 0.5  # of a hit, within a region that stays visible, or that is no face
_MOST: Final = 200  # spots that are told one by one


@dataclass(frozen=True, slots=True)
class Spot:
    """``key``: where and when in the original; ``score``: of the hit; ``hidden``: how much of it is paint."""

    key: Key
    score: float
    hidden: float


def looked_at(width: int, height: int) -> View:
    """How pictures of this size are looked at again."""
    pixels = width * height
    scale = min(_LARGER[pixels <= FEW_PIXELS], math.sqrt(MOST_PIXELS / pixels))
    if scale >= 1:
        return View((width, height), scale)
    return View((max(1, round(width * scale)), max(1, round(height * scale))), 1.0)


class Again:
    """``push`` pictures in order, all of the size that ``looked_at`` says. Raises what the model's worker raises.

    ``upright``: pixels of the original; pictures show the part of it that the plan's output says. ``seen``:
    how many hits there were; ``spots``: the first of them; ``looks``: at all that had changed.
    """

    def __init__(self, looker: Looker, plan: Plan, upright: tuple[int, int]) -> None:
        self._looker, self._plan = looker, plan
        self._place = _Placing(plan, upright)
        self._seen: Blocks | None = None  # each block as it was looked at last
        self._near: Blocks | None = None  # the same, about what is covered
        self._due = self._everywhere = self._fully = 0  # when the next looks are due
        self._last: tuple[int, Picture] | None = None
        self.spots: list[Spot] = []
        self.seen = self.looks = self.pictures = 0

    def push(self, at: int, pixels: Picture) -> None:
        self.pictures += 1
        now, self._last = changes.blocks(pixels), (at, pixels)
        if self._seen is None or self._near is None:
            self._seen, self._near = now.copy(), now.copy()
            self._look_fully(at, pixels, now)
        elif at >= self._due and at >= self._fully and _differ(self._seen, now):
            self._look_fully(at, pixels, now)
        elif at >= self._due and _differ(self._seen, now):
            self._look(at, pixels, now, self._areas(at, pixels, self._seen, now))
        elif _differ(self._near, now):
            self._look_near(at, pixels, now, self._near)

    def finish(self) -> None:
        """The end is looked at too: nothing comes after it that would show what came in there."""
        if self._last is not None and self._seen is not None:
            at, pixels = self._last
            now = changes.blocks(pixels)
            if _differ(self._seen, now):
                self._look(at, pixels, now, self._areas(at, pixels, self._seen, now))

    def _areas(self, at: int, pixels: Picture, seen: Blocks, now: Blocks) -> list[Area]:
        """All that changed since it was looked at, and now and then everything."""
        height, width, _ = pixels.shape
        moved = changes.changed(seen, now)
        if at < self._everywhere and changes.spread(moved, width, MARGIN) <= WHOLE_PART:
            about = changes.areas(moved, width, MARGIN)
            areas = [rounded(area, width, height) for area in about]
            if sum(changes.size(area) for area in areas) <= WHOLE_PART * width * height:
                return areas
        self._everywhere = at + EVERYWHERE
        return [(0, 0, width, height)]

    def _look_fully(self, at: int, pixels: Picture, now: Blocks) -> None:
        """Nothing is left out, and nothing because it is cold at half the size."""
        self._everywhere = self._fully = at + EVERYWHERE
        whole = (0, 0, pixels.shape[1], pixels.shape[0])
        self._looked(at, pixels, now, [whole], self._looker.at)

    def _look(self, at: int, pixels: Picture, now: Blocks, areas: Sequence[Area]) -> None:
        self._looked(at, pixels, now, areas, self._looker.closely)

    def _looked(
        self, at: int, pixels: Picture, now: Blocks, areas: Sequence[Area], look: Showing
    ) -> None:
        self._due = at + WHOLE_STEP
        state = self._place.at(at)
        for seen in (self._seen, self._near):
            _take_over(seen, now, areas, pixels.shape[1])
        if not state.covered.whole:
            self.looks += 1
            self._judge(at, self._looker.each(pixels, areas, NEAR, look), pixels, state)

    def _look_near(self, at: int, pixels: Picture, now: Blocks, seen: Blocks) -> None:
        """About each covered place where something changed; a face that two of them show counts once."""
        state = self._place.at(at)
        height, width, _ = pixels.shape
        if state.covered.whole:
            return
        moved, boxes = changes.changed(seen, now), []
        for box in state.places(*extent_of(pixels)):
            area = near(box, width, height)
            if moved[changes.touched(np.array(area, np.float32), width)].any():
                boxes.append(box)
                _take_over(seen, now, [area], width)
        self._judge(at, self._looker.near_each(pixels, boxes, NEAR), pixels, state)

    def _judge(self, at: int, found: Sequence[Boxes], pixels: Picture, state: "_State") -> None:
        for hit in thinned(ordered(np.vstack([np.zeros((0, 5), np.float32), *found]))):
            spot = state.spot(at, hit, extent_of(pixels))
            if spot is not None:
                self.seen += 1
                self.spots += [spot] if len(self.spots) < _MOST else []


class _Placing:
    """From the film's pictures to places of the plan."""

    def __init__(self, plan: Plan, upright: tuple[int, int]) -> None:
        width, height = upright
        self.upright = upright
        self.cropped = Cropped(width, height, plan.output)
        self._cover = Cover(plan, width, height)
        spared = [one for one in plan.regions if one.state is not State.COVERED]
        kept = [one for one in plan.labels if one.choice is Choice.KEEP]
        shown = Plan(
            plan.item,
            regions=tuple(replace(one, state=State.COVERED) for one in spared),
            labels=tuple(replace(one, choice=Choice.COVER) for one in kept),
            growth=plan.growth,
        )
        self._shown = Cover(shown, width, height)

    def at(self, at: int) -> "_State":
        return _State(self, self._cover.at(at), self._shown.at(at))


class _State:
    """What is covered, and what stays visible on purpose, at one moment."""

    def __init__(self, placing: _Placing, covered: Covered, shown: Covered) -> None:
        self._placing, self.covered = placing, covered
        width, height = placing.upright
        self._blocks = -(-height // 2), -(-width // 2)
        self._bits: Bits | None = None
        self._spared = np.array(
            [[one.left, one.top, one.right, one.bottom] for one in shown.places], np.float32
        ).reshape(-1, 4)

    def places(self, width: int, height: int) -> list[NDArray[np.float32]]:
        """Boxes of what is covered, in the pixels of a picture of this size, as far as they lie in it."""
        cut = self._placing.cropped
        scale = np.array([width / cut.width, height / cut.height] * 2, np.float32)
        made = []
        for place in self.covered.places:
            left, top, right, bottom = (2 * one for one in edges(place, *self._blocks))
            box = np.array([left, top, right, bottom], np.float32)
            box = (box - np.array([cut.left, cut.top] * 2, np.float32)) * scale
            box = np.clip(box, 0, np.array([width, height] * 2, np.float32))
            if box[0] < box[2] and box[1] < box[3]:
                made.append(box)
        return made

    def spot(self, at: int, hit: Boxes, size: tuple[int, int]) -> Spot | None:
        """None where the hit is nothing to be told."""
        cut = self._placing.cropped
        scale = np.array([cut.width / size[0], cut.height / size[1]] * 2, np.float32)
        box = hit[:4] * scale + np.array([cut.left, cut.top] * 2, np.float32)
        hidden = self._hidden(box)
        if hidden >= _HIDDEN or (hit[4] < LEAST and not self._hidden(_wider(box))):
            return None
        if len(self._spared) and inside(box, self._spared).max() >= _SPARED:
            return None
        return Spot(_key(at, box, self._placing.upright), float(hit[4]), hidden)

    def _hidden(self, box: NDArray[np.float32]) -> float:
        """The part of the box that is paint."""
        left, top = (int(one // 2) for one in box[:2])
        right, bottom = (math.ceil(one / 2) for one in box[2:4])
        part = self._painted()[max(0, top) : bottom, max(0, left) : right]
        return float(part.mean()) if part.size else 1.0

    def _painted(self) -> Bits:
        if self._bits is None:
            self._bits = np.zeros(self._blocks, np.bool_)
            for place in self.covered.places:
                patch = patch_of(place, *self._blocks)
                rows = slice(patch.top, patch.top + patch.bits.shape[0])
                columns = slice(patch.left, patch.left + patch.bits.shape[1])
                self._bits[rows, columns] |= patch.bits
        return self._bits


def _key(at: int, box: NDArray[np.float32], upright: tuple[int, int]) -> Key:
    scale = np.array([WHOLE / upright[0], WHOLE / upright[1]] * 2)
    left, top, right, bottom = (round(float(one)) for one in box * scale)
    left, top = min(WHOLE - 1, max(0, left)), min(WHOLE - 1, max(0, top))
    return Key(
        max(0, at), left, top, max(1, min(WHOLE, right) - left), max(1, min(WHOLE, bottom) - top)
    )


def _wider(box: NDArray[np.float32]) -> NDArray[np.float32]:
    """Half a side more on all sides."""
    more = (box[2:] - box[:2]) / 2
    return np.concatenate([box[:2] - more, box[2:] + more])


def _take_over(seen: Blocks | None, now: Blocks, areas: Sequence[Area], width: int) -> None:
    for area in areas:
        part = changes.within(area, width)
        if seen is not None:
            seen[part] = now[part]


def _differ(one: Blocks, other: Blocks) -> bool:
    return bool(changes.changed(one, other).any())
