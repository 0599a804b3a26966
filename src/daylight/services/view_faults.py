"""Whether the log of views is what the ledger has a digest of."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from daylight.catalogue.ledger_rows import entries_at, indices_of
from daylight.domain.fault import Fault
from daylight.domain.views import RETENTION, day_of
from daylight.services.view_setup import setup_of
from daylight.services.workspace import Workspace
from daylight.storage import view_log

_ACTIONS = ("views-set-up", "views-sealed", "views-destroyed")


def view_faults(ws: Workspace) -> Iterator[Fault]:
    """``views-missing``, ``views-changed``, ``views-setup-changed``."""
    setup: dict[str, Any] = {}
    kept: dict[date, dict[str, Any]] = {}
    for action, said, day in _told():
        if action == "views-set-up":
            setup = said
        elif action == "views-sealed" and day is not None:
            kept[day] = said
        elif day is not None:
            kept = {one: digest for one, digest in kept.items() if one > day}
    yield from _setup(ws, setup)
    oldest = day_of(ws.clock()) - timedelta(days=setup.get("days", RETENTION))
    for day, said in sorted(kept.items()):
        if day >= oldest:
            yield from _day(ws, day, said)


def _told() -> Iterator[tuple[str, dict[str, Any], date | None]]:
    """Action, details, and the day that they are about. What cannot be read the re-check tells of."""
    for entry in entries_at(indices_of(_ACTIONS)):
        try:
            said = json.loads(entry.details or b"")
            named = said.get("day", said.get("until"))
            yield entry.action, said, None if named is None else date.fromisoformat(named)
        except (ValueError, TypeError, AttributeError):
            continue


def _setup(ws: Workspace, said: dict[str, Any]) -> Iterator[Fault]:
    found = setup_of(ws.layout)
    there = {}
    if found is not None:
        there = {
            "public": found.public,
            "threshold": found.threshold,
            "shares": found.shares,
            "days": found.days,
        }
    if there != said:
        detail = "the audit key or the time of keeping is not the one that was entered"
        yield Fault("views-setup-changed", f"views/{view_log.SETUP}", detail)


def _day(ws: Workspace, day: date, said: dict[str, Any]) -> Iterator[Fault]:
    where = f"views/{day.isoformat()}.log"
    batches = said.get("batches", 0)
    count, digest = view_log.chain(ws.layout, day, batches)
    if count < batches:
        yield Fault("views-missing", where, f"{batches - count} of {batches} records are gone")
    elif digest.hex() != said.get("digest"):
        yield Fault("views-changed", where, "its records are not those that were written")
