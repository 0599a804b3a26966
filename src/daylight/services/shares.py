"""The key of replicas in k of n shares, for people who can bring a vault back together."""

from django.db import transaction

from daylight.crypto.shares import split
from daylight.domain.principal import Principal, Right
from daylight.services import heads
from daylight.services.record import record
from daylight.services.workspace import Workspace


def make(ws: Workspace, principal: Principal, *, threshold: int, count: int) -> list[str]:
    """The words of each share. They are kept nowhere; the ledger says that they were made."""
    principal.require(Right.PRESERVE)
    cards = split(ws.keyring.storage_key, threshold, count)
    with transaction.atomic():
        details = {"threshold": threshold, "shares": count}
        record(ws, principal.agent, "shares-made", details=details)
    heads.keep(ws)
    return cards
