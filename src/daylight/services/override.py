"""Overriding a gate: what a rule holds back goes on, for certain items, on two people's signatures.

A gate is a rule that refuses to go on (a release with an undecided second of sound). It has a code;
whoever keeps the gate asks :func:`overrides` before it refuses.
"""

import json
import re
from collections.abc import Sequence

from django.db import transaction

from daylight.catalogue.ledger_rows import entries_at
from daylight.catalogue.models import Opening
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal
from daylight.errors import ApprovalRefused, UsageError
from daylight.services import approvals, heads
from daylight.services.approvals import Approved, Asked
from daylight.services.personal_keys import Signer
from daylight.services.record import record
from daylight.services.workspace import Workspace

OVERRIDDEN = "gate-overridden"
_GATE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_LONGEST = 40  # characters of a gate's code


def ask_to_override(
    ws: Workspace,
    principal: Principal,
    gate: str,
    digests: Sequence[Digest],
    reason: str,
    first: Signer,
    passphrase: str,
) -> str:
    """Sign as the first of two that ``gate`` lets these items pass; the request's id."""
    if not _GATE.fullmatch(gate) or len(gate) > _LONGEST:
        raise UsageError("a gate is named by its code")
    if not digests:
        raise UsageError("a gate is overridden for items, one at least")
    asked = Asked(OVERRIDDEN, digests, reason, about=gate)
    return approvals.ask(ws, principal, asked, first, passphrase)


def carry_out(ws: Workspace, approved: Approved) -> int:
    """Enter what two people signed; the entry's index. From then on the gate lets the items pass."""
    statement = approved.approval.statement
    if statement.act != OVERRIDDEN:
        raise ApprovalRefused("the request is not about a gate")
    agent, details = approved.approval.second.agent, approved.approval.details()
    with transaction.atomic():
        entry = record(
            ws, agent, "gate-overridden", objects=approved.digests, details=details
        ).index
        approvals.close(approved, entry, keep_salt=True)
    heads.keep(ws)
    return entry


def overrides(gate: str, digest: Digest) -> list[int]:
    """Entries by which two people let this item pass this gate, in order.

    Whether their signatures hold, ``ledger check`` and ``verify`` tell.
    """
    about = set(Opening.objects.filter(item__sha256=digest).values_list("entry", flat=True))
    made = (one for one in entries_at(about) if one.action == OVERRIDDEN)
    return [one.index for one in made if json.loads(one.details or b"{}").get("about") == gate]
