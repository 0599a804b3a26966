"""Marks as they are read: of one item, with its copies; what waits for somebody to act."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Prefetch

from daylight.catalogue.models import Comment, Confirmation, Mark, MarkVersion, Urgent
from daylight.catalogue.queries.access import items_seen_by
from daylight.catalogue.queries.found import Same, same_as
from daylight.domain.digest import Digest
from daylight.domain.marks import Kind, Said, Span, Sureness, carried, region_from
from daylight.domain.principal import Principal

MAX_INHERITED: Final = 200


@dataclass(frozen=True, slots=True)
class VersionView:
    """``agent``: who wrote it; ``confirmed_by``: other agents who saw the same."""

    number: int
    said: Said
    agent: str
    at: datetime
    entry: int
    confirmed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommentView:
    agent: str
    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class CallView:
    """Somebody may be in danger. ``settled_at``: None while it waits."""

    public_id: str
    mark: str
    item: str
    agent: str
    at: datetime
    words: str
    settled_by: str
    settled_at: datetime | None
    settled_words: str


@dataclass(frozen=True, slots=True)
class MarkView:
    """``item``: public id; ``versions``: oldest first. ``withdrawn``: by whom, else empty."""

    public_id: str
    item: str
    item_digest: Digest
    kind: Kind
    withdrawn: str
    versions: tuple[VersionView, ...]
    comments: tuple[CommentView, ...]
    calls: tuple[CallView, ...]

    @property
    def newest(self) -> VersionView:
        return self.versions[-1]

    @property
    def said(self) -> Said:
        return self.newest.said

    @property
    def confirmed(self) -> bool:
        return bool(self.newest.confirmed_by)


@dataclass(frozen=True, slots=True)
class Inherited:
    """A mark of another item that shows the same. ``span``: as it lies in this one; None is all of it."""

    mark: MarkView
    span: Span | None
    kind: str  # how the other shows the same
    score: float


def said_in(row: MarkVersion) -> Said:
    span = None
    if row.start_us is not None and row.end_us is not None:
        span = Span(row.start_us, row.end_us)
    return Said(
        row.words,
        span,
        region_from(row.region),
        tuple(row.tags),
        Sureness(row.sureness),
        row.severity,
    )


def mark(principal: Principal, public_id: str) -> MarkView | None:
    found = _views(principal, {"public_id": public_id})
    return found[0] if found else None


def marks_of(principal: Principal, item: str, *, withdrawn: bool = False) -> tuple[MarkView, ...]:
    """Of one item, in the order of their spans; those of the whole item first."""
    found = _views(principal, {"item__public_id": item})
    stand = [one for one in found if withdrawn or not one.withdrawn]
    return tuple(sorted(stand, key=_begin))


def all_marks(principal: Principal, items: Sequence[Digest] = ()) -> tuple[MarkView, ...]:
    """Of these items, or of every one that is seen, withdrawn ones left out; in the order made."""
    wanted = {"item__sha256__in": [bytes(one) for one in items]} if items else {}
    return tuple(one for one in _views(principal, wanted) if not one.withdrawn)


def inherited(principal: Principal, item: str, digest: Digest) -> tuple[Inherited, ...]:
    """What was said of copies, as it lies in this item: whoever reads it need not watch again."""
    same = same_as(principal, item, digest)
    others = {one.other for one in same}
    if not others:
        return ()
    marks = _views(principal, {"item__public_id__in": sorted(others), "withdrawn": ""})
    found = [one for mark_ in marks for one in _carried(mark_, same)]
    found.sort(key=lambda one: (one.span.start_us if one.span else 0, one.mark.public_id))
    return tuple(found[:MAX_INHERITED])


def waiting_calls(principal: Principal) -> tuple[CallView, ...]:
    """Where somebody may be in danger and nobody has said yet what was done; oldest first."""
    rows = Urgent.objects.filter(settled_at=None, mark__item__in=items_seen_by(principal))
    return _calls(rows.select_related("mark__item").order_by("pk"))


def _views(principal: Principal, wanted: Mapping[str, object]) -> list[MarkView]:
    confirmations = Prefetch("confirmations", queryset=Confirmation.objects.order_by("pk"))
    versions = MarkVersion.objects.order_by("number").prefetch_related(confirmations)
    calls = Urgent.objects.order_by("pk").select_related("mark__item")
    rows = (
        Mark.objects.filter(item__in=items_seen_by(principal), **wanted)
        .select_related("item")
        .prefetch_related(
            Prefetch("versions", queryset=versions),
            Prefetch("comments", queryset=Comment.objects.order_by("pk")),
            Prefetch("calls", queryset=calls),
        )
        .order_by("pk")
    )
    return [_view(row) for row in rows]


def _view(row: Mark) -> MarkView:
    return MarkView(
        public_id=row.public_id,
        item=row.item.public_id,
        item_digest=Digest(bytes(row.item.sha256)),
        kind=Kind(row.kind),
        withdrawn=row.withdrawn,
        versions=tuple(_version(one) for one in row.versions.all()),
        comments=tuple(CommentView(one.agent, one.at, one.words) for one in row.comments.all()),
        calls=_calls(row.calls.all()),
    )


def _version(row: MarkVersion) -> VersionView:
    confirmed = tuple(one.agent for one in row.confirmations.all())
    return VersionView(row.number, said_in(row), row.agent, row.at, row.entry, confirmed)


def _calls(rows: Iterable[Urgent]) -> tuple[CallView, ...]:
    return tuple(
        CallView(
            one.public_id,
            one.mark.public_id,
            one.mark.item.public_id,
            one.agent,
            one.at,
            one.words,
            one.settled_by,
            one.settled_at,
            one.settled_words,
        )
        for one in rows
    )


def _carried(mark_: MarkView, same: Sequence[Same]) -> list[Inherited]:
    found = []
    for one in same:
        if one.other != mark_.item:
            continue
        inside = None
        if one.length_us is not None:
            inside = Span(one.here_us, one.here_us + one.length_us)
        there, span = carried(mark_.said.span, one.here_us - one.there_us, inside)
        if there:
            found.append(Inherited(mark_, span, one.kind, one.score))
    return found


def _begin(one: MarkView) -> tuple[int, int]:
    span = one.said.span
    return (-1, 0) if span is None else (span.start_us, span.end_us)
