"""Whether 03/04 is in March or in April: told from all recordings of a camera.

One camera writes its date in one order. Where some recording can only be read in one, the others follow.
Else, where the recordings' dates differ in one field and agree in the other, the one that differs is the
day: an archive of some days is likelier than one of the same day of many months. Else both are kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from daylight.domain.burnt_clock import BurntClock, ClockPiece

BELIEVED: Final = 0.9  # how sure a reading is, at least, to tell anything of others
DAYS: Final = 4  # different days, at least, in the same month
_MICRO: Final = 1_000_000


def settled(clocks: Mapping[int, BurntClock]) -> dict[int, BurntClock]:
    """``clocks`` of one camera, by recording. Those that can be told now, as they are read then."""
    open_still = {key: one for key, one in clocks.items() if one.others}
    if not open_still:
        return {}
    sure = [one for one in clocks.values() if one.confidence >= BELIEVED and one.pieces]
    layouts = {one.layout for one in sure if not one.others}
    told: dict[int, BurntClock] = {}
    for key, one in open_still.items():
        possible = (one.layout, *one.others)
        only = [layout for layout in possible if layout in layouts] or _differing(sure, possible)
        if len(only) == 1:
            told[key] = replace(reread(one, only[0]), others=())
    return told


def reread(clock: BurntClock, layout: str) -> BurntClock:
    """The same digits, read by another of its layouts. Raises ``ValueError`` where they have no such date."""
    if layout == clock.layout:
        return clock
    pieces = tuple(
        replace(one, naive_us=_reread(one.naive_us, clock.layout, layout)) for one in clock.pieces
    )
    others = tuple(one for one in (clock.layout, *clock.others) if one != layout)
    return replace(clock, pieces=pieces, layout=layout, others=others)


def _differing(clocks: Sequence[BurntClock], possible: Sequence[str]) -> list[str]:
    """Layouts by which the dates lie in one month, on several days; by no other they may do so."""
    found = []
    for layout in possible:
        dates = [
            _date(_reread(piece.naive_us, one.layout, layout))
            for one in clocks
            if layout in (one.layout, *one.others)
            for piece in one.pieces
        ]
        months = {(date.year, date.month) for date in dates}
        if len(months) == 1 and len({date.day for date in dates}) >= DAYS:
            found.append(layout)
    return found


def _date(naive_us: int) -> datetime:
    return datetime.fromtimestamp(naive_us // _MICRO, UTC)


def _reread(naive_us: int, old: str, new: str) -> int:
    if old == new:
        return naive_us
    date = _date(naive_us)
    text = date.strftime(_date_only(old))
    other = datetime.strptime(text, _date_only(new)).replace(tzinfo=UTC)
    days = (other.date() - date.date()).days
    return naive_us + days * 86_400 * _MICRO


def _date_only(layout: str) -> str:
    return " ".join(part for part in layout.split() if "%d" in part)


def naive_of(piece: ClockPiece) -> datetime:
    """What the clock shows when the piece begins, without a zone."""
    return _date(piece.naive_us).replace(tzinfo=None)
