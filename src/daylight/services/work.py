"""What is done by the clock: a list of jobs, each of which says when it is due next.

A job finds out from the catalogue what is due; nothing is kept between two rounds, so that a kill
at any moment costs nothing. To add one: a :class:`Job` in :func:`jobs_of`.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connections
from django.db.models import Max

from daylight.catalogue.models import Authority, Seal
from daylight.domain.principal import Principal
from daylight.errors import DaylightError, UsageError, VaultBusy
from daylight.services import seal, view_days
from daylight.services.transport import Transport
from daylight.services.workspace import Workspace

EVERY = 24  # hours
AGAIN = timedelta(minutes=1)  # after another process held what a job needs


@dataclass(frozen=True, slots=True)
class Done:
    """``report``: what a document says of it. ``error``: the first that is to be told, if any."""

    job: str
    report: Mapping[str, object]
    error: DaylightError | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """``due``: when it wants to run next, which may be past; None for not at all as things stand."""

    name: str
    due: Callable[[], datetime | None]
    run: Callable[[], Done]


def jobs_of(
    ws: Workspace, principal: Principal, transport: Transport, every: int = EVERY
) -> tuple[Job, ...]:
    """``every``: hours, a divisor of 24, so that the times of day are the same each day."""
    if not 1 <= every <= 24 or 24 % every:
        raise UsageError("--every takes 1, 2, 3, 4, 6, 8, 12 or 24 hours")
    return (
        Job(
            "seal",
            lambda: _seal_due(ws, every),
            lambda: _seal(ws, principal, transport, every),
        ),
        Job("views", lambda: view_days.next_destruction(ws), lambda: _destroy(ws)),
    )


def run_due(ws: Workspace, jobs: Sequence[Job]) -> list[Done]:
    """Run what is due now. Whatever another process holds is left for the next round."""
    done = []
    for job in jobs:
        due = job.due()
        if due is None or due > ws.clock():
            continue
        try:
            done.append(job.run())
        except VaultBusy as error:
            done.append(Done(job.name, {}, error))
    return done


def next_due(ws: Workspace, jobs: Sequence[Job]) -> datetime | None:
    """When the next job is due, not before a minute from now for one that is overdue."""
    due = [one for one in (job.due() for job in jobs) if one is not None]
    return max(min(due), ws.clock() + AGAIN) if due else None


def rest() -> None:
    """Between two rounds no connection is kept: a database server would close it meanwhile."""
    connections.close_all()


def slot(ws: Workspace, every: int) -> datetime:
    """The last of the fixed times of day. Which these are is drawn from the vault's id.

    Were they the same for all vaults, a request at that minute would name Daylight.
    """
    now, period = ws.clock().replace(second=0, microsecond=0), every * 60
    drawn = hashlib.sha256(f"daylight work {ws.layout.vault_id}".encode()).digest()
    offset = int.from_bytes(drawn[:8], "big") % period
    return now - timedelta(minutes=(now.hour * 60 + now.minute - offset) % period)


def _destroy(ws: Workspace) -> Done:
    """Records of who watched what go when their time is over, whether or not anybody serves."""
    return Done("views", {"days": len(view_days.destroy_old(ws))})


def _behind(ws: Workspace, every: int) -> list[str]:
    """The authorities from which nothing was wanted since the last fixed time."""
    last = slot(ws, every)
    rows = Authority.objects.filter(removed=None).annotate(asked=Max("seals__wanted"))
    return [row.name for row in rows if row.asked is None or row.asked < last]


def _seal_due(ws: Workspace, every: int) -> datetime | None:
    if not Authority.objects.filter(removed=None).exists():
        return None
    if _behind(ws, every):
        return slot(ws, every)
    retry = Seal.objects.filter(token=None).order_by("next_try").first()
    following = slot(ws, every) + timedelta(hours=every)
    return following if retry is None else min(following, retry.next_try)


def _seal(ws: Workspace, principal: Principal, transport: Transport, every: int) -> Done:
    behind = _behind(ws, every)
    if behind:
        seal.want(ws, principal, behind)
    outcomes = seal.make(ws, principal, transport, only_due=True)
    errors = [one.error for one in outcomes if one.error is not None]
    report = {"seals": [seal.document(one) for one in outcomes]}
    return Done("seal", report, errors[0] if errors else None)
