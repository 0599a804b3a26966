"""How two clocks of one camera stand to each other: offset and drift, robustly, with uncertainty.

Each recording in which both clocks tell one moment is a sample. The slope is the median of the
slopes between samples (Theil 1950, Sen 1968), which up to 29 % of wild samples cannot move; the
offset is the median of what is left, the uncertainty 1.4826 times the median distance from it (the
standard deviation of a normal spread), never below what a sample can be read to. Sources are never
mixed: samples of one kind at a time. What comes out says how two *recorded* clocks stand to each
other, and neither is the real time because of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from daylight.domain.clocks import SECOND, Source

VERSION: Final = 1
FEWEST: Final = 3  # samples
FINEST_US: Final = SECOND // 2  # a clock that shows seconds is read to this
STEEPEST: Final = 500e-6  # seconds a second; no clock of a recorder drifts more
LEAST_SPAN_US: Final = 6 * 3600 * SECOND  # a shorter time shows no drift
MOST_PAIRS: Final = 60_000
JUMP_US: Final = 30 * SECOND  # samples further off than this from the line are called wild


@dataclass(frozen=True, slots=True)
class Sample:
    """At the naive burnt-in time ``burnt_us`` the other clock was ``offset_us`` ahead."""

    burnt_us: int
    offset_us: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """``offset_us`` at the burnt-in time ``at_us``; ``drift`` in seconds a second, None if unknown.

    ``spread_us``: one standard deviation; ``wild``: samples that do not fit, of ``samples``.
    """

    source: Source
    at_us: int
    offset_us: int
    spread_us: int
    drift: float | None
    drift_spread: float
    samples: int
    wild: int


def estimate(samples: Sequence[Sample], source: Source) -> Estimate | None:
    """None where too few samples agree: fewer than ``FEWEST``, or not even half of them."""
    if len(samples) < FEWEST:
        return None
    ordered = sorted(samples, key=lambda one: (one.burnt_us, one.offset_us))
    at_us = round(median(one.burnt_us for one in ordered))
    slopes = _slopes(ordered)
    span = ordered[-1].burnt_us - ordered[0].burnt_us
    drift = median(slopes) if slopes and span >= LEAST_SPAN_US else 0.0
    drift = drift if abs(drift) <= STEEPEST else 0.0
    flat = [one.offset_us - drift * (one.burnt_us - at_us) for one in ordered]
    offset = median(flat)
    distances = [abs(one - offset) for one in flat]
    spread = max(FINEST_US, round(1.4826 * median(distances)))
    wild = sum(one > max(JUMP_US, 5 * spread) for one in distances)
    if spread > JUMP_US or wild * 2 >= len(ordered):
        return None
    drift_spread = 2 * spread / max(span, 1) / max(1.0, len(ordered) ** 0.5 / 2)
    known = span >= LEAST_SPAN_US and bool(slopes)
    return Estimate(
        source,
        at_us,
        round(offset),
        spread,
        drift if known else None,
        drift_spread,
        len(ordered),
        wild,
    )


def _slopes(ordered: Sequence[Sample]) -> list[float]:
    """Between pairs that lie far enough apart; of very many samples, between some at fixed strides."""
    count = len(ordered)
    strides = range(1, count)
    if count * (count - 1) // 2 > MOST_PAIRS:
        step = max(1, count * count // (2 * MOST_PAIRS))
        strides = range(1, count, step)
    return [
        (later.offset_us - one.offset_us) / (later.burnt_us - one.burnt_us)
        for stride in strides
        for one, later in zip(ordered, ordered[stride:], strict=False)
        if later.burnt_us - one.burnt_us >= LEAST_SPAN_US // 6
    ]
