"""What a person keeps for themselves: minutes unshielded by severity, a budget, what they want today.

Nothing of it is anybody else's. Times are microseconds; days are UTC.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from daylight.domain.marks import NOTES

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
