"""A series over the time of an item, and lists of spans, as compact blobs that are checked when read.

Their form is read in ``domain.series``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daylight.domain.series import HEAD, MAGIC, parts
from daylight.errors import MediaRefused

Spans = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Series:
    """``starts``, ``ends``: int64 microseconds, shape (n,); ``values``: uint8, shape (n, columns)."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    values: NDArray[np.uint8]


def pack(series: Series) -> bytes:
    """Raises ``ValueError`` where the lengths disagree."""
    rows, columns = series.values.shape
    if not len(series.starts) == len(series.ends) == rows:
        raise ValueError("a series has as many times as rows")
    return b"".join(
        (
            MAGIC,
            HEAD.pack(rows, columns),
            series.starts.astype("<i8").tobytes(),
            series.ends.astype("<i8").tobytes(),
            series.values.astype(np.uint8).tobytes(),
        )
    )


def unpack(data: bytes) -> Series:
    """The series of a blob. Raises ``MediaRefused`` for anything that is not one."""
    try:
        read = parts(data)
    except ValueError as error:
        raise MediaRefused(str(error)) from error
    times = np.frombuffer(read.times, "<i8").astype(np.int64)
    values = np.frombuffer(read.values, np.uint8).reshape(read.rows, read.columns)
    return Series(times[: read.rows], times[read.rows :], values)


def joined(pieces: Sequence[Series], columns: int) -> Series:
    """Series of the spans of one item, end to end."""
    if not pieces:
        none = np.zeros(0, np.int64)
        return Series(none, none, np.zeros((0, columns), np.uint8))
    return Series(
        np.concatenate([one.starts for one in pieces]),
        np.concatenate([one.ends for one in pieces]),
        np.concatenate([one.values for one in pieces]),
    )


def spans(series: Series, which: NDArray[np.bool_], gap_us: int = 0) -> list[tuple[int, int]]:
    """Rows that are chosen, as (start, end) in microseconds; those ``gap_us`` or less apart are one.

    Rows that end before they begin, as where a clock runs back, are left out.
    """
    found: list[tuple[int, int]] = []
    chosen = which & (series.ends > series.starts)
    for start, end in sorted(zip(series.starts[chosen], series.ends[chosen], strict=True)):
        if found and start <= found[-1][1] + gap_us:
            found[-1] = (found[-1][0], max(int(end), found[-1][1]))
        else:
            found.append((int(start), int(end)))
    return found


def pack_spans(found: Spans) -> bytes:
    """A list of spans as a series of one column."""
    times = np.array(found, np.int64).reshape(-1, 2)
    return pack(Series(times[:, 0], times[:, 1], np.ones((len(times), 1), np.uint8)))


def seconds_of(found: Spans) -> float:
    """Together, in seconds."""
    return round(sum(end - start for start, end in found) / 1e6, 3)
