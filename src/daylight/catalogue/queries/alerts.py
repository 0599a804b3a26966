"""Who opened or exported unusually many items."""

from dataclasses import dataclass
from datetime import datetime

from daylight.catalogue.models import Alert
from daylight.catalogue.queries.people import names_of
from daylight.domain.principal import Principal, Right

SHOWN = 200


@dataclass(frozen=True, slots=True)
class AlertView:
    """``name``: empty where it was no user, so the custodian. ``own``: about whoever asks."""

    public_id: str
    name: str
    kind: str
    count: int
    began: datetime
    last: datetime
    settled: datetime | None
    settled_by: str
    own: bool


def alerts(principal: Principal) -> list[AlertView]:
    """The open ones first, then the newest."""
    principal.require(Right.SEE_ALERTS)
    rows = list(Alert.objects.order_by("-last", "-pk")[:SHOWN])
    names = names_of({row.agent for row in rows} | {row.settled_by for row in rows})
    views = [
        AlertView(
            public_id=row.public_id,
            name=names.get(row.agent, ""),
            kind=row.kind,
            count=row.count,
            began=row.began,
            last=row.last,
            settled=row.settled,
            settled_by=names.get(row.settled_by, ""),
            own=row.agent == principal.agent,
        )
        for row in rows
    ]
    return sorted(views, key=lambda one: one.settled is not None)


def open_alerts() -> int:
    return Alert.objects.filter(settled=None).count()
