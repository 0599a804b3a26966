"""Plans of what is covered: each version kept, who made it, and a commitment to it in the ledger."""

from dataclasses import dataclass
from typing import Final

from django.db import transaction

from daylight.catalogue.ledger_rows import lock_writers
from daylight.catalogue.models import Item, RedactionPlan, RedactionVersion
from daylight.catalogue.queries.access import items_seen_by
from daylight.catalogue.queries.redactions import read, remember
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal, Right
from daylight.domain.redaction import Plan, check_follows
from daylight.domain.redaction_json import decode, digest_of_encoded, encode
from daylight.errors import MarkChanged, PlanRefused
from daylight.services.record import record
from daylight.services.workspace import Workspace

_ANY: Final = -1


@dataclass(frozen=True, slots=True)
class Saved:
    """``sha256``: of the plan; ``entry``: the ledger's that says so."""

    plan: str
    version: int
    sha256: str
    entry: int


def save(ws: Workspace, principal: Principal, plan: Plan, base: int = _ANY) -> Saved:
    """Keep a plan as the next version; nothing happens where it is the one that stands.

    ``base``: the version that whoever writes had before them, 0 for none; ``MarkChanged`` where another was
    written meanwhile. ``PlanRefused`` where its item is not seen, or a demand of others is gone.
    """
    principal.require(Right.REDACT)
    body = encode(plan)
    plan = decode(body)  # whoever made it: it is as a plan must be
    with transaction.atomic():
        lock_writers()
        item = items_seen_by(principal).filter(sha256=plan.item).first()
        if item is None:
            raise PlanRefused("the plan is about an item that is not here")
        row = RedactionPlan.objects.filter(item=item).first()
        if base not in (_ANY, 0 if row is None else row.version):
            raise MarkChanged("somebody else changed this plan while you worked")
        if row is not None:
            newest = row.versions.get(number=row.version)
            if newest.body.encode() == body:
                return Saved(row.public_id, row.version, digest_of_encoded(body), newest.entry)
            check_follows(read(newest.body), plan)
        saved = _keep(ws, principal, item, row, body)
    remember(body.decode(), plan)
    return saved


def _keep(
    ws: Workspace, principal: Principal, item: Item, row: RedactionPlan | None, body: bytes
) -> Saved:
    if row is None:
        row = RedactionPlan.objects.create(item=item, version=0, created=ws.clock())
    row.version += 1
    row.save(update_fields=["version"])
    sha256 = digest_of_encoded(body)
    entry = record(
        ws,
        principal.agent,
        "redaction-planned",
        objects=[Digest(bytes(item.sha256))],
        details={"plan": row.public_id, "version": row.version, "sha256": sha256},
    ).index
    RedactionVersion.objects.create(
        plan=row,
        number=row.version,
        body=body.decode(),
        agent=principal.agent,
        at=ws.clock(),
        entry=entry,
    )
    return Saved(row.public_id, row.version, sha256, entry)
