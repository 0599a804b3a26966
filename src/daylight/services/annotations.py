"""Giving marks out as annotations: who wrote them is a number, not a name."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from daylight.catalogue.ledger_rows import lock_writers
from daylight.catalogue.queries.marks import MarkView, all_marks
from daylight.domain.principal import Principal, Right
from daylight.errors import UsageError
from daylight.exports.annotations import Annotated, write
from daylight.exports.base import Sink
from daylight.ledger.leaf import Value
from daylight.services import heads
from daylight.services.export import chosen
from daylight.services.record import record
from daylight.services.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Report:
    """``entry``: in the ledger."""

    marks: int
    items: int
    entry: int


def export_annotations(
    ws: Workspace, principal: Principal, names: Sequence[str], sink: Sink
) -> Report:
    """The marks that stand, of these items or of all that are seen. Withdrawn ones stay here."""
    principal.require(Right.EXPORT)
    items = [one.digest for one in chosen(principal, names)]
    marks = annotated(all_marks(principal, items))
    if not marks:
        raise UsageError("nothing stands that could be exported")
    held = sorted({one.item for one in marks})
    with sink:
        write(sink, marks, ws.clock())
        sink.seal()
        details: dict[str, Value] = {"marks": len(marks)}
        with transaction.atomic():
            lock_writers()
            entry = record(
                ws, principal.agent, "annotations-exported", objects=held, details=details
            ).index
        sink.publish()
    heads.keep(ws)
    return Report(len(marks), len(held), entry)


def annotated(marks: Sequence[MarkView]) -> list[Annotated]:
    """People are numbered as they appear, so that two exports cannot be joined by them."""
    numbers: dict[str, int] = {}

    def number(agent: str) -> int:
        return numbers.setdefault(agent, len(numbers) + 1)

    return [
        Annotated(
            mark=one.public_id,
            item=one.item_digest,
            kind=one.kind,
            version=one.newest.number,
            said=one.said,
            agent=number(one.versions[0].agent),
            created=one.versions[0].at,
            modified=one.newest.at,
            confirmed_by=tuple(number(agent) for agent in one.newest.confirmed_by),
        )
        for one in marks
    ]
