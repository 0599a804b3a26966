"""Sittings: what a person has open. Ending a row ends the session, with its next request at the latest.

Django's own session says who somebody is; a sitting says that they still may be here. Nothing is
entered in the ledger: when somebody worked is nobody's business later.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from daylight.catalogue.models import Sitting, User
from daylight.catalogue.queries.policy import policy
from daylight.services.workspace import Workspace

COARSE = timedelta(minutes=1)  # how exactly is kept when somebody was last here
_BROWSER = 40


@dataclass(frozen=True, slots=True)
class SittingView:
    public_id: str
    began: datetime
    seen: datetime
    browser: str


def begin(ws: Workspace, user: User, browser: str) -> str:
    """Open a sitting for whoever signed in just now; its id goes into the session."""
    now = ws.clock()
    row = Sitting.objects.create(user=user, began=now, seen=now, browser=browser[:_BROWSER])
    return row.public_id


def goes_on(ws: Workspace, user: User, public_id: str) -> bool:
    """Whether it is neither ended nor idle nor too old; notes that somebody is here."""
    row = Sitting.objects.filter(user=user, public_id=public_id).first()
    if row is None:
        return False
    now, rules = ws.clock(), policy()
    idle = now - row.seen >= timedelta(minutes=rules.idle_minutes)
    if idle or now - row.began >= timedelta(hours=rules.lifetime_hours):
        row.delete()
        return False
    if now - row.seen >= COARSE:
        Sitting.objects.filter(pk=row.pk).update(seen=now)
    return True


def stands(public_id: str) -> bool:
    """Whether it was not ended meanwhile: asked again before footage goes out that took long to make."""
    return Sitting.objects.filter(public_id=public_id, user__is_active=True).exists()


def open_of(ws: Workspace, user: User) -> list[SittingView]:
    """The newest first; what is over by the clock is not shown."""
    rules, now = policy(), ws.clock()
    rows = Sitting.objects.filter(
        user=user,
        seen__gt=now - timedelta(minutes=rules.idle_minutes),
        began__gt=now - timedelta(hours=rules.lifetime_hours),
    ).order_by("-began", "-pk")
    return [SittingView(row.public_id, row.began, row.seen, row.browser) for row in rows]


def end(user: User, public_id: str) -> None:
    """End one of a person's own; another's stays."""
    Sitting.objects.filter(user=user, public_id=public_id).delete()


def leave(public_id: str) -> None:
    """End the one of the session at hand: somebody comes in anew, perhaps somebody else."""
    Sitting.objects.filter(public_id=public_id).delete()


def end_others(user: User, public_id: str) -> None:
    Sitting.objects.filter(user=user).exclude(public_id=public_id).delete()


def forget_old(ws: Workspace) -> None:
    """Drop what is over by the clock: the rows say when somebody worked."""
    rules, now = policy(), ws.clock()
    with transaction.atomic():
        Sitting.objects.filter(seen__lte=now - timedelta(minutes=rules.idle_minutes)).delete()
        Sitting.objects.filter(began__lte=now - timedelta(hours=rules.lifetime_hours)).delete()
