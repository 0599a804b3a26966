"""The days of the log of views: their digests go into the ledger, and after a time they are destroyed."""

from datetime import date, datetime, timedelta

from django.db import transaction

from daylight.catalogue.models import ViewSeal
from daylight.catalogue.queries.vault import agents
from daylight.domain.views import RETENTION, day_of
from daylight.ledger.leaf import Value
from daylight.services import heads
from daylight.services.record import record
from daylight.services.view_setup import setup_of
from daylight.services.workspace import Workspace
from daylight.storage import view_log
from daylight.storage.layout import Layout


def commit(ws: Workspace) -> int:
    """Enter a digest of every day that has grown since its last; how many there were.

    By the software, so that an entry does not tell whose session ended.
    """
    kept = dict(ViewSeal.objects.values_list("day", "batches"))
    made = 0
    for day in view_log.days(ws.layout):
        batches, digest = view_log.chain(ws.layout, day)
        if batches <= kept.get(day, 0):
            continue
        said: dict[str, Value] = {
            "day": day.isoformat(),
            "batches": batches,
            "digest": digest.hex(),
        }
        with transaction.atomic():
            entry = record(ws, agents().software, "views-sealed", details=said).index
            values = {"batches": batches, "entry": entry}
            ViewSeal.objects.update_or_create(day=day, defaults=values)
        made += 1
    if made:
        heads.keep(ws)
    return made


def destroy_old(ws: Workspace) -> list[date]:
    """Destroy what is older than the vault keeps it. The entry comes first: cut short, it is done again."""
    old = [day for day in view_log.days(ws.layout) if day < _oldest(ws.layout, ws.clock())]
    if not old:
        return []
    with transaction.atomic():
        details: dict[str, Value] = {"until": old[-1].isoformat(), "days": len(old)}
        record(ws, agents().software, "views-destroyed", details=details)
        ViewSeal.objects.filter(day__in=old).delete()
    heads.keep(ws)
    for day in old:
        view_log.destroy(ws.layout, day)
    return old


def next_destruction(ws: Workspace) -> datetime | None:
    """When the oldest day is to go; None where there is none."""
    days = view_log.days(ws.layout)
    if not days:
        return None
    last = days[0] + timedelta(days=_kept(ws.layout) + 1)
    return ws.clock().replace(
        year=last.year, month=last.month, day=last.day, hour=0, minute=0, second=0, microsecond=0
    )


def _oldest(layout: Layout, now: datetime) -> date:
    return day_of(now) - timedelta(days=_kept(layout))


def _kept(layout: Layout) -> int:
    found = setup_of(layout)
    return RETENTION if found is None else found.days
