"""The first screen: what came in, what it is, what is damaged, what nobody has looked into."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from daylight.catalogue.queries.grid import probe_versions
from daylight.catalogue.queries.overview import (
    KindCount,
    Overview,
    accessions,
    overview,
    sealing,
    witnessing,
)
from daylight.domain.principal import Right
from daylight.services.view_setup import setup_of
from daylight.web.asked import Asked


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind with its states. ``share``: of all bytes, in percent."""

    kind: str
    items: int
    bytes: int
    share: float
    ok: int
    damaged: int
    unreadable: int


@require_safe
def show(request: Asked) -> HttpResponse:
    """Whoever may not see items still sees what was handed over."""
    principal = request.principal
    if not principal.may(Right.SEE_ITEMS):
        outside = {"witnessed": witnessing(), "sealed": sealing()}
        few = {"accessions": accessions(principal), "unaudited": _unaudited(request), **outside}
        return render(request, "overview.html", few)
    seen = overview(principal)
    kinds = _kinds(seen)
    words: dict[str, Any] = {
        "seen": seen,
        "kinds": kinds,
        "damaged": sum(one.damaged for one in kinds),
        "unreadable": sum(one.unreadable for one in kinds),
        "versions": probe_versions(principal),
        "accessions": seen.accessions,
        "witnessed": seen.witnessed,
        "sealed": seen.sealed,
        "unaudited": _unaudited(request),
    }
    return render(request, "overview.html", words)


def _unaudited(request: Asked) -> bool:
    """Whether to say that no key of several people opens the log of views; to whom it concerns."""
    concerned = request.principal.may(Right.MANAGE_USERS)
    return concerned and setup_of(request.workspace.layout) is None


def _kinds(seen: Overview) -> list[KindRow]:
    by_kind: dict[str, list[KindCount]] = {}
    for count in seen.kinds:
        by_kind.setdefault(count.kind, []).append(count)
    rows = [_kind(kind, counts, seen.bytes) for kind, counts in by_kind.items()]
    return sorted(rows, key=lambda row: -row.bytes)


def _kind(kind: str, counts: list[KindCount], total: int) -> KindRow:
    states = {count.state: count.items for count in counts}
    size = sum(count.bytes for count in counts)
    return KindRow(
        kind=kind,
        items=sum(states.values()),
        bytes=size,
        share=100 * size / total if total else 0.0,
        ok=states.get("ok", 0),
        damaged=states.get("damaged", 0),
        unreadable=states.get("unreadable", 0),
    )
