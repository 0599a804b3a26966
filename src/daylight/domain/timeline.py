"""What was recorded when: pure arithmetic on stretches of time, for a picture and for lists.

Microseconds throughout. A stretch lies where the best clock that is known of it puts it, and says
which one that was: real time (UTC), the burnt-in clock (naive), the container's. They are never added
up to one another; what is measured across stretches (gaps) is measured among those of one clock.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag

from daylight.domain.sameness import ActiveSpan

SECOND = 1_000_000
LANES = 3  # stretches of one camera that are drawn over one another; more share the last one
NEAR = 2  # columns: nearer than this, and shorter, they are drawn as one
LEVELS = 9  # of activity


class By(IntEnum):
    """The clock that puts a stretch where it is, best first."""

    REAL = 0
    BURNT = 1
    CONTAINER = 2


class Mark(IntFlag):
    NONE = 0
    DAMAGED = 1
    CONTESTED = 2
    COPIES = 4
    CONFIRMED = 8


@dataclass(frozen=True, slots=True)
class Stretch:
    """Of an item (its public id), from ``start`` to ``end``; there ``media_us`` of it plays.

    ``item_start``: of media zero, by the same clock, if it were one piece. ``copies``: public ids of
    items that show nothing else. ``activity``: None where nobody has looked for it.
    """

    item: str
    start: int
    end: int
    by: By
    media_us: int = 0
    uncertainty_us: int | None = None
    marks: Mark = Mark.NONE
    copies: tuple[str, ...] = ()
    activity: tuple[ActiveSpan, ...] | None = None
    container_us: int | None = None
    burnt_us: int | None = None
    real_us: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One camera, or with the number 0 what belongs to none that is known. Stretches by start."""

    public_id: str
    number: int
    name: str
    facility: str
    label: str
    confirmed: bool
    stretches: tuple[Stretch, ...]
    site: int | None = None  # cameras with the same number seem to belong together

    @property
    def by(self) -> By | None:
        """The clock of most of its stretches."""
        often = Counter(one.by for one in self.stretches)
        return min(often, key=lambda one: (-often[one], one), default=None)


@dataclass(frozen=True, slots=True)
class Gap:
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Run:
    """Columns ``first`` to ``last`` (exclusive) of a lane: ``count`` stretches, one of them named.

    ``levels``: a digit of activity for each column, empty where nobody looked. ``by``: the worst clock.
    """

    first: int
    last: int
    lane: int
    count: int
    marks: Mark
    by: By
    levels: str
    only: Stretch | None


def coverage(stretches: Sequence[Stretch], by: By) -> list[tuple[int, int]]:
    """From when to when something was recorded by that clock, in order and without overlaps."""
    covered: list[tuple[int, int]] = []
    for one in sorted(stretches, key=lambda stretch: stretch.start):
        if one.by is not by:
            continue
        if covered and one.start <= covered[-1][1]:
            covered[-1] = (covered[-1][0], max(covered[-1][1], one.end))
        else:
            covered.append((one.start, one.end))
    return covered


def gaps(row: Row, least_us: int = SECOND) -> list[Gap]:
    """Between stretches of the row's own clock where nothing was recorded, or nothing is here."""
    if row.by is None:
        return []
    covered = coverage(row.stretches, row.by)
    return [
        Gap(one[1], after[0])
        for one, after in itertools.pairwise(covered)
        if after[0] - one[1] >= least_us
    ]


def extent(rows: Sequence[Row]) -> tuple[int, int] | None:
    """The first start and the last end; None where nothing has a time."""
    stretches = [one for row in rows for one in row.stretches]
    if not stretches:
        return None
    return min(one.start for one in stretches), max(one.end for one in stretches)


