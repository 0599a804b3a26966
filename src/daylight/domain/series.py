"""The first column of a series over the time of an item, as the activity detector keeps it.

Little-endian: the line ``daylight series/1``, rows (u32), columns (u16); the starts, then the ends of
the rows (i64 microseconds from media zero); then the rows of unsigned bytes, the score first.
"""

import struct
from array import array
from typing import Final

from daylight.domain.sameness import ActiveSpan

MAGIC: Final = b"daylight series/1\n"
_HEAD: Final = struct.Struct("<IH")
ACTIVE: Final = 12  # score from which something moves, in eighths of a grey level beyond the noise
BUSIEST: Final = 120  # score that is drawn as the highest level
MOST: Final = 200  # spans that are kept of an item; the nearest ones become one


def active_spans(blob: bytes) -> list[ActiveSpan]:
    """Raises ``ValueError`` for bytes that are no series."""
    body = blob[len(MAGIC) :]
    if not blob.startswith(MAGIC) or len(body) < _HEAD.size:
        raise ValueError("these bytes are no series")
    rows, columns = _HEAD.unpack_from(body)
    if not columns or len(body) != _HEAD.size + rows * (16 + columns):
        raise ValueError("the series contradicts itself")
    times = array("q", struct.unpack_from(f"<{2 * rows}q", body, _HEAD.size))
    scores = body[_HEAD.size + 16 * rows :: columns]
    told = sorted(
        (start, end, score)
        for start, end, score in zip(times[:rows], times[rows:], scores, strict=True)
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
