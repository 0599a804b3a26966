"""Who was sent what of which item: what a record of views says, and how it is written."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

SCHEMA: Final = "views/1"
PICTURES: Final = "pictures"  # filmstrip or still
SHIELDED: Final = "shielded"
RETENTION: Final = 90  # days


@dataclass(frozen=True, slots=True)
class View:
    """What was sent. ``item``: its random public id, never a digest; ``how``: the mode of the player,
    or ``pictures-shielded`` and its like. Microseconds from the item's beginning, None for all of it.

    ``at``, ``until``: Unix seconds of the first and the last request that this stands for.
    """

    agent: str
    item: str
    how: str
    start_us: int | None
    end_us: int | None
    at: int
    until: int

    @property
    def is_shielded(self) -> bool:
        return self.how in {SHIELDED, f"{PICTURES}-{SHIELDED}"}

    @property
    def length_us(self) -> int:
        if self.start_us is None or self.end_us is None:
            return 0
        return max(0, self.end_us - self.start_us)


@dataclass(frozen=True, slots=True)
class Setup:
    """``public``: the audit key, whose secret takes ``threshold`` of ``shares`` cards; ``days`` are kept."""

    public: str
    threshold: int
    shares: int
    days: int


def joined(views: Iterable[View]) -> list[View]:
    """In their order; what goes on where the one before ended, in the same way, becomes one."""
    found: list[View] = []
    for one in views:
        last = found[-1] if found else None
        if last is not None and _goes_on(last, one):
            found[-1] = replace(last, end_us=one.end_us, until=one.until)
        else:
            found.append(one)
    return found


def _goes_on(last: View, one: View) -> bool:
    same = (last.agent, last.item, last.how) == (one.agent, one.item, one.how)
    return same and last.end_us == one.start_us


def encode(agent: str, views: Iterable[View]) -> bytes:
    """One record, of one person, as JSON."""
    rows = [[v.item, v.how, v.start_us, v.end_us, v.at, v.until] for v in views]
    said = {"schema": SCHEMA, "agent": agent, "views": rows}
    return json.dumps(said, separators=(",", ":")).encode()


def decode(data: bytes) -> list[View]:
    """``ValueError`` for what is no record."""
    said: Any = json.loads(data)
    if not isinstance(said, dict) or said.get("schema") != SCHEMA:
        raise ValueError("this is no record of views")
    return [View(str(said["agent"]), *row) for row in said["views"]]


def day_of(moment: datetime) -> date:
    """Records lie in files of a day, in UTC."""
    return moment.date()
