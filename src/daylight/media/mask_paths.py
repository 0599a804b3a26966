"""What a plan covers, as shapes that move evenly between points: for whoever draws them over a player.

The points are reckoned by the code that covers (``media.mask_regions``), so that what is drawn is what will be
covered; a mask's growth bends where it reaches its least number of pixels, and there a point stands too.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from daylight.domain.marks import WHOLE, Key, Span
from daylight.domain.redaction import Choice, Growth, Plan, Region, Shape
from daylight.media.mask_regions import Cover, Moving, Place, covered_of, grown

ALWAYS: Final = 10**15  # microseconds

# Microseconds; left, top, right, bottom in ten-thousandths of the picture, which may lie beyond it; pixels that
# a polygon grows on all sides.
Point = tuple[int, int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Path:
    """``first``, ``last``: from when to when it covers, in microseconds. ``corners``: as in the plan."""

    name: str
    shape: Shape
    corners: tuple[tuple[int, int], ...]
    first: int
    last: int
    points: tuple[Point, ...]


def paths(plan: Plan, width: int, height: int, window: Span) -> tuple[Path, ...]:
    """Regions of every state, labels and demands that meet a window. ``width``, ``height``: upright pixels."""
    found = [_moving(plan, one, width, height, window) for one in plan.regions]
    return (*(one for one in found if one is not None), *_standing(plan, width, height, window))


def blank(plan: Plan) -> tuple[Span, ...]:
    """When nothing of the picture is shown."""
    demanded = [one.span for one in plan.demands if one.picture and one.box is None]
    return (*(one.span for one in plan.whole), *demanded)


def _moving(plan: Plan, region: Region, width: int, height: int, window: Span) -> Path | None:
    moving = Moving(region, plan.growth)
    if moving.last < window.start_us or moving.first > window.end_us:
        return None
    start = max(0, bisect_right(moving.times, window.start_us) - 1)
    end = bisect_left(moving.times, window.end_us) + 1
    near = replace(region, keys=region.keys[start:end], bases=())
    if plan.bodies:
        near = covered_of(near, width / height)
    within = Moving(near, plan.growth)
    points = []
    for at_us in _moments(near, plan.growth, width, height):
        box = within.at(at_us)
        if box is not None:
            place = grown(near, box, plan.growth, width, height)
            points.append(_point(at_us, place, width, height))
    first, last = max(-ALWAYS, moving.first), min(ALWAYS, moving.last)
    return Path(region.name, near.shape, near.corners, first, last, tuple(points))


def _moments(region: Region, growth: Growth, width: int, height: int) -> Iterator[int]:
    """Of the key frames, and of the bends between them."""
    least = growth.pixels * WHOLE * WHOLE / max(1, growth.share)
    across, down = least / width, least / height  # sides below which growth is in pixels
    for number, key in enumerate(region.keys):
        yield key.at_us
        after = region.keys[number + 1 : number + 2]
        if growth.share and after:
            yield from sorted({*_bend(key, after[0], across, down)})


def _bend(one: Key, two: Key, across: float, down: float) -> Iterator[int]:
    sides = ((one.width, two.width, across), (one.height, two.height, down))
    for before, behind, least in sides:
        if (before - least) * (behind - least) < 0:
            part = (least - before) / (behind - before)
            at_us = one.at_us + round((two.at_us - one.at_us) * part)
            if one.at_us < at_us < two.at_us:
                yield at_us


def _standing(plan: Plan, width: int, height: int, window: Span) -> Iterator[Path]:
    cover = Cover(replace(plan, regions=()), width, height)
    for one in plan.labels:
        if one.choice is not Choice.KEEP:
            place = cover.standing(one.name, one.box)
            yield _still(place, width, height, -ALWAYS, ALWAYS)
    for number, demand in enumerate(plan.demands):
        if demand.picture and demand.box is not None and demand.span.meets(window):
            place = cover.standing(f"demand-{number}", demand.box)
            yield _still(place, width, height, demand.span.start_us, demand.span.end_us)


def _still(place: Place, width: int, height: int, first: int, last: int) -> Path:
    point = _point(max(0, first), place, width, height)
    return Path(place.name, place.shape, (), first, last, (point,))


def _point(at_us: int, place: Place, width: int, height: int) -> Point:
    return (
        at_us,
        round(place.left * WHOLE / width),
        round(place.top * WHOLE / height),
        round(place.right * WHOLE / width),
        round(place.bottom * WHOLE / height),
        place.widen,
    )
