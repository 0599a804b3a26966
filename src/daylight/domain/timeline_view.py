"""What a browser draws of a timeline: few numbers a row, however many recordings there are."""

from collections.abc import Sequence
from typing import Any

from daylight.domain.timeline import By, Row, Run, Stretch, runs

Window = tuple[int, int]
POINTED = 3  # columns: what is narrower is looked at more closely first


def view(rows: Sequence[Row], window: Window, columns: int) -> dict[str, Any]:
    """``timeline-view/1``. A run: first column, last, lane, count, marks, clock, levels, and where it
    is a single recording, wide enough to be pointed at, its place in ``items``, else -1.
    """
    items: list[list[Any]] = []
    return {
        "schema": "timeline-view/1",
        "from": window[0],
        "to": window[1],
        "columns": columns,
        "rows": [_row(row, window, columns, items) for row in rows],
        "items": items,
    }


def crowd(rows: Sequence[Row], window: Window, columns: int) -> list[int]:
    """For each column how many rows have something there, by whatever clock they have."""
    change = [0] * (columns + 1)
    scale = columns / max(1, window[1] - window[0])
    for row in rows:
        upto = 0
        for one in row.stretches:
            first = max(upto, min(columns - 1, int((one.start - window[0]) * scale)))
            last = min(columns, int((one.end - window[0]) * scale) + 1)
            if last > first:
                change[first] += 1
                change[last] -= 1
                upto = last
    counts, height = [], 0
    for step in change[:-1]:
        height += step
        counts.append(height)
    return counts


def _row(row: Row, window: Window, columns: int, items: list[list[Any]]) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "number": row.number,
        "name": row.name,
        "facility": row.facility,
        "label": row.label,
        "confirmed": row.confirmed,
        "site": row.site,
        "by": None if row.by is None else int(row.by),
        "count": len(row.stretches),
        "runs": [_run(one, items) for one in runs(row, window, columns)],
    }


def _run(one: Run, items: list[list[Any]]) -> list[Any]:
    place = -1
    if one.only is not None and one.last - one.first >= POINTED:
        place = len(items)
        items.append(_item(one.only))
    return [
        one.first, one.last, one.lane, one.count, int(one.marks), int(one.by), one.levels, place
    ]  # fmt: skip


def _item(one: Stretch) -> list[Any]:
    """Public id, start, end, where in the item that is (microseconds), clock, uncertainty, copies."""
    doubt = one.uncertainty_us if one.by is By.REAL else None
    return [one.item, one.start, one.end, one.media_us, int(one.by), doubt, len(one.copies)]
