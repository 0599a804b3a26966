"""Originals leave the vault on two people's signatures: asked for by one, carried out by another."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from daylight.domain.principal import Principal, Right
from daylight.errors import ApprovalRefused
from daylight.ledger.leaf import Value
from daylight.services.alerts import exported
from daylight.services.approvals import Approved, Asked, ask, close
from daylight.services.export import chosen
from daylight.services.personal_keys import Signer
from daylight.services.record import record
from daylight.services.workspace import Workspace

EXPORTED = "originals-exported"


def ask_to_export(
    ws: Workspace,
    principal: Principal,
    names: Sequence[str],
    reason: str,
    first: Signer,
    passphrase: str,
) -> str:
    """Sign as the first of two that these items go out; the request's id. As ``approvals.ask``."""
    principal.require(Right.EXPORT)
    digests = [view.digest for view in chosen(principal, names)]
    return ask(ws, principal, Asked(EXPORTED, digests, reason), first, passphrase)


def names_in(approved: Approved, names: Sequence[str], principal: Principal) -> list[str]:
    """The items that two people have signed for; ``ApprovalRefused`` where others are named."""
    if approved.approval.statement.act != EXPORTED:
        raise ApprovalRefused("the request is not about an export")
    if names and [view.digest for view in chosen(principal, names)] != list(approved.digests):
        raise ApprovalRefused("the request is about other items than those named")
    return [digest.hex() for digest in approved.digests]


def record_export(
    ws: Workspace, principal: Principal, approved: Approved, said: Mapping[str, Value]
) -> int:
    """The entry with both signatures, and the request closed, at once; the entry's index.

    Before the export gets its name: rather an entry without its export than the other way round.
    """
    details = {**said, **approved.approval.details()}
    with transaction.atomic():
        made = record(
            ws, principal.agent, "originals-exported", objects=approved.digests, details=details
        )
        close(approved, made.index, keep_salt=True)
    exported(ws, str(details["first_agent"]))
    return made.index
