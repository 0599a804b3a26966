"""Reading the log of views: with the cards of the audit key, or one's own."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import transaction

from daylight.catalogue.models import Item
from daylight.catalogue.queries.people import names_of
from daylight.crypto.boxes import unseal
from daylight.domain.principal import Principal, Right
from daylight.domain.views import View, decode
from daylight.services import heads
from daylight.services.record import record
from daylight.services.view_setup import secrets_of
from daylight.services.workspace import Workspace
from daylight.storage import view_log
from daylight.storage.layout import Layout

TRIED: Final = 2000  # records of a day: a second or so


@dataclass(frozen=True, slots=True)
class Told:
    """``item``: SHA-256 in hexadecimal; empty for what is not in the catalogue any more."""

    view: View
    user: str
    item: str


@dataclass(frozen=True, slots=True)
class Audit:
    """``closed``: records that these cards do not open."""

    told: tuple[Told, ...]
    closed: int


def audit(ws: Workspace, principal: Principal, cards: Sequence[str]) -> Audit:
    """Everything that these cards open, oldest first. The ledger says that it was looked at."""
    principal.require(Right.MANAGE_KEYS)
    secrets = secrets_of(ws.layout, list(cards))
    views: list[View] = []
    closed = 0
    for day in view_log.days(ws.layout):
        for box in view_log.boxes(ws.layout, day):
            said = unseal(box, secrets)
            if said is None:
                closed += 1
            else:
                views += decode(said)
    with transaction.atomic():
        record(ws, principal.agent, "views-audited", details={"views": len(views)})
    heads.keep(ws)
    return Audit(tuple(_told(views)), closed)


def mine(layout: Layout, secret: str, day: date) -> tuple[View, ...]:
    """What a person was sent on one day, by their own key, oldest first.

    Records do not say whose they are, so each must be tried: of the last ``TRIED`` alone.
    """
    last = deque(view_log.boxes(layout, day), TRIED)
    found = (unseal(box, [secret]) for box in last)
    return tuple(view for said in found if said is not None for view in decode(said))


def items_of(views: Sequence[View]) -> dict[str, str]:
    """Public id to SHA-256 of those that are still there."""
    rows = Item.objects.filter(public_id__in={one.item for one in views})
    return {name: bytes(digest).hex() for name, digest in rows.values_list("public_id", "sha256")}


def _told(views: Sequence[View]) -> Iterator[Told]:
    items, names = items_of(views), names_of(one.agent for one in views)
    for one in sorted(views, key=lambda view: view.at):
        yield Told(one, names.get(one.agent, ""), items.get(one.item, ""))
