"""Which places of the picture are covered at a moment, in pixels, rounded outwards.

Pure reckoning on a plan; ``media.mask_paint`` does the painting, and ``media.mask_check`` asks the same places
of the finished file.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from daylight.domain.marks import WHOLE, Key
from daylight.domain.redaction import Choice, Growth, Plan, Region, Shape, body_of
from daylight.domain.tracks import Sort

_STANDS: Final = 10**15  # microseconds: all the time


@dataclass(frozen=True, slots=True)
class Place:
    """A region of one picture, in its pixels; edges may lie beyond the picture, and between pixels.

    ``corners``: of a polygon, as shares of the box. ``text``: what a label is replaced by. ``name``: of what.
    """

    name: str
    left: float
    top: float
    right: float
    bottom: float
    shape: Shape = Shape.BOX
    corners: tuple[tuple[float, float], ...] = ()
    widen: int = 0  # pixels that a polygon grows on all sides; boxes have grown already
    text: str = ""


@dataclass(frozen=True, slots=True)
class Covered:
    """``whole``: nothing of the picture may be seen."""

    whole: bool
    places: tuple[Place, ...]


class Cover:
    """All that a plan covers, for upright pictures of one size (pixels)."""

    def __init__(self, plan: Plan, width: int, height: int) -> None:
        self._plan, self._width, self._height = plan, width, height
        aspect = width / height
        self._moving = [
            Moving(covered_of(one, aspect) if plan.bodies else one, plan.growth)
            for one in plan.covered
        ]
        self._whole = [(one.span.start_us, one.span.end_us) for one in plan.whole]
        demands = [one for one in plan.demands if one.picture]
        self._whole += [(one.span.start_us, one.span.end_us) for one in demands if one.box is None]
        self._demands = [one for one in demands if one.box is not None]

    def at(self, at_us: int) -> Covered:
        if any(start <= at_us < end for start, end in self._whole):
            return Covered(whole=True, places=())
        return Covered(whole=False, places=tuple(self._places(at_us)))

    def _places(self, at_us: int) -> Iterator[Place]:
        for one in self._moving:
            key = one.at(at_us)
            if key is not None:
                yield grown(one.region, key, self._plan.growth, self._width, self._height)
        for number, demand in enumerate(self._demands):
            if demand.box is not None and demand.span.start_us <= at_us < demand.span.end_us:
                yield self.standing(f"demand-{number}", demand.box)
        for label in self._plan.labels:
            if label.choice is not Choice.KEEP:
                yield self.standing(label.name, label.box, text=label.text)

    def standing(self, name: str, box: Key, text: str = "") -> Place:
        """What stands still was drawn around on purpose: a few pixels more will do."""
        pixels = self._plan.growth.pixels
        left, top = box.left * self._width / WHOLE, box.top * self._height / WHOLE
        right = (box.left + box.width) * self._width / WHOLE
        bottom = (box.top + box.height) * self._height / WHOLE
        return Place(name, left - pixels, top - pixels, right + pixels, bottom + pixels, text=text)


def grown(
    region: Region,
    box: tuple[float, float, float, float],
    growth: Growth,
    width: int,
    height: int,
) -> Place:
    """The place that is covered where a region is found at ``box``: ten-thousandths, as of a key frame."""
    left, top, wide, tall = box
    left, wide = left * width / WHOLE, wide * width / WHOLE
    top, tall = top * height / WHOLE, tall * height / WHOLE
    across = max(float(growth.pixels), wide * growth.share / WHOLE)
    down = max(float(growth.pixels), tall * growth.share / WHOLE)
    if region.shape is Shape.POLYGON:
        widen = math.ceil(max(across, down))
        corners = tuple((x / WHOLE, y / WHOLE) for x, y in region.corners)
        edges = (left, top, left + wide, top + tall)
        return Place(region.name, *edges, Shape.POLYGON, corners, widen)
    edges = (left - across, top - down, left + wide + across, top + tall + down)
    return Place(region.name, *edges, region.shape)


class Moving:
    """One region over time: evenly between key frames, standing a while before and after them.

    ``first``, ``last``: microseconds; before and after them it is not.
    """

    def __init__(self, region: Region, growth: Growth) -> None:
        self.region = region
        self.times: Sequence[int] = [key.at_us for key in region.keys]
        self.first = self.times[0] - growth.before_us
        self.last = self.times[-1] + growth.after_us
        if region.by_hand and len(region.keys) == 1:  # drawn once: it stays where it was drawn
            self.first, self.last = -_STANDS, _STANDS

    def at(self, at_us: int) -> tuple[float, float, float, float] | None:
        """Left, top, width, height in ten-thousandths; None where it is not."""
        if not self.first <= at_us <= self.last:
            return None
        keys = self.region.keys
        after = bisect_right(self.times, at_us)
        one, two = keys[max(0, after - 1)], keys[min(after, len(keys) - 1)]
        if one is two or at_us <= one.at_us:
            return float(one.left), float(one.top), float(one.width), float(one.height)
        part = (at_us - one.at_us) / (two.at_us - one.at_us)
        return (
            one.left + (two.left - one.left) * part,
            one.top + (two.top - one.top) * part,
            one.width + (two.width - one.width) * part,
            one.height + (two.height - one.height) * part,
        )


def covered_of(region: Region, aspect: float) -> Region:
    """What is covered of a region where bodies are."""
    return body_of(region, aspect) if region.sort is Sort.FACE else region
