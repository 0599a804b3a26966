"""Keeps ``Standing`` true: how severe an item is, whether it is described, whether anybody saw it.

It is reckoned anew for an item and its copies whenever something is said or a task ends, in the same
transaction; and for everything that was said once new copies are known.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Final, NamedTuple

from django.db.models import Q

from daylight.catalogue.models import Mark, MarkVersion, Media, Relation, Standing, Task
from daylight.domain.exposure import Severe
from daylight.domain.marks import Kind, Span, carried

CHUNK: Final = 500
WHOLE_PART: Final = 0.95  # of an item's length: a copy of so much of it shows all of it


class _Copy(NamedTuple):
    """``other`` shows the same as an item: what is at ``there_us`` there lies at ``here_us`` here."""

    other: int
    here_us: int
    there_us: int
    length_us: int


class _Said(NamedTuple):
    kind: str
    span: Span | None
    severity: int | None
    notes: tuple[str, ...]


def refresh(items: Collection[int]) -> None:
    """``items``: keys; their copies are reckoned too. The caller owns the transaction."""
    wanted = set(items)
    wanted |= {copy.other for copies in _copies(wanted).values() for copy in copies}
    _reckon(sorted(wanted))


def refresh_copies() -> None:
    """After copies were found: every item that shares something with one of which something is known."""
    known = set(Mark.objects.filter(withdrawn="").values_list("item_id", flat=True))
    known |= set(Task.objects.filter(ended="reviewed").values_list("item_id", flat=True))
    todo = sorted(known)
    for begin in range(0, len(todo), CHUNK):
        refresh(todo[begin : begin + CHUNK])


def _reckon(items: list[int]) -> None:
    copies = _copies(items)
    around = {*items, *(copy.other for ones in copies.values() for copy in ones)}
    said = _said(around)
    seen = set(
        Task.objects.filter(item__in=around, ended="reviewed").values_list("item_id", flat=True)
    )
    lengths = dict(Media.objects.filter(item__in=items).values_list("item_id", "duration_us"))
    rows = [_standing(one, copies[one], said, seen, lengths.get(one)) for one in items]
    Standing.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["item"],
        update_fields=["severity", "notes", "described", "reviewed", "marks"],
    )


def _standing(
    item: int,
    copies: Iterable[_Copy],
    said: dict[int, list[_Said]],
    seen: set[int],
    length_us: int | None,
) -> Standing:
    own = said.get(item, [])
    severe = [one for one in own if one.severity is not None]
    described, reviewed = any(one.kind == Kind.DESCRIPTION for one in own), item in seen
    for copy in copies:
        whole = _is_whole(copy, length_us)
        reviewed |= whole and copy.other in seen
        there = [one for one in said.get(copy.other, []) if _reaches(one.span, copy)]
        described |= whole and any(one.kind == Kind.DESCRIPTION for one in there)
        severe += [one for one in there if one.severity is not None]
    notes = sorted({note for one in severe for note in one.notes})
    return Standing(
        item_id=item,
        severity=max((one.severity for one in severe if one.severity is not None), default=None),
        notes=f" {' '.join(notes)} " if notes else "",
        described=described,
        reviewed=reviewed,
        marks=len(own),
    )


def severe_spans(items: Collection[int]) -> dict[int, list[Severe]]:
    """What was said of how severe items are, and where in them; that of copies as it lies in them."""
    copies = _copies(items)
    around = {*items, *(copy.other for ones in copies.values() for copy in ones)}
    said = _said(around)
    lengths = dict(Media.objects.filter(item__in=items).values_list("item_id", "duration_us"))
    found: dict[int, list[Severe]] = {}
    for item in items:
        own = said.get(item, [])
        found[item] = [(one.span, one.severity) for one in own if one.severity is not None]
        for copy in copies[item]:
            found[item] += _severe_there(said.get(copy.other, []), copy, lengths.get(item))
    return found


def _severe_there(said: Iterable[_Said], copy: _Copy, length_us: int | None) -> Iterator[Severe]:
    inside = Span(copy.here_us, copy.here_us + copy.length_us)
    for one in said:
        there, span = carried(one.span, copy.here_us - copy.there_us, inside)
        whole = one.span is None and _is_whole(copy, length_us)
        if there and one.severity is not None:
            yield None if whole else span, one.severity


def _is_whole(copy: _Copy, length_us: int | None) -> bool:
    return length_us is not None and copy.length_us >= length_us * WHOLE_PART


def _reaches(span: Span | None, copy: _Copy) -> bool:
    inside = Span(copy.here_us, copy.here_us + copy.length_us)
    return carried(span, copy.here_us - copy.there_us, inside)[0]


def _copies(items: Collection[int]) -> dict[int, list[_Copy]]:
    rows = Relation.objects.filter(Q(item_a__in=items) | Q(item_b__in=items)).values_list(
        "item_a_id", "item_b_id", "a_start_us", "b_start_us", "length_us"
    )
    wanted, found = set(items), defaultdict[int, list[_Copy]](list)
    for a, b, a_us, b_us, length in rows:
        if a == b:
            continue
        if a in wanted:
            found[a].append(_Copy(b, a_us, b_us, length))
        if b in wanted:
            found[b].append(_Copy(a, b_us, a_us, length))
    return found


def _said(items: Collection[int]) -> dict[int, list[_Said]]:
    """What stands of each item: the newest version of every mark that was not withdrawn."""
    marks = Mark.objects.filter(item__in=items, withdrawn="")
    current = {mark.pk: mark for mark in marks}
    found = defaultdict[int, list[_Said]](list)
    for row in MarkVersion.objects.filter(mark__in=list(current)):
        mark = current[row.mark_id]
        if row.number != mark.version:
            continue
        span = None
        if row.start_us is not None and row.end_us is not None:
            span = Span(row.start_us, row.end_us)
        notes = tuple(row.tags) if mark.kind == Kind.SEVERITY else ()
        found[mark.item_id].append(_Said(mark.kind, span, row.severity, notes))
    return found
