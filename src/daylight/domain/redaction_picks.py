"""Which moments a person should look at before a film goes out: some hundred pictures, not hours."""

import itertools
from collections.abc import Iterator
from typing import Final

from daylight.domain.marks import Key
from daylight.domain.redaction import Plan, Region
from daylight.domain.redaction_follow import lost
from daylight.domain.tracks import Basis

MOST: Final = 240
_DOUBTED: Final = 12  # the least certain regions, each in its middle


def picks(plan: Plan) -> tuple[int, ...]:
    """Microseconds, rising: where regions begin and end, gaps, fast turns, and the least certain ones."""
    every = {at for one in plan.covered for at in _of(one)}
    doubted = sorted(plan.covered, key=lambda one: one.score)[:_DOUBTED]
    every |= {one.keys[len(one.keys) // 2].at_us for one in doubted}
    if plan.span is not None:
        every = {at for at in every if plan.span.start_us <= at < plan.span.end_us}
    found = sorted(every)
    if len(found) <= MOST:
        return tuple(found)
    return tuple(found[number * len(found) // MOST] for number in range(MOST))


def _of(region: Region) -> Iterator[int]:
    keys = region.keys
    yield keys[0].at_us
    yield keys[-1].at_us
    for before, after in _gaps(region):
        yield (before + after) // 2
    yield from lost(region)
    if len(keys) > 2:
        yield max(itertools.pairwise(keys), key=_pace)[1].at_us


def _gaps(region: Region) -> Iterator[tuple[int, int]]:
    start: int | None = None
    for key, basis in zip(region.keys, region.bases, strict=bool(region.bases)):
        if basis is Basis.CLOSED:
            start = key.at_us if start is None else start
        elif start is not None:
            yield start, key.at_us
            start = None


def _pace(pair: tuple[Key, Key]) -> float:
    one, two = pair
    way = abs(two.left - one.left) + abs(two.top - one.top)
    return way / max(1, two.at_us - one.at_us)
