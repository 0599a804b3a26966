"""The timeline: cameras down, time across; a page, its data at any zoom, and the same as lists."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from daylight.catalogue.queries.timeline import Timeline, Untimed, timeline
from daylight.domain.principal import Right
from daylight.domain.timeline import By, Mark, Row, Stretch, coverage, extent, gaps
from daylight.domain.timeline_fold import folded, folding, is_sparse
from daylight.domain.timeline_view import crowd, view
from daylight.web.asked import Asked, text

MOST_COLUMNS: Final = 6000
LEAST_US: Final = 1_000_000  # of a window
PAGE: Final = 100  # rows of a list
NONE: Final = "none"  # as a camera: recordings of no known one
UNTIMED: Final = "untimed"


@dataclass(frozen=True, slots=True)
class CameraLine:
    """One camera in the table that stands beside the picture. Microseconds."""

    row: Row
    address: str
    first: int
    last: int
    covered_us: int
    gaps: int
    longest_gap_us: int
    damaged: int
    contested: int
    copies: int


class _Recent:
    """Timelines made a moment ago: whoever zooms asks for the same again and again.

    By what a principal may see, which is read afresh for every request; each for ``SECONDS``.
    """

    SECONDS: Final = 4.0
    MOST: Final = 4

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: dict[object, tuple[float, Timeline]] = {}

    def of(self, request: Asked) -> Timeline:
        principal = request.principal
        principal.require(Right.SEE_ITEMS)
        key = (request.workspace.layout.vault_id, principal.collections, principal.rights)
        with self._lock:
            at, made = self._made.get(key, (0.0, None))
            now = time.monotonic()
            if made is None or now - at > self.SECONDS:
                made = timeline(principal)
                self._made = dict([*self._made.items()][1 - self.MOST :])
                self._made[key] = (time.monotonic(), made)
        return made

    def forget(self) -> None:
        self._made = {}


RECENT: Final = _Recent()


@require_safe
def show(request: Asked) -> HttpResponse:
    """The page; the picture is drawn from :func:`data`."""
    found = RECENT.of(request)
    words: dict[str, Any] = {
        "items": found.items,
        "lines": [_line(row) for row in found.rows],
        "cameras": sum(bool(row.number) for row in found.rows),
        "extent": extent(found.rows),
        "sparse": is_sparse(found.rows),
        "untimed": len(found.untimed),
        "untimed_address": _address(UNTIMED),
    }
    return render(request, "timeline/page.html", words)


@require_safe
def data(request: Asked) -> JsonResponse:
    """``timeline-view/1``: what is seen of a window; without one, of everything. With ``fold`` all
    times are folded, and ``folds`` says where: folded time, time, length of each piece.
    """
    rows: Sequence[Row] = RECENT.of(request).rows
    whole, folds = _widened(extent(rows)), None
    if rows and _number(request, "fold"):
        how = folding(rows)
        rows, whole = folded(rows, how), (0, how.end + how.width)
        folds = [[one.folded, one.start, one.length] for one in how.pieces]
    window = _window(request, whole)
    columns = max(1, min(MOST_COLUMNS, _number(request, "columns") or 1200))
    document = view(rows, window, columns)
    document |= {"extent": list(whole), "folds": folds}
    if _number(request, "crowd"):
        document["crowd"] = crowd(rows, whole, 800)
    return JsonResponse(document, json_dumps_params={"separators": (",", ":")})


@require_safe
def listed(request: Asked) -> HttpResponse:
    """The recordings of one camera, or those without a time, as a table."""
    found, wanted = RECENT.of(request), text(request.GET, "camera", 40)
    after = max(0, _number(request, "after") or 0)
    row, entries = _entries(found, wanted)
    words: dict[str, Any] = {
        "row": row,
        "untimed": wanted == UNTIMED,
        "count": len(entries),
        "entries": entries[after : after + PAGE],
        "before": _address(wanted, max(0, after - PAGE)) if after else "",
        "more": _address(wanted, after + PAGE) if after + PAGE < len(entries) else "",
    }
    return render(request, "timeline/list.html", words)


def _entries(found: Timeline, wanted: str) -> tuple[Row | None, Sequence[Stretch | Untimed]]:
    if wanted == UNTIMED:
        return None, found.untimed
    named = "" if wanted == NONE else wanted
    row = next((one for one in found.rows if one.public_id == named), None)
    if row is None:
        raise Http404
    return row, row.stretches


def _line(row: Row) -> CameraLine:
    covered = coverage(row.stretches, row.by if row.by is not None else By.REAL)
    between = gaps(row)
    return CameraLine(
        row=row,
        address=_address(row.public_id or NONE),
        first=row.stretches[0].start,
        last=max(one.end for one in row.stretches),
        covered_us=sum(end - start for start, end in covered),
        gaps=len(between),
        longest_gap_us=max((one.end - one.start for one in between), default=0),
        damaged=sum(Mark.DAMAGED in one.marks for one in row.stretches),
        contested=sum(Mark.CONTESTED in one.marks for one in row.stretches),
        copies=sum(len(one.copies) for one in row.stretches),
    )


def _address(camera: str, after: int = 0) -> str:
    more = f"&after={after}" if after else ""
    return f"{reverse('timeline-list')}?camera={camera}{more}"


def _widened(told: tuple[int, int] | None) -> tuple[int, int]:
    """A little room at both ends."""
    start, end = told or (0, LEAST_US)
    margin = max((end - start) // 50, LEAST_US)
    return start - margin, end + margin


def _window(request: Asked, whole: tuple[int, int]) -> tuple[int, int]:
    start, end = _number(request, "from"), _number(request, "to")
    if start is None or end is None or end - start < LEAST_US:
        return whole
    return start, end


def _number(request: Asked, name: str) -> int | None:
    """A whole number of an address; None for anything else."""
    told = text(request.GET, name, 20)
    plain = told.removeprefix("-")
    return int(told) if plain.isascii() and plain.isdigit() else None
