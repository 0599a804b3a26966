"""Acts that one person has signed and that wait for the second."""

from dataclasses import dataclass
from datetime import datetime

from daylight.catalogue.models import Request, RequestItem
from daylight.domain.digest import Digest
from daylight.ledger.approval import Statement, from_statement


@dataclass(frozen=True, slots=True)
class RequestView:
    """``first``: the agent who signed, ``first_name``: how that person is called here."""

    public_id: str
    statement: Statement
    digests: tuple[Digest, ...]
    first: str
    first_name: str
    expires: datetime
    withdrawn: bool
    entry: int | None


def open_requests(now: datetime) -> list[RequestView]:
    rows = Request.objects.filter(withdrawn=None, entry=None, expires__gt=now).order_by("pk")
    return [_view(row) for row in rows.select_related("first")]


def request(public_id: str) -> RequestView | None:
    """Open or not. ``ValueError`` where the catalogue's row holds no statement."""
    row = Request.objects.filter(public_id=public_id).select_related("first").first()
    return None if row is None else _view(row)


def _view(row: Request) -> RequestView:
    about = RequestItem.objects.filter(request=row).order_by("position")
    return RequestView(
        public_id=row.public_id,
        statement=from_statement(bytes(row.statement)),
        digests=tuple(Digest(bytes(one)) for one in about.values_list("item__sha256", flat=True)),
        first=row.first.agent,
        first_name=row.first.username,
        expires=row.expires,
        withdrawn=row.withdrawn is not None,
        entry=row.entry,
    )
