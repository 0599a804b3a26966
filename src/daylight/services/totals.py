"""Minutes unshielded of everybody together, week by week: told only where ten people or more are in them.

Sealed under the vault's key, with people as tags that nobody without it can make.
"""

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from daylight.catalogue.models import Totals
from daylight.crypto.sealed import seal, unseal
from daylight.domain.exposure import LEVELS
from daylight.domain.principal import Principal, Right
from daylight.errors import ReplicaDamaged
from daylight.services.workspace import Workspace

FEWEST: Final = 10  # people below whom nothing is told
KEPT: Final = 26  # weeks
SIZE: Final = 65536  # bytes to whose multiple it is padded
_NAME: Final = "totals/1"


@dataclass(frozen=True, slots=True)
class Week:
    """A week that is over (``2026-W48``): microseconds by level, of ``people``, who are ten or more."""

    week: str
    people: int
    spent: dict[str, int]


def add(ws: Workspace, agent: str, day: date, watched: Iterable[tuple[str, int]]) -> None:
    """The caller owns the transaction."""
    row = Totals.objects.first()
    weeks = {} if row is None else _opened(ws, bytes(row.sealed))
    name = week_of(day)
    week = weeks.setdefault(name, {"people": [], "spent": dict.fromkeys(LEVELS, 0)})
    tag = _tag(ws, name, agent)
    if tag not in week["people"]:
        week["people"] = sorted([*week["people"], tag])
    for level, length in watched:
        week["spent"][level] += length
    kept = {one: weeks[one] for one in sorted(weeks)[-KEPT:]}
    data = json.dumps(kept).encode()
    data += b" " * (-len(data) % SIZE)
    sealed = b"".join(seal([data], ws.keyring.storage_key, _NAME))
    Totals.objects.update_or_create(pk=row.pk if row else None, defaults={"sealed": sealed})


def told(ws: Workspace, principal: Principal, today: date) -> list[Week]:
    """The weeks that are over and have people enough, newest first."""
    principal.require(Right.MANAGE_USERS)
    row = Totals.objects.first()
    weeks = {} if row is None else _opened(ws, bytes(row.sealed))
    return [
        Week(name, len(one["people"]), one["spent"])
        for name, one in sorted(weeks.items(), reverse=True)
        if name < week_of(today) and len(one["people"]) >= FEWEST
    ]


def week_of(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def _opened(ws: Workspace, sealed: bytes) -> dict[str, Any]:
    """Nothing where the vault's keys were lost and replaced: it begins anew."""
    try:
        data = b"".join(unseal([sealed], ws.keyring.storage_key, _NAME))
    except ReplicaDamaged:
        return {}
    said: dict[str, Any] = json.loads(data)
    return said


def _tag(ws: Workspace, week: str, agent: str) -> str:
    said = f"{week}\0{agent}".encode()
    return hmac.digest(ws.keyring.storage_key, said, "sha256")[:8].hex()
