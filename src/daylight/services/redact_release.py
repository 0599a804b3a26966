"""Redacted copies leave on two people's signatures, over this item and this very plan."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from django.db import transaction

from daylight.catalogue.queries.items import ItemView
from daylight.catalogue.queries.redactions import plan_of
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.domain.redaction import Plan
from daylight.domain.redaction_json import digest
from daylight.errors import ApprovalRefused, PlanRefused
from daylight.ledger.leaf import Value
from daylight.services.approvals import Approved, Asked, ask, close
from daylight.services.personal_keys import Signer
from daylight.services.record import record
from daylight.services.redact import Report, check_decided, redact
from daylight.services.workspace import Workspace

RELEASED: Final = "redaction-released"


def standing_plan(principal: Principal, item: ItemView) -> Plan:
    """The plan that stands. ``PlanRefused`` where there is none."""
    found = plan_of(principal, item.digest)
    if found is None:
        raise PlanRefused("there is no plan of it yet; `daylight redact --auto` makes a draft")
    return found.plan


def ask_to_release(
    ws: Workspace,
    principal: Principal,
    item: ItemView,
    reason: str,
    first: Signer,
    passphrase: str,
) -> str:
    """Sign as the first of two that the copy by the standing plan goes out; the request's id.

    ``PlanUndecided`` while anything of the plan is open.
    """
    principal.require(Right.EXPORT)
    plan = standing_plan(principal, item)
    check_decided(principal, item, plan)
    asked = Asked(RELEASED, [item.digest], reason, about=digest(plan))
    return ask(ws, principal, asked, first, passphrase)


def release(
    ws: Workspace,
    principal: Principal,
    item: ItemView,
    approved: Approved,
    out: Path,
    progress: Progress,
) -> Report:
    """Render what two people have signed. ``ApprovalRefused`` where the plan is another by now."""
    said = approved.approval.statement
    if said.act != RELEASED or list(approved.digests) != [item.digest]:
        raise ApprovalRefused("the request is not about the release of this item")
    plan = standing_plan(principal, item)
    if digest(plan) != said.about:
        raise ApprovalRefused("the plan was changed after it was signed")
    check_decided(principal, item, plan)

    def enter(told: Mapping[str, Value]) -> int:
        details = {**told, **approved.approval.details()}
        with transaction.atomic():
            made = record(
                ws, principal.agent, "redaction-released", objects=[item.digest], details=details
            )
            close(approved, made.index, keep_salt=True)
        return made.index

    return redact(ws, principal, item, plan, out, progress, enter)
