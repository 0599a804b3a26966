"""The audit key of the log of views: its secret takes k of n cards, the vault holds it locked."""

import os
from typing import Any

from django.db import transaction

from daylight.crypto.boxes import new_pair
from daylight.crypto.locked import lock, unlock
from daylight.crypto.shares import combine, split
from daylight.domain.principal import Principal, Right
from daylight.domain.views import Setup
from daylight.errors import KeyWrong, SharesRefused, UsageError
from daylight.ledger.leaf import Value
from daylight.services import heads
from daylight.services.record import record
from daylight.services.workspace import Workspace
from daylight.storage import view_log
from daylight.storage.layout import Layout

SCHEMA = "views-setup/1"
KEY_BYTES = 32
LONGEST = 3650  # days


def set_up(
    ws: Workspace, principal: Principal, *, threshold: int, shares: int, days: int
) -> list[str]:
    """A new audit key; the words of each card, which are kept nowhere. Records that were made before
    open with the cards of their time.
    """
    principal.require(Right.MANAGE_KEYS)
    if not 1 <= days <= LONGEST:
        raise UsageError(f"records are kept for 1 to {LONGEST} days")
    key = os.urandom(KEY_BYTES)
    cards = split(key, threshold, shares)
    secret, public = new_pair()
    said = _document(ws.layout)
    locked = lock(secret.encode(), key.hex(), _bound(public))
    said["keys"].append({"public": public, **locked})
    said |= {"threshold": threshold, "shares": shares, "days": days}
    details: dict[str, Value] = {
        "public": public,
        "threshold": threshold,
        "shares": shares,
        "days": days,
    }
    with transaction.atomic():
        record(ws, principal.agent, "views-set-up", details=details)
        view_log.write_setup(ws.layout, said)
    heads.keep(ws)
    return cards


def setup_of(layout: Layout) -> Setup | None:
    """What is set up now; None before it is."""
    said = view_log.read_setup(layout)
    if said is None:
        return None
    try:
        values = int(said["threshold"]), int(said["shares"]), int(said["days"])
        return Setup(str(said["keys"][-1]["public"]), *values)
    except (LookupError, TypeError, ValueError):
        return None


def secrets_of(layout: Layout, cards: list[str]) -> list[str]:
    """The audit keys that these cards open. ``SharesRefused`` where they open none."""
    key = combine(cards)
    found = []
    for one in _document(layout)["keys"]:
        try:
            found.append(unlock(one, key.hex(), _bound(one["public"])).decode())
        except KeyWrong:  # the cards of another time
            continue
    if not found:
        raise SharesRefused("these cards are not those of this vault's log of views")
    return found


def _document(layout: Layout) -> dict[str, Any]:
    found = view_log.read_setup(layout)
    return found if found is not None else {"schema": SCHEMA, "keys": []}


def _bound(public: str) -> bytes:
    return SCHEMA.encode() + public.encode()
