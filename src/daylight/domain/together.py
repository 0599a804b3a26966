"""What the other cameras saw: recordings of one place that ran at the same moment; pure.

Two recordings are laid side by side by real time where both have it, else by the clocks burnt into
their pictures, which may be wrong against one another; the container's clock is never enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from daylight.domain.timeline import By, Row, Stretch

MOST: Final = 9


@dataclass(frozen=True, slots=True)
class Beside:
    """One recording as it lies beside ours. ``shift_us``: its media time minus ours; it has pictures
    from ``from_us`` to ``to_us`` of our media time. ``by``: the clock that says so. ``uncertainty_us``:
    of both together; None where nobody has said.
    """

    row: Row
    item: str
    by: By
    shift_us: int
    from_us: int
    to_us: int
    uncertainty_us: int | None


@dataclass(frozen=True, slots=True)
class Together:
    """Ours first of ``shown``, then who runs at that moment, then who runs at another while ours does.

    ``further``: cameras that do as well; ``silent``: cameras of the place of which nothing is here of
    that time, or no clock that can be compared.
    """

    clock_us: int
    by: By
    shown: tuple[Beside, ...]
    further: int
    silent: tuple[Row, ...]


def together(rows: Sequence[Row], item: str, at_us: int) -> Together | None:
    """At ``at_us`` of the item's media time; None where no clock or no place is known of it."""
    found = _ours(rows, item, at_us)
    if found is None:
        return None
    row, mine = found
    ours = Beside(row, item, mine.by, 0, mine.media_us, _end(mine), mine.uncertainty_us)
    others, silent = [], []
    for other in rows:
        if other is row or not _same_place(row, other):
            continue
        best = _best(mine, other, at_us)
        if best is None:
            silent.append(other)
        else:
            others.append(best)
    others.sort(
        key=lambda one: (_away(one, at_us) > 0, one.by, one.row.name or "~", one.row.number)
    )
    return Together(
        clock_us=mine.start + at_us - mine.media_us,
        by=mine.by,
        shown=(ours, *others[: MOST - 1]),
        further=max(0, len(others) - MOST + 1),
        silent=tuple(silent),
    )


def _ours(rows: Sequence[Row], item: str, at_us: int) -> tuple[Row, Stretch] | None:
    """Of an item in several pieces the one that plays then."""
    mine = [
        (row, one)
        for row in rows
        for one in row.stretches
        if row.number and one.item == item and one.by is not By.CONTAINER
    ]
    playing = [(row, one) for row, one in mine if one.media_us <= at_us < _end(one)]
    return next(iter([*playing, *mine]), None)


def _same_place(row: Row, other: Row) -> bool:
    if not other.number:
        return False
    if row.facility or other.facility:
        return row.facility == other.facility
    return row.site is not None and row.site == other.site


def _best(mine: Stretch, row: Row, at_us: int) -> Beside | None:
    """The one that runs then, else the nearest that runs at some moment of ours."""
    laid = [_laid(mine, one, row) for one in row.stretches]
    meeting = [
        one
        for one in laid
        if one is not None and one.from_us < _end(mine) and one.to_us > mine.media_us
    ]
    return min(
        meeting,
        key=lambda one: (_away(one, at_us), one.by, one.from_us - one.to_us, one.item),
        default=None,
    )


def _away(one: Beside, at_us: int) -> int:
    """Microseconds from a moment to when it runs."""
    return max(0, one.from_us - at_us, at_us - one.to_us + 1)


def _laid(mine: Stretch, other: Stretch, row: Row) -> Beside | None:
    """``other`` on our media time, by the best clock that both have."""
    by, ahead = By.REAL, _ahead(mine.real_us, other.real_us)
    if ahead is None:
        by, ahead = By.BURNT, _ahead(mine.burnt_us, other.burnt_us)
    if ahead is None:
        return None
    start = mine.media_us + ahead  # where it begins, on our media time
    doubts = (mine.uncertainty_us, other.uncertainty_us)
    known = [one for one in doubts if one is not None]
    return Beside(
        row=row,
        item=other.item,
        by=by,
        shift_us=other.media_us - start,
        from_us=start,
        to_us=start + other.end - other.start,
        uncertainty_us=sum(known) if by is By.REAL and len(known) == len(doubts) else None,
    )


def _ahead(mine: int | None, other: int | None) -> int | None:
    return None if mine is None or other is None else other - mine


def _end(one: Stretch) -> int:
    return one.media_us + one.end - one.start
