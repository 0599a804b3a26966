"""One box over everything that was said, and what is written in pictures."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from daylight.catalogue.queries.cameras import camera_names
from daylight.catalogue.queries.marks import MarkView, marks_named
from daylight.catalogue.queries.review import severities_of
from daylight.catalogue.queries.search import COUNTED, Hit, Hits, Wanted, find
from daylight.domain.marks import Kind
from daylight.domain.principal import Right
from daylight.domain.search import MAX_QUERY, Query, parse
from daylight.errors import UsageError
from daylight.web.asked import Asked, text
from daylight.web.saying import written

_KINDS = (*(kind.value for kind in Kind), "label")
_FIELDS = ("q", "kind", "camera", "since", "until")


@dataclass(frozen=True, slots=True)
class Found:
    """A hit with what is shown of it. ``address``: of the moment. ``severity``: of the item."""

    hit: Hit
    mark: MarkView | None
    at: str
    address: str
    severity: int | None


@require_safe
def show(request: Asked) -> HttpResponse:
    request.principal.require(Right.SEE_ITEMS)
    chosen = {name: text(request.GET, name, MAX_QUERY + 1) for name in _FIELDS}
    words: dict[str, object] = {
        "chosen": chosen,
        "kinds": _KINDS,
        "cameras": camera_names(request.principal),
        "problem": "",
    }
    if chosen["q"].strip():
        words |= _answer(request, chosen)
    return render(request, "search.html", words)


def _answer(request: Asked, chosen: dict[str, str]) -> dict[str, object]:
    try:
        query = parse(chosen["q"])
    except UsageError:
        return {"problem": _("Say at least one word to look for, and at most sixteen.")}
    before = text(request.GET, "before", 18)
    found = find(request.principal, _wanted(query, chosen, before))
    said = marks_named(request.principal, [one.ref for one in found.hits])
    hard = severities_of(request.principal, {one.item for one in found.hits})
    return {
        "found": [_found(one, said.get(one.ref), hard.get(one.item)) for one in found.hits],
        "count": found.count,
        "many": found.count > COUNTED,
        "limit": COUNTED,
        "more": _more(chosen, found),
    }


def _wanted(query: Query, chosen: dict[str, str], before: str) -> Wanted:
    return Wanted(
        query,
        camera=chosen["camera"][:32],
        kind=chosen["kind"] if chosen["kind"] in _KINDS else "",
        since_us=_day(chosen["since"], 0),
        until_us=_day(chosen["until"], 1),
        before=int(before) if before.isascii() and before.isdigit() else None,
    )


def _day(typed: str, after: int) -> int | None:
    """Midnight of a day, as clocks in pictures and real time are kept; None for what is no day."""
    try:
        at = datetime.strptime(typed, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=after)
    except (ValueError, OverflowError):
        return None
    return round(at.timestamp()) * 1_000_000


def _found(one: Hit, said: MarkView | None, severity: int | None) -> Found:
    address = reverse("item", args=[one.item])
    if one.start_us:
        address += f"?t={one.start_us / 1e6:.1f}"
    return Found(one, said, written(one.start_us), address, severity)


def _more(chosen: dict[str, str], found: Hits) -> str:
    if not found.more:
        return ""
    values = {name: value for name, value in chosen.items() if value}
    query = urlencode({**values, "before": found.hits[-1].key})
    return f"{reverse('search')}?{query}"
