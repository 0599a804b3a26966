"""Two recordings side by side: how unlike their pictures are at instants that may be the same.

The program ``compare``: request {a, b: facts/1, a_box, b_box: [left, top, right, bottom] in 1/10000,
mirrored, pace, probes: [[a_us, b_us] …]}, files [a, index a, b, index b]. For each probe some pictures of b
from ``b_us`` on are held against the pictures of a within ``REACH`` of where they should be: at ``a_us``, and
``pace`` microseconds of a later for each of b. Sends one ``compared`` a probe: {probe, a_us: times,
b_us: times}, payload float32, shape (len(b_us), len(a_us)): see ``media.likeness``.

It only measures; what follows from it is said by the analysis ``sameness``.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np

from daylight.domain.media import MediaFacts
from daylight.media.canvas import Box, boxed
from daylight.media.facts_json import from_json
from daylight.media.groups import groups
from daylight.media.keyframes import KeyFrameIndex, unpack
from daylight.media.likeness import Looked, looked, unlikeness
from daylight.media.program import Emit, Request
from daylight.media.reading import size_of

PROGRAM: Final = "compare"
REACH: Final = Fraction(3, 2)  # seconds, to either side
LENGTH: Final = Fraction(11, 10)  # seconds of b that are looked at
MOST_PROBES: Final = 12
MOST_A: Final = 60  # pictures a probe, evenly spread where there are more
MOST_B: Final = 4
HOPELESS: Final = (
    0.5  # two probes without a likeness better than this, and the rest is not looked at
)
_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Side:
    descriptor: int
    facts: MediaFacts
    index: KeyFrameIndex
    box: Box
    mirrored: bool


def compare(request: Request, files: Sequence[int], emit: Emit) -> None:
    asked: dict[str, Any] = dict(request)
    a = _side(asked["a"], asked["a_box"], files[0], files[1], mirrored=False)
    b = _side(asked["b"], asked["b_box"], files[2], files[3], mirrored=bool(asked["mirrored"]))
    pace = Fraction(asked["pace"]).limit_denominator(1000)
    hopeless = 0
    for number, (at_a, at_b) in enumerate(asked["probes"][:MOST_PROBES]):
        start_a, start_b = Fraction(at_a, _MICROSECONDS), Fraction(at_b, _MICROSECONDS)
        ours = _pictures(a, start_a - REACH, start_a + LENGTH * pace + REACH, MOST_A)
        others = _pictures(b, start_b, start_b + LENGTH, MOST_B)
        table = [[unlikeness(x, y) for _, x in ours] for _, y in others]
        said = {"a_us": [at for at, _ in ours], "b_us": [at for at, _ in others]}
        emit("compared", {"probe": number, **said}, np.array(table, "<f4").tobytes())
        hopeless += not table or not ours or float(np.min(table)) > HOPELESS
        if hopeless >= 2 and hopeless == number + 1:
            return


def _side(facts: Any, box: Any, descriptor: int, index: int, *, mirrored: bool) -> _Side:
    left, top, right, bottom = (int(one) for one in box)
    known = unpack(os.pread(index, size_of(index), 0))
    return _Side(descriptor, from_json(facts), known, (left, top, right, bottom), mirrored)


def _pictures(side: _Side, start: Fraction, end: Fraction, most: int) -> list[tuple[int, Looked]]:
    """Times in microseconds, and pictures, of those from ``start`` to ``end``: ``most``, evenly."""
    kept: list[tuple[int, Looked]] = []
    due, step = start, (end - start) / most
    for one in groups(side.descriptor, side.facts, side.index, _covering(side, start, end)):
        if one.seconds > end or len(kept) == most:
            break
        if one.seconds >= due:
            grey = boxed(one, side.box)
            seen = looked(grey[:, ::-1] if side.mirrored else grey)
            kept.append((int(one.seconds * _MICROSECONDS), seen))
            due = max(due + step, one.seconds + step / 2)
    return kept


def _covering(side: _Side, start: Fraction, end: Fraction) -> list[int]:
    """Numbers of the groups that hold the pictures from ``start`` to ``end``, ascending."""
    times = [side.index.seconds(number) for number in range(len(side.index))]
    until = [*times[1:], max(end, *times) + 1] if times else []
    pairs = enumerate(zip(times, until, strict=True))
    return [number for number, (at, last) in pairs if last > start and at <= end]
