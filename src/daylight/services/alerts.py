"""Alerts: that somebody opens or exports unusually much, told to administrators and counsel.

Which items are opened is remembered in memory alone, for an hour, to tell different ones from the
same; a row has the number. What was exported stands in the ledger, so it is counted there.
"""

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from daylight.catalogue.cells import as_bytes
from daylight.catalogue.models import Alert, Entry
from daylight.catalogue.queries.policy import policy
from daylight.domain.clock import coarse
from daylight.domain.principal import Principal, Right
from daylight.services.workspace import Workspace

WINDOW = timedelta(hours=1)
OPENED, EXPORTED = "opened", "exported"
_KEPT = 100_000  # items remembered of one person; a threshold is never higher


@dataclass
class Vigil:
    """What each person opened clear within the last hour, in this process. Thread-safe."""

    _opened: dict[str, OrderedDict[str, datetime]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, who: str, what: str, now: datetime) -> int:
        """How many different ones it is within the hour, this one included."""
        with self._lock:
            mine = self._opened.setdefault(who, OrderedDict())
            mine.pop(what, None)
            mine[what] = now
            while mine and (len(mine) > _KEPT or next(iter(mine.values())) <= now - WINDOW):
                mine.popitem(last=False)
            return len(mine)


def opened(ws: Workspace, principal: Principal, vigil: Vigil, public_id: str) -> None:
    """Somebody lifted the shield of an item."""
    count = vigil.note(f"{ws.layout.vault_id}/{principal.agent}", public_id, ws.clock())
    _raise_above(ws, principal.agent, OPENED, count, policy().alert_opened)


def exported(ws: Workspace, agent: str) -> None:
    """Originals were given out because ``agent`` asked for it, and the entry is committed."""
    since = coarse(ws.clock() - WINDOW)
    count = 0
    rows = Entry.objects.order_by("-index").values_list("leaf", "details")
    for leaf, details in rows.iterator(200):
        said = json.loads(as_bytes(leaf) or b"{}")
        if said["at"] < since:
            break
        if said["action"] == "originals-exported":
            asked = json.loads(as_bytes(details) or b"{}").get("first_agent")
            count += int(said["count"]) if asked == agent else 0
    _raise_above(ws, agent, EXPORTED, count, policy().alert_exported)


def _raise_above(ws: Workspace, agent: str, kind: str, count: int, limit: int) -> None:
    """One alert for one rise: it grows while it is open and young."""
    if count <= limit:
        return
    now = ws.clock()
    with transaction.atomic():
        row = Alert.objects.filter(
            agent=agent, kind=kind, settled=None, last__gt=now - WINDOW
        ).first()
        if row is None:
            Alert.objects.create(agent=agent, kind=kind, count=count, began=now, last=now)
        else:
            row.count, row.last = max(row.count, count), now
            row.save(update_fields=["count", "last"])


def settle(ws: Workspace, principal: Principal, public_id: str) -> bool:
    """Say that somebody has looked into it; nobody settles an alert about themselves."""
    principal.require(Right.SEE_ALERTS)
    with transaction.atomic():
        open_ones = Alert.objects.filter(public_id=public_id, settled=None)
        done = open_ones.exclude(agent=principal.agent).update(
            settled=ws.clock(), settled_by=principal.agent
        )
    return bool(done)
