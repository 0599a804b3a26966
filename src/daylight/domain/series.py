"""A series over the time of an item as a blob, and what moves by the one of the activity detector.

Little-endian: the line ``daylight series/1``, rows (u32), columns (u16); the starts, then the ends of
the rows (i64 microseconds from media zero); then the rows of unsigned bytes, a score first.
"""

import struct
from dataclasses import dataclass
from typing import Final

from daylight.domain.sameness import ActiveSpan

MAGIC: Final = b"daylight series/1\n"
HEAD: Final = struct.Struct("<IH")
MAX_ROWS: Final = 10_000_000
MAX_COLUMNS: Final = 4096
ACTIVE: Final = 12  # score from which something moves, in eighths of a grey level beyond the noise
BUSIEST: Final = 120  # score that is drawn as the highest level
MOST: Final = 200  # spans that are kept of an item; the nearest ones become one


@dataclass(frozen=True, slots=True)
class Parts:
    """``times``: all starts, then all ends, as 8 bytes each; ``values``: ``columns`` bytes a row."""

    rows: int
    columns: int
    times: bytes
    values: bytes


def parts(blob: bytes) -> Parts:
    """The one reader of the form. Raises ``ValueError`` for bytes that are no series."""
    at = len(MAGIC) + HEAD.size
    if not blob.startswith(MAGIC) or len(blob) < at:
        raise ValueError("the series is not one")
    rows, columns = HEAD.unpack_from(blob, len(MAGIC))
    if rows > MAX_ROWS or not 0 < columns <= MAX_COLUMNS:
        raise ValueError("the series is larger than any can be")
    if len(blob) != at + rows * (16 + columns):
        raise ValueError("the series contradicts itself")
    return Parts(rows, columns, blob[at : at + 16 * rows], blob[at + 16 * rows :])


def active_spans(blob: bytes) -> list[ActiveSpan]:
    """Raises ``ValueError`` for bytes that are no series."""
    read = parts(blob)
    times = struct.unpack(f"<{2 * read.rows}q", read.times)
    starts, ends = times[: read.rows], times[read.rows :]
    told = sorted(
        (start, end, score)
        for start, end, score in zip(starts, ends, read.values[:: read.columns], strict=True)
        if score >= ACTIVE and end > start
    )
    spans = [ActiveSpan(a, b - a, min(1.0, score / BUSIEST)) for a, b, score in told]
    near = 0
    while len(joined := _joined(spans, near)) > MOST:
        near = 2 * near + 500_000
    return joined


def _joined(spans: list[ActiveSpan], near_us: int) -> list[ActiveSpan]:
    """Those of one level, or hardly apart, as one; of the higher level."""
    found: list[ActiveSpan] = []
    for one in spans:
        last = found[-1] if found else None
        if last is None or one.media_us - last.media_us - last.length_us > near_us:
            found.append(one)
            continue
        if near_us == 0 and abs(last.level - one.level) > 0.15:
            found.append(one)
            continue
        end = max(last.media_us + last.length_us, one.media_us + one.length_us)
        found[-1] = ActiveSpan(last.media_us, end - last.media_us, max(last.level, one.level))
    return found
