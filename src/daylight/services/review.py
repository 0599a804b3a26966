"""Who looks at what: taking an item, giving it to somebody, ending it; so that few must see the worst."""

from dataclasses import dataclass
from typing import Final

from django.db import transaction

from daylight.catalogue.ledger_rows import lock_writers
from daylight.catalogue.models import Item, Standing, Task, User
from daylight.catalogue.queries.access import items_seen_by
from daylight.catalogue.queries.people import principal_of
from daylight.domain.principal import Principal, Right
from daylight.errors import TaskRefused, UsageError
from daylight.services import standing
from daylight.services.approvals import check_reason
from daylight.services.workspace import Workspace

SEVERE: Final = 3  # from here on, few people
FEW: Final = 2  # look at a severe item unless somebody asks, with a reason
ENDS: Final = ("reviewed", "handed-over", "dropped")


@dataclass(frozen=True, slots=True)
class Ended:
    """``severity``: as it stands now, to be asked for where nobody has said."""

    item: str
    how: str
    severity: int | None


def take(ws: Workspace, principal: Principal, item: str, reason: str = "") -> str:
    """Say that one looks at an item; the task's public id. ``reason``: where two have seen the worst.

    Raises ``KeyError`` for what is not seen, ``TaskRefused`` where that reason is missing.
    """
    principal.require(Right.MARK)
    return _open(ws, principal, principal, item, reason)


def give(ws: Workspace, principal: Principal, item: str, username: str, reason: str = "") -> str:
    """Ask somebody else to look. ``TaskRefused`` for who may not see it or may not say anything."""
    principal.require(Right.ASSIGN)
    _seen(principal, item)
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise UsageError(f"there is nobody called '{username}' here")
    other = principal_of(user)
    if not other.may(Right.MARK) or not other.may(Right.WATCH):
        raise TaskRefused(f"the role of '{username}' does not go through recordings")
    if not items_seen_by(other).filter(public_id=item).exists():
        raise TaskRefused(f"'{username}' is in no collection that holds it")
    return _open(ws, principal, other, item, reason)


def end(ws: Workspace, principal: Principal, item: str, how: str) -> Ended:
    """End one's own task: ``reviewed``, ``handed-over`` (somebody else shall go on), ``dropped``."""
    principal.require(Right.MARK)
    if how not in ENDS:
        raise UsageError(f"a task ends as one of {', '.join(ENDS)}")
    with transaction.atomic():
        lock_writers()
        row = _seen(principal, item)
        mine = Task.objects.filter(item=row, agent=principal.agent, ended="")
        if not mine.update(ended=how, ended_at=ws.clock()):
            raise TaskRefused("you have not taken this item")
        standing.refresh([row.pk])
        level = Standing.objects.filter(item=row).values_list("severity", flat=True).first()
    return Ended(item, how, level)


def _open(ws: Workspace, principal: Principal, who: Principal, item: str, reason: str) -> str:
    if reason:
        check_reason(reason)
    with transaction.atomic():
        lock_writers()
        row = _seen(principal, item)
        known = Task.objects.filter(item=row, agent=who.agent, ended="").first()
        if known is not None:
            return known.public_id
        _check_few(row, who, reason)
        made = Task.objects.create(
            item=row, agent=who.agent, given_by=principal.agent, at=ws.clock(), beside=reason
        )
    return made.public_id


def _seen(principal: Principal, item: str) -> Item:
    row = items_seen_by(principal).filter(public_id=item).first()
    if row is None:
        raise KeyError(item)
    return row


def _check_few(item: Item, who: Principal, reason: str) -> None:
    """At most two people go through what is severe, unless somebody says why a third must."""
    level = Standing.objects.filter(item=item).values_list("severity", flat=True).first()
    if level is None or level < SEVERE or reason:
        return
    others = Task.objects.filter(item=item, ended__in=("", "reviewed")).exclude(agent=who.agent)
    if others.values("agent").distinct().count() >= FEW:
        raise TaskRefused(f"{FEW} people go through this already, and it is hard to see")
