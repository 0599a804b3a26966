"""A timeline without the times in which nobody recorded anything: long gaps of all cameras are folded.

Most leaks are hours of footage spread over months. What is recorded keeps its scale; between two pieces a
narrow break remains. A folded time counts microseconds from 0.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from daylight.domain.timeline import SECOND, Row

SPARSE = 0.2  # share of the whole time; where less is covered, folding shows more


@dataclass(frozen=True, slots=True)
class Piece:
    """From ``start`` on for ``length``, which lies at ``folded``."""

    start: int
    length: int
    folded: int


@dataclass(frozen=True, slots=True)
class Folding:
    """In order. ``width``: of a break."""

    pieces: tuple[Piece, ...]
    width: int

    @property
    def end(self) -> int:
        return self.pieces[-1].folded + self.pieces[-1].length if self.pieces else SECOND

    def at(self, us: int) -> int:
        """A time that lies in a piece, folded; others go to the nearest end of one."""
        place = max(0, bisect_right(self.pieces, us, key=lambda one: one.start) - 1)
        one = self.pieces[place]
        return one.folded + min(max(us - one.start, 0), one.length)


def folding(rows: Sequence[Row]) -> Folding:
    """Gaps longer than a fiftieth of what is covered are folded; all breaks together take a third."""
    spans: list[list[int]] = []
    for start, end in sorted((one.start, one.end) for row in rows for one in row.stretches):
        if spans and start <= spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], end)
        else:
            spans.append([start, end])
    covered = sum(end - start for start, end in spans)
    least = max(30 * SECOND, covered // 50)
    joined: list[list[int]] = []
    for start, end in spans:
        if joined and start - joined[-1][1] <= least:
            joined[-1][1] = end
        else:
            joined.append([start, end])
    width = max(1, min(least, covered // (2 * max(1, len(joined) - 1))))
    pieces, at = [], width
    for start, end in joined:
        pieces.append(Piece(start, end - start, at))
        at += end - start + width
    return Folding(tuple(pieces), width)


def folded(rows: Sequence[Row], how: Folding) -> list[Row]:
    """The same rows at folded times; each stretch keeps its length."""
    return [
        replace(
            row,
            stretches=tuple(
                replace(one, start=at, end=at + one.end - one.start)
                for one in row.stretches
                for at in [how.at(one.start)]
            ),
        )
        for row in rows
    ]


def is_sparse(rows: Sequence[Row]) -> bool:
    """Whether hardly anything would be seen without folding."""
    how = folding(rows)
    if not how.pieces:
        return False
    whole = how.pieces[-1].start + how.pieces[-1].length - how.pieces[0].start
    return sum(one.length for one in how.pieces) < SPARSE * whole
