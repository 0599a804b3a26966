"""Whether 03/04 is in March or in April, told by another clock: the file's header, or the disk's.

A camera writes its dates in one order. A recording votes for the order by which its burnt-in time lies
near another time that is known of the file, if only one does; the other is off by weeks. The votes of a
camera must agree, but for one in five: copying gives files later times. The time itself is still what
the picture shows.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from daylight.analyses.clock_orders import reread
from daylight.domain.burnt_clock import BurntClock
from daylight.domain.clocks import HOUR, Source

VERSION: Final = 1
NEAR_US: Final = 36 * HOUR  # zones, and the length of a day's export
AGREE: Final = 0.8  # share of the votes

Outside = Mapping[int, Iterable[tuple[Source, int]]]  # item to the times that are known of its file


def told(
    clocks: Mapping[int, BurntClock], outside: Outside
) -> dict[int, tuple[BurntClock, Source]]:
    """Of one camera, those clocks that can be told now, read anew, and by which kind of time."""
    votes: Counter[tuple[str, Source]] = Counter(
        vote for key, one in clocks.items() for vote in _votes(one, outside.get(key, ()))
    )
    orders = Counter[str]()
    for (layout, _), count in votes.items():
        orders[layout] += count
    if not orders:
        return {}
    layout, often = orders.most_common(1)[0]
    if often < AGREE * orders.total():
        return {}
    source = next(one for (which, one), _ in votes.most_common() if which == layout)
    return {
        key: (made, source)
        for key, one in clocks.items()
        if one.others and (made := _by(one, layout)) is not None
    }


def said(clocks: Mapping[int, BurntClock], order: str) -> dict[int, BurntClock]:
    """Those that can be read in the order that a person said (``dmy``), as they are read then."""
    found = {}
    for key, one in clocks.items():
        layouts = [each for each in (one.layout, *one.others) if order_of(each) == order]
        made = _by(one, layouts[0]) if one.others and len(layouts) == 1 else None
        if made is not None:
            found[key] = made
    return found


def order_of(layout: str) -> str:
    """Of a strftime form: ``dmy`` for day, month and year, in which order it has them."""
    letters = re.findall(r"%([dmyY])", layout)
    return "".join(letters).lower()


def _votes(one: BurntClock, times: Iterable[tuple[Source, int]]) -> set[tuple[str, Source]]:
    if not one.others or not one.pieces:
        return set()
    made = {layout: _by(one, layout) for layout in (one.layout, *one.others)}
    found = set()
    for source, at_us in times:
        near = [
            layout for layout, clock in made.items() if clock is not None and _is_near(clock, at_us)
        ]
        if len(near) == 1:
            found.add((near[0], source))
    return found


def _by(one: BurntClock, layout: str) -> BurntClock | None:
    """Read by that layout alone; None where it is not one of its own, or has no such date."""
    if layout not in (one.layout, *one.others):
        return None
    try:
        return replace(reread(one, layout), others=())
    except ValueError:  # the 13th is no month
        return None


def _is_near(clock: BurntClock, at_us: int) -> bool:
    first, last = clock.pieces[0], clock.pieces[-1]
    ends = (first.naive_us, last.naive_us + last.length_us)
    return min(abs(at_us - one) for one in ends) <= NEAR_US
