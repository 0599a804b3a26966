"""Legal hold: one places it, two lift it, and until then nobody purges what is under it."""

from collections.abc import Sequence

from django.db import transaction

from daylight.catalogue.ledger_rows import lock_writers
from daylight.catalogue.models import Hold, Item
from daylight.catalogue.queries.holds import held_among
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal, Right
from daylight.errors import ItemHeld, UsageError
from daylight.services import approvals, heads
from daylight.services.approvals import Approved, Asked, check_reason
from daylight.services.personal_keys import Signer
from daylight.services.record import record
from daylight.services.workspace import Workspace

LIFTED = "hold-lifted"


def place(ws: Workspace, principal: Principal, digests: Sequence[Digest], reason: str) -> int:
    """Put items under hold; the entry's index. ``UsageError`` for one that is held already."""
    principal.require(Right.HOLD)
    check_reason(reason)
    with transaction.atomic():
        lock_writers()  # a purge of the same items comes before or after, never between
        rows = list(Item.objects.filter(sha256__in=list(digests)).values_list("pk", flat=True))
        if len(rows) < len(digests):
            raise UsageError("no item has one of these names any more")
        if held_among(digests):
            raise UsageError(f"item {held_among(digests)[0].hex()} is under hold already")
        details = {"reason": reason}
        entry = record(ws, principal.agent, "held", objects=digests, details=details).index
        now = ws.clock()
        Hold.objects.bulk_create(
            Hold(item_id=key, reason=reason, entry=entry, created=now) for key in rows
        )
    heads.keep(ws)
    return entry


def ask_to_lift(
    ws: Workspace,
    principal: Principal,
    digests: Sequence[Digest],
    reason: str,
    first: Signer,
    passphrase: str,
) -> str:
    """The first of two signatures; the request's id."""
    _check_held(digests)
    return approvals.ask(ws, principal, Asked(LIFTED, digests, reason), first, passphrase)


def carry_out(ws: Workspace, approved: Approved) -> int:
    """Lift the holds that two people signed; the entry's index."""
    with transaction.atomic():
        lock_writers()
        _check_held(approved.digests)
        agent, details = approved.approval.second.agent, approved.approval.details()
        entry = record(ws, agent, "hold-lifted", objects=approved.digests, details=details).index
        held = Hold.objects.filter(item__sha256__in=list(approved.digests), lifted=None)
        held.update(lifted=entry)
        approvals.close(approved, entry, keep_salt=True)
    heads.keep(ws)
    return entry


def require_none(digests: Sequence[Digest]) -> None:
    """``ItemHeld`` if one of them is under hold."""
    held = held_among(digests)
    if held:
        raise ItemHeld(f"item {held[0].hex()} is under legal hold")


def _check_held(digests: Sequence[Digest]) -> None:
    held = held_among(digests)
    free = [one for one in digests if one not in held]
    if free:
        raise UsageError(f"item {free[0].hex()} is under no hold")
