"""The timeline as one picture that stands alone: SVG for reports, on white, without scripts.

Solid: placed by real time; striped: by the burnt-in clock as it stands; hollow: by the container's.
Darker is more activity. Everything that is text is escaped; nothing is loaded from anywhere.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.sax.saxutils import escape

from daylight.domain.timeline import LEVELS, By, Mark, Row, Run, extent, runs
from daylight.domain.timeline_fold import Folding, folded, folding, is_sparse

WIDTH: Final = 1500
NAMES: Final = 270  # pixels for the names at the left
RIGHT: Final = 24
TOP: Final = 74
LINE: Final = 30  # height of a row
HEAD: Final = 30  # and of a facility's name
THIN: Final = 4  # what is shorter is drawn as wide as this
MOST_TEXT: Final = 34  # characters of a name
_HOUR: Final = 3600
_STEPS: Final = (
    1, 5, 10, 30, 60, 300, 600, 1800, _HOUR, 2 * _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, 86400,
    2 * 86400, 7 * 86400, 30 * 86400, 91 * 86400, 365 * 86400, 3650 * 86400,
)  # fmt: skip
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STYLE: Final = """
text{font:13px system-ui,'DejaVu Sans',sans-serif;fill:#22282d}
.soft{fill:#69737b}.head{font-weight:600;font-size:14px}.title{font-size:20px;font-weight:600}
.tick{stroke:#e1e5e8}.line{stroke:#eef1f3}.real{fill:#2f6f9f}.burnt{fill:url(#b)}
.container{fill:#fff;stroke:#2f6f9f}.busy{fill:#123a58}.damaged{fill:#c4682b}.contested{fill:#b3262d}
.seam{fill:#f1f3f4}
.copies{fill:#69737b;font-size:10px}
"""


def draw(rows: Sequence[Row], untimed: int) -> str:
    """The whole of it, from the first to the last moment; long gaps of all cameras are folded where
    little would be seen otherwise. ``untimed``: items that no clock places.
    """
    bottom = _height(rows)
    if is_sparse(rows):
        how = folding(rows)
        rows, window = folded(rows, how), (0, how.end + how.width)
        back = list(_folded_ticks(how, window, bottom))
    else:
        window = _window(rows)
        back = list(_ticks(window, bottom))
    parts = ['<text class="title" x="24" y="34">Timeline</text>', _legend(), *back]
    y, place = TOP + 24, None
    for row in rows:
        if _place(row) != place:
            place = _place(row)
            parts.append(f'<text class="head" x="24" y="{y + 20}">{_text(place)}</text>')
            y += HEAD
        parts += _row(row, window, y)
        y += LINE
    said = f"{untimed} recordings have no time and are not in the picture."
    parts.append(f'<text class="soft" x="24" y="{y + 28}">{said}</text>')
    return _whole(parts, y + 48)


def _whole(parts: Sequence[str], height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" aria-label="Timeline"><style>{_STYLE}</style><defs>'
        '<pattern id="b" width="5" height="5" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="5" height="5" fill="#8fb8d4"/>'
        '<rect width="2.4" height="5" fill="#2f6f9f"/></pattern></defs>'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _place(row: Row) -> str:
    if row.facility or not row.number:
        return row.facility or "Of no known camera"
    return "Facility not named" if row.site is None else f"Facility {row.site + 1}, not named"


def _height(rows: Sequence[Row]) -> int:
    places = [_place(row) for row in rows]
    heads = sum(one != before for one, before in zip(places, [None, *places], strict=False))
    return TOP + 24 + LINE * len(rows) + HEAD * heads


def _window(rows: Sequence[Row]) -> tuple[int, int]:
    told = extent(rows) or (0, 1)
    margin = max((told[1] - told[0]) // 100, 1)
    return told[0] - margin, told[1] + margin


def _row(row: Row, window: tuple[int, int], y: int) -> Iterator[str]:
    middle = y + LINE // 2
    named = row.name or row.label or (f"camera {row.number}" if row.number else "no known camera")
    sure = "" if row.confirmed else " soft"
    yield f'<text class="{sure.strip()}" x="36" y="{middle + 4}">{_text(named)}</text>'
    yield f'<path class="line" d="M{NAMES} {middle}H{WIDTH - RIGHT}"/>'
    for one in runs(row, window, WIDTH - NAMES - RIGHT):
        yield from _bar(one, y)


def _bar(one: Run, y: int) -> Iterator[str]:
    exact = one.last - one.first
    width = max(THIN, exact)
    x = NAMES + one.first - (width - exact) // 2
    top, height = (y + 5 + 7 * one.lane, 6) if one.lane else (y + 5, 20)
    name = one.by.name.lower()
    yield f'<rect class="{name}" x="{x}" y="{top}" width="{width}" height="{height}" rx="2"/>'
    levels = (
        [(0, width, int(max(one.levels)))] if exact < THIN and one.levels else _levels(one.levels)
    )
    for begin, end, level in levels:
        tall = round(height * level / LEVELS, 1)
        yield (
            f'<rect class="busy" x="{x + begin}" y="{round(top + height - tall, 1)}" '
            f'width="{end - begin}" height="{tall}"/>'
        )
    for mark, css in ((Mark.DAMAGED, "damaged"), (Mark.CONTESTED, "contested")):
        if mark in one.marks:
            yield f'<rect class="{css}" x="{x}" y="{y + 1}" width="{max(3, width)}" height="3"/>'
    if one.only is not None and one.only.copies and width > 18:
        yield f'<text class="copies" x="{x + 3}" y="{y + 3}">&#215;{len(one.only.copies) + 1}</text>'


def _levels(levels: str) -> Iterator[tuple[int, int, int]]:
    """From, to (exclusive) and level of equal digits in a row, without those of nothing."""
    begin = 0
    for at in range(1, len(levels) + 1):
        if at == len(levels) or levels[at] != levels[begin]:
            if levels[begin] != "0":
                yield begin, at, int(levels[begin])
            begin = at


def _folded_ticks(how: Folding, window: tuple[int, int], height: int) -> Iterator[str]:
    """A grey seam for each break; of the pieces' beginnings those that there is room to name."""
    scale = (WIDTH - NAMES - RIGHT) / (window[1] - window[0])
    seam, under = round(max(1.0, how.width * scale), 1), TOP + 18
    free, day = 0.0, ""
    for one in how.pieces:
        x = round(NAMES + (one.folded - window[0]) * scale, 1)
        left, tall = round(x - seam, 1), height - under
        yield f'<rect class="seam" x="{left}" y="{under}" width="{seam}" height="{tall}"/>'
        today, time = _moment(one.start, 86400), _moment(one.start, 60)[-5:]
        new = today != day
        if x < free:
            continue
        yield f'<text class="soft" x="{x + 3}" y="{TOP + 12}">{time}</text>'
        if new:
            day = today
            yield f'<text x="{x + 3}" y="{TOP - 4}">{day}</text>'
        free = x + (84 if new else 46)


def _legend() -> str:
    words = ((By.REAL, "real time"), (By.BURNT, "burnt-in clock"), (By.CONTAINER, "container"))
    parts, x = [], NAMES
    for by, said in words:
        css = by.name.lower()
        parts.append(f'<rect class="{css}" x="{x}" y="22" width="26" height="13" rx="2"/>')
        parts.append(f'<text class="soft" x="{x + 33}" y="33">{said}</text>')
        x += 60 + 8 * len(said)
    parts.append(f'<rect class="busy" x="{x}" y="22" width="26" height="13"/>')
    parts.append(f'<text class="soft" x="{x + 33}" y="33">something moves</text>')
    x += 180
    for css in ("damaged", "contested"):
        parts.append(f'<rect class="{css}" x="{x}" y="27" width="26" height="4"/>')
        parts.append(f'<text class="soft" x="{x + 33}" y="33">{css}</text>')
        x += 60 + 8 * len(css)
    return "".join(parts)


def _ticks(window: tuple[int, int], height: int) -> Iterator[str]:
    seconds = (window[1] - window[0]) / 1e6
    step = next((one for one in _STEPS if seconds / one <= 12), _STEPS[-1])
    first = -(-window[0] // (step * 1_000_000))
    for count in range(40):
        at = (first + count) * step * 1_000_000
        if at > window[1]:
            return
        x = round(NAMES + (at - window[0]) * (WIDTH - NAMES - RIGHT) / (window[1] - window[0]), 1)
        yield f'<path class="tick" d="M{x} {TOP}V{height}"/>'
        yield f'<text class="soft" x="{x + 4}" y="{TOP + 12}">{_moment(at, step)}</text>'


def _moment(at: int, step: int) -> str:
    try:
        told = _EPOCH + timedelta(microseconds=at)
    except OverflowError:
        return ""
    if step >= 86400:
        return f"{told:%Y-%m-%d}"
    return f"{told:%m-%d %H:%M}" if step >= 60 else f"{told:%H:%M:%S}"


def _text(text: str) -> str:
    cut = text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"
    return escape("".join(char if char.isprintable() else "�" for char in cut))
