"""What a person keeps for themselves: minutes unshielded by severity, a budget, what they want today.

Nothing of it is anybody else's. Times are microseconds; days are UTC.
"""

import itertools
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from daylight.domain.marks import NOTES, Span
from daylight.domain.views import View

SCHEMA: Final = "own/1"
UNKNOWN: Final = "unknown"
LEVELS: Final = ("0", "1", "2", "3", "4", UNKNOWN)
HARDEST: Final = 4
KEPT: Final = timedelta(days=90)
PAUSE: Final = (
    20  # minutes unshielded after which the player says so, unless the person chose others
)
MINUTE_US: Final = 60_000_000
MOST: Final = 1440  # minutes of a day
PICTURE_US: Final = 2_000_000  # what one still counts as: about as long as it is looked at
STRIP_US: Final = 10_000_000  # a filmstrip, or a picture that is an item by itself

Severe = tuple[
    Span | None, int
]  # where in an item something was said to be how severe; None: all of it


@dataclass(frozen=True, slots=True)
class Today:
    """What somebody wants on one day: nothing worse than ``at_most``, nothing of ``without``."""

    day: date
    at_most: int = HARDEST
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Own:
    """``days``: microseconds by level. ``budget``: minutes a day by severity. ``pause``: minutes, 0 never."""

    days: Mapping[date, Mapping[str, int]] = field(default_factory=dict)
    budget: Mapping[int, int] = field(default_factory=dict)
    pause: int = PAUSE
    today: Today | None = None

    def spent(self, day: date) -> dict[str, int]:
        known = self.days.get(day, {})
        return {level: known.get(level, 0) for level in LEVELS}

    def used_up(self, day: date) -> tuple[int, ...]:
        """The severities of which the day's budget is spent."""
        spent = self.spent(day)
        return tuple(
            level
            for level, minutes in sorted(self.budget.items())
            if spent[str(level)] >= minutes * MINUTE_US
        )

    def wish(self, day: date) -> Today:
        """What may be offered on that day: what the person said, and what the budget leaves."""
        said = self.today if self.today is not None and self.today.day == day else Today(day)
        least = min(self.used_up(day), default=HARDEST + 1)
        return replace(said, at_most=min(said.at_most, least - 1))


def added(own: Own, day: date, watched: Iterable[tuple[str, int]]) -> Own:
    """``watched``: level and microseconds each. Days older than ``KEPT`` go."""
    found = own.spent(day)
    for level, length in watched:
        found[level] += length
    kept = {one: said for one, said in own.days.items() if one > day - KEPT}
    return replace(own, days={**kept, day: found})


def weighed(view: View, item: int | None, said: Sequence[Severe]) -> list[tuple[str, int]]:
    """Level and microseconds of what was sent, by what was said of just these seconds.

    ``item``: how severe the item is at its worst. It counts for pictures of all of it, and where nothing that
    was said names a span. A severity that stands at a moment counts for as long as a picture.
    """
    if view.start_us is None or view.end_us is None:
        return [(level_of(item), STRIP_US)]
    spans = [
        (span.start_us, max(span.end_us, span.start_us + PICTURE_US), level)
        for span, level in said
        if span is not None
    ]
    if not spans:
        return [(level_of(item), view.length_us or PICTURE_US)]
    whole = [level for span, level in said if span is None]
    found = []
    for start, end in _pieces(view.start_us, view.end_us, spans):
        levels = [*whole, *(level for begin, until, level in spans if begin <= start < until)]
        found.append((level_of(max(levels, default=None)), end - start or PICTURE_US))
    return found


def _pieces(
    start: int, end: int, spans: Sequence[tuple[int, int, int]]
) -> Iterable[tuple[int, int]]:
    """A stretch, cut wherever a span begins or ends in it."""
    if end <= start:
        return [(start, start)]
    inside = {edge for one in spans for edge in one[:2] if start < edge < end}
    return itertools.pairwise(sorted({start, end, *inside}))


def without(notes: Collection[str]) -> tuple[str, ...]:
    """Those that are content notes, in their order."""
    return tuple(one for one in NOTES if one in notes)


def encode(own: Own) -> bytes:
    said: dict[str, Any] = {
        "schema": SCHEMA,
        "days": {day.isoformat(): dict(spent) for day, spent in own.days.items()},
        "budget": {str(level): minutes for level, minutes in own.budget.items()},
        "pause": own.pause,
        "today": None,
    }
    if own.today is not None:
        one = own.today
        said["today"] = [one.day.isoformat(), one.at_most, list(one.without)]
    return json.dumps(said, separators=(",", ":")).encode()


def decode(data: bytes) -> Own:
    """``ValueError`` or ``LookupError`` for what :func:`encode` did not write."""
    said: Any = json.loads(data)
    if said["schema"] != SCHEMA:
        raise ValueError("this is nobody's own part")
    today = None
    if said["today"] is not None:
        day, at_most, notes = said["today"]
        today = Today(date.fromisoformat(day), at_most, tuple(notes))
    return Own(
        {date.fromisoformat(day): spent for day, spent in said["days"].items()},
        {int(level): minutes for level, minutes in said["budget"].items()},
        said["pause"],
        today,
    )


def level_of(severity: int | None) -> str:
    return UNKNOWN if severity is None else str(severity)
