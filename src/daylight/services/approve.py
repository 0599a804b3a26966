"""The second of two signatures, and the act that it sets off at once."""

from dataclasses import dataclass

from daylight.domain.principal import Principal
from daylight.errors import ApprovalRefused
from daylight.services import hold, override, purge
from daylight.services.approvals import countersign
from daylight.services.export_approval import EXPORTED
from daylight.services.personal_keys import Signer
from daylight.services.purge import Report
from daylight.services.redact_release import RELEASED as REDACTED
from daylight.services.release import RELEASED
from daylight.services.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Done:
    """``act``: what was done. ``entry``: its index; ``purges``: what went, for a purge."""

    act: str
    entry: int
    purges: tuple[Report, ...] = ()


def approve(
    ws: Workspace, principal: Principal, request: str, second: Signer, passphrase: str
) -> Done:
    """Sign and do it. ``ApprovalRefused``, ``ItemHeld``, ``KeyWrong``, ``VaultBusy``: nothing done."""
    approved = countersign(ws, principal, request, second, passphrase)
    act = approved.approval.statement.act
    if act == hold.LIFTED:
        return Done(act, hold.carry_out(ws, approved))
    if act == purge.PURGED:
        reports = purge.carry_out(ws, approved)
        return Done(act, max(one.entry for one in reports), tuple(reports))
    if act == override.OVERRIDDEN:
        return Done(act, override.carry_out(ws, approved))
    if act == REDACTED:
        raise ApprovalRefused("it is signed where it goes out: `redact ITEM --release --request`")
    if act in (EXPORTED, RELEASED):
        raise ApprovalRefused("what goes out is signed there: `export … --request`")
    raise ApprovalRefused(f"this version cannot carry out '{act}'")
