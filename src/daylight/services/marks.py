"""Saying what one saw: marks, descriptions, severity; changed, confirmed, talked about, withdrawn.

Every version stays. The ledger holds a commitment to each, so that it can be shown later that these
words were written then, and the words themselves stay in the catalogue.
"""

from dataclasses import dataclass

from django.db import transaction

from daylight.catalogue.ledger_rows import lock_writers
from daylight.catalogue.models import Comment, Confirmation, Mark, MarkVersion, Urgent
from daylight.catalogue.queries.access import items_seen_by
from daylight.catalogue.queries.marks import said_in
from daylight.domain.custody import is_text
from daylight.domain.digest import Digest
from daylight.domain.marks import Kind, Said, check, digest, region_json
from daylight.domain.principal import Principal, Right
from daylight.errors import MarkChanged, MarkRefused, UsageError
from daylight.ledger.leaf import Value
from daylight.services import indexing, standing
from daylight.services.record import record
from daylight.services.workspace import Workspace

MAX_COMMENT = 5000  # characters


@dataclass(frozen=True, slots=True)
class Written:
    """``entry``: in the ledger."""

    mark: str
    version: int
    entry: int


def make(ws: Workspace, principal: Principal, item: str, kind: Kind, said: Said) -> Written:
    """A new mark on an item (public id). ``KeyError`` for one that is not seen; ``UsageError``."""
    principal.require(Right.MARK)
    said = check(kind, said)
    with transaction.atomic():
        lock_writers()
        row = items_seen_by(principal).filter(public_id=item).first()
        if row is None:
            raise KeyError(item)
        mark = Mark.objects.create(item=row, kind=kind.value, created=ws.clock())
        told = _told(mark, said)
        entry = record(ws, principal.agent, "mark-made", objects=_held(mark), details=told).index
        return _keep(ws, mark, said, entry, principal)


def change(ws: Workspace, principal: Principal, public_id: str, base: int, said: Said) -> Written:
    """Another version, written by somebody who had version ``base`` before them.

    Raises ``MarkChanged`` where another person wrote one in between: nothing is lost by either.
    """
    principal.require(Right.MARK)
    with transaction.atomic():
        lock_writers()
        mark = _standing(principal, public_id)
        said = check(Kind(mark.kind), said)
        if mark.version != base:
            raise MarkChanged("somebody else changed this mark while you wrote")
        mark.version = base + 1
        mark.save(update_fields=["version"])
        told = _told(mark, said)
        entry = record(ws, principal.agent, "mark-changed", objects=_held(mark), details=told).index
        return _keep(ws, mark, said, entry, principal)


def withdraw(ws: Workspace, principal: Principal, public_id: str, reason: str) -> int:
    """It stands no longer; its versions are kept, with the reason in its thread. The entry's index."""
    principal.require(Right.MARK)
    words = _comment_words(reason)
    with transaction.atomic():
        lock_writers()
        mark = _standing(principal, public_id)
        mark.withdrawn = principal.agent
        mark.save(update_fields=["withdrawn"])
        Comment.objects.create(mark=mark, agent=principal.agent, at=ws.clock(), words=words)
        indexing.drop(mark.kind, mark.public_id)
        standing.refresh([mark.item_id])
        told: dict[str, Value] = {"mark": mark.public_id, "version": mark.version}
        return record(
            ws, principal.agent, "mark-withdrawn", objects=_held(mark), details=told
        ).index


def confirm(ws: Workspace, principal: Principal, public_id: str, version: int) -> int:
    """A second person saw the same. ``MarkRefused`` of one's own words; ``MarkChanged``."""
    principal.require(Right.MARK)
    with transaction.atomic():
        lock_writers()
        mark = _standing(principal, public_id)
        if mark.version != version:
            raise MarkChanged("somebody changed this mark while you read it")
        row = mark.versions.get(number=version)
        if mark.versions.filter(agent=principal.agent).exists():
            raise MarkRefused("whoever wrote a mark cannot confirm it")
        if row.confirmations.filter(agent=principal.agent).exists():
            raise MarkRefused("you confirmed this already")
        told = _told(mark, said_in(row))
        entry = record(
            ws, principal.agent, "mark-confirmed", objects=_held(mark), details=told
        ).index
        Confirmation.objects.create(version=row, agent=principal.agent, at=ws.clock(), entry=entry)
        return entry


def comment(ws: Workspace, principal: Principal, public_id: str, words: str) -> str:
    """One more word in a mark's thread, withdrawn or not; its public id."""
    principal.require(Right.MARK)
    words = _comment_words(words)
    mark = _seen(principal, public_id)
    row = Comment.objects.create(mark=mark, agent=principal.agent, at=ws.clock(), words=words)
    return row.public_id


def call(ws: Workspace, principal: Principal, public_id: str, words: str) -> str:
    """Somebody may be in danger today: put a mark into the short queue; the call's public id."""
    principal.require(Right.MARK)
    words = _comment_words(words)
    with transaction.atomic():
        lock_writers()
        mark = _standing(principal, public_id)
        if mark.calls.filter(settled_at=None).exists():
            raise MarkRefused("this waits in the queue already")
        row = Urgent.objects.create(mark=mark, agent=principal.agent, at=ws.clock(), words=words)
    return row.public_id


def settle(ws: Workspace, principal: Principal, call_id: str, words: str) -> None:
    """Say what was done about it."""
    principal.require(Right.MARK)
    words = _comment_words(words)
    rows = Urgent.objects.filter(
        public_id=call_id, settled_at=None, mark__item__in=items_seen_by(principal)
    )
    done = rows.update(settled_by=principal.agent, settled_at=ws.clock(), settled_words=words)
    if not done:
        raise KeyError(call_id)


def _keep(ws: Workspace, mark: Mark, said: Said, entry: int, principal: Principal) -> Written:
    """The version ``mark.version`` of a mark, and what is found of it."""
    span = said.span
    MarkVersion.objects.create(
        mark=mark,
        number=mark.version,
        start_us=None if span is None else span.start_us,
        end_us=None if span is None else span.end_us,
        region=region_json(said.region),
        tags=list(said.tags),
        words=said.words,
        sureness=said.sureness.value,
        severity=said.severity,
        agent=principal.agent,
        at=ws.clock(),
        entry=entry,
    )
    words = " ".join([said.words, *said.tags])
    indexing.put(
        mark.item_id, mark.kind, mark.public_id, words, None if span is None else span.start_us
    )
    standing.refresh([mark.item_id])
    return Written(mark.public_id, mark.version, entry)


def _told(mark: Mark, said: Said) -> dict[str, Value]:
    told = digest(bytes(mark.item.sha256), mark.public_id, Kind(mark.kind), said)
    return {"mark": mark.public_id, "version": mark.version, "sha256": told}


def _held(mark: Mark) -> list[Digest]:
    return [Digest(bytes(mark.item.sha256))]


def _seen(principal: Principal, public_id: str) -> Mark:
    rows = Mark.objects.select_related("item").filter(item__in=items_seen_by(principal))
    mark = rows.filter(public_id=public_id).first()
    if mark is None:
        raise KeyError(public_id)
    return mark


def _standing(principal: Principal, public_id: str) -> Mark:
    mark = _seen(principal, public_id)
    if mark.withdrawn:
        raise MarkRefused("this mark was withdrawn")
    return mark


def _comment_words(words: str) -> str:
    plain = words.replace("\n", " ").replace("\t", " ").replace("\r", " ")
    if not words.strip() or len(words) > MAX_COMMENT or not is_text(plain):
        raise UsageError(f"say it in text, up to {MAX_COMMENT} characters")
    return words.strip()
