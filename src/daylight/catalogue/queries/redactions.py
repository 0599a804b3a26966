"""Plans of what is covered, as people may see them."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from daylight.catalogue.models import RedactionPlan
from daylight.catalogue.queries.access import items_seen_by
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal
from daylight.domain.redaction import Plan
from daylight.domain.redaction_json import decode

_READ: Final = 4  # plans that are kept as they were read: large ones take a second
_LATELY: OrderedDict[str, Plan] = OrderedDict()
_LOCK: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    agent: str
    at: datetime
    entry: int


@dataclass(frozen=True, slots=True)
class PlanView:
    """``plan``: of the version that stands, the last of ``versions``."""

    public_id: str
    plan: Plan
    versions: tuple[Version, ...]

    @property
    def newest(self) -> Version:
        return self.versions[-1]


def plan_of(principal: Principal, item: Digest, number: int | None = None) -> PlanView | None:
    """The plan of an item, of the newest version or of ``number``; None where there is none to be seen."""
    found = RedactionPlan.objects.filter(item__in=items_seen_by(principal), item__sha256=item)
    row = found.first()
    if row is None:
        return None
    rows = row.versions.defer("body").order_by("number")
    versions = list(rows.filter(number__lte=number or row.version))
    if not versions or (number is not None and versions[-1].number != number):
        return None
    return PlanView(
        row.public_id,
        read(versions[-1].body),
        tuple(Version(one.number, one.agent, one.at, one.entry) for one in versions),
    )


def read(body: str) -> Plan:
    """The plan that a version holds. ``PlanRefused`` where it holds none."""
    with _LOCK:
        known = _LATELY.get(body)
    return known or remember(body, decode(body.encode()))


def remember(body: str, plan: Plan) -> Plan:
    """What was just written is asked for next."""
    with _LOCK:
        _LATELY[body] = plan
        _LATELY.move_to_end(body)
        while len(_LATELY) > _READ:
            _LATELY.popitem(last=False)
    return plan