def runs(row: Row, window: tuple[int, int], columns: int) -> list[Run]:
    """What of a row is seen in a window, a column being a pixel: near and narrow ones become one."""
    seen = [
        (lane, one)
        for lane, one in lanes(row.stretches)
        if one.end > window[0] and one.start < window[1]
    ]
    found: list[Run] = []
    for lane in range(LANES):
        drawn = [_Drawn.of(one, window, columns) for at, one in seen if at == lane]
        found += [_run(lane, together, columns) for together in _together(drawn)]
    return found


def lanes(stretches: Sequence[Stretch]) -> Iterator[tuple[int, Stretch]]:
    """Each with the first lane that is free at its start."""
    ends = [-(1 << 62)] * LANES
    for one in sorted(stretches, key=lambda stretch: (stretch.start, stretch.end)):
        lane = next((n for n, end in enumerate(ends) if end <= one.start), LANES - 1)
        ends[lane] = max(ends[lane], one.end)
        yield lane, one


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A stretch and its columns, at least one."""

    stretch: Stretch
    first: int
    last: int
    scale: float  # columns a microsecond
    origin: int

    @classmethod
    def of(cls, one: Stretch, window: tuple[int, int], columns: int) -> "_Drawn":
        scale = columns / max(1, window[1] - window[0])
        first = max(0, int((one.start - window[0]) * scale))
        last = min(columns, int(-((window[0] - one.end) * scale // 1)))
        first = min(first, columns - 1)
        return cls(one, first, max(last, first + 1), scale, window[0])


def _together(drawn: Sequence[_Drawn]) -> Iterator[list[_Drawn]]:
    together: list[_Drawn] = []
    last = 0
    for one in drawn:
        narrow = together and max(one.last - one.first, last - together[0].first) <= NEAR * 4
        touching = together and one.first < last
        if together and not (touching or (narrow and one.first - last < NEAR)):
            yield together
            together = []
        last = max(last, one.last) if together else one.last
        together.append(one)
    if together:
        yield together


def _run(lane: int, together: Sequence[_Drawn], columns: int) -> Run:
    first, last = together[0].first, min(columns, max(one.last for one in together))
    any_, all_ = 0, int(Mark.CONFIRMED)
    for one in together:
        any_ |= int(one.stretch.marks)
        all_ &= int(one.stretch.marks)
    return Run(
        first,
        last,
        lane,
        len(together),
        Mark(any_ & ~int(Mark.CONFIRMED) | all_),
        max(one.stretch.by for one in together),
        _levels(together, first, last),
        together[0].stretch if len(together) == 1 else None,
    )


def _levels(together: Sequence[_Drawn], first: int, last: int) -> str:
    """How much moves in each column, by time and level; empty where nobody has looked at any of them.

    What moves at all shows, and of much the differences show: the digit grows as the root.
    """
    if all(one.stretch.activity is None for one in together):
        return ""
    found = [0.0] * (last - first)
    for one in together:
        _add_activity(one, found, first)
    return "".join(
        str(min(LEVELS, max(1, round(LEVELS * min(1.0, value) ** 0.5)))) if value else "0"
        for value in found
    )


def _add_activity(one: _Drawn, found: list[float], first: int) -> None:
    """Add to each column the share of it in which something moves, weighed by the level."""
    stretch, wide = one.stretch, one.last - one.first
    if wide <= NEAR:  # all of it in a column or two: as dense as the whole
        length = max(1, stretch.end - stretch.start)
        total = sum(span.length_us * span.level for span in stretch.activity or ()) / length
        for column in range(one.first - first, one.last - first):
            found[column] = max(found[column], total)
        return
    shift = stretch.start - stretch.media_us - one.origin
    for span in stretch.activity or ():
        begin = max(float(one.first), (shift + span.media_us) * one.scale)
        end = min(float(one.last), (shift + span.media_us + span.length_us) * one.scale)
        for column in range(int(begin), min(one.last, int(end) + 1)):
            share = min(end, column + 1) - max(begin, column)
            if share > 0:
                found[column - first] += share * span.level
