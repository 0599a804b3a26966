"""Activity: when and where the picture changes beyond its noise, and for how long it stays still.

Consecutive pictures are compared cell by cell. What changes in a cell all the time, while most of
the picture does not, is a clock or a label and is left out. The noise is the item's own: what the
quietest quarter of all cells changes by. After frame differencing with an estimated noise floor, as
in surveillance practice; nothing is said of who or what moves.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.detectors.base import Blob, Finding, Material, Partial, Session, Span, Subject
from daylight.detectors.registry import Wants
from daylight.detectors.series import (
    Series,
    joined,
    pack,
    pack_spans,
    seconds_of,
    spans,
    unpack,
)
from daylight.domain.series import ACTIVE
from daylight.media.picture import GREY, Grey, InGroup, Picture

ACROSS: Final = 16  # cells
DOWN: Final = 12
SCALE: Final = 8  # steps a grey level, in a byte of a row
BUSIEST: Final = 8  # cells that a score is the mean of
STILL_US: Final = 10_000_000  # a still span is told from this length on
JOINED_US: Final = 3_000_000  # active spans nearer than this are one
_STEADY: Final = 0.8  # share of the comparisons in which an overlay's cell changes
_OVERLAY: Final = 0.2  # share of the cells beyond which it is the scene that moves

Cells = NDArray[np.uint8]


class Activity:
    name = "activity"
    version = 1
    wants = Wants.KEY_FRAMES

    def start(self, subject: Subject, span: Span) -> Session:
        del subject, span
        return _Differences()

    def merge(self, subject: Subject, partials: Sequence[Partial]) -> Finding:
        del subject
        cells = joined([unpack(p.data) for p in partials if p.data], ACROSS * DOWN)
        if not len(cells.values):
            return Finding({"compared": 0})
        changed = beyond_noise(cells.values)
        scores = score(changed)
        active = spans(cells, scores >= ACTIVE, JOINED_US)
        still = [one for one in spans(cells, scores < ACTIVE) if one[1] - one[0] >= STILL_US]
        table = np.column_stack([scores, regions(changed)])
        facts = {
            "compared": len(scores),
            "active_s": seconds_of(active),
            "active_spans": len(active),
            "still_s": seconds_of(still),
            "longest_still_s": seconds_of(sorted(still, key=lambda one: one[1] - one[0])[-1:]),
        }
        kind = "application/octet-stream"
        blobs = (
            Blob("activity", kind, pack(Series(cells.starts, cells.ends, table)), {"regions": 48}),
            Blob("active", kind, pack_spans(active)),
            Blob("still", kind, pack_spans(still)),
        )
        return Finding(facts, blobs)


class _Differences:
    def __init__(self) -> None:
        self._before: tuple[int, Grey] | None = None
        self._rows: list[Cells] = []
        self._times: list[tuple[int, int]] = []

    def push(self, material: Material, /) -> None:
        if not isinstance(material, Picture) or isinstance(material, InGroup):
            return
        now = (int(material.seconds * 1_000_000), material.grey())
        if self._before is not None:
            self._times.append((self._before[0], now[0]))
            self._rows.append(difference(self._before[1], now[1]))
        self._before = now

    def finish(self) -> Partial:
        if not self._rows:
            return Partial({})
        times = np.array(self._times, np.int64)
        return Partial({}, pack(Series(times[:, 0], times[:, 1], np.stack(self._rows))))


def difference(one: Grey, other: Grey) -> Cells:
    """Mean absolute difference of two grey pictures in each cell, in steps; shape (cells,).

    A change of light over the whole picture, as when a camera adjusts itself, is taken out first.
    """
    change = other.astype(np.int16) - one
    change -= np.int16(np.median(change[::4, ::4]))
    width, height = GREY
    cells = np.abs(change).reshape(DOWN, height // DOWN, ACROSS, width // ACROSS)
    means = cells.mean(axis=(1, 3)) * SCALE
    steps: Cells = means.clip(0, 255).astype(np.uint8).reshape(-1)
    return steps


def beyond_noise(cells: Cells) -> Cells:
    """``cells`` (n, cells) less the noise, and without an overlay's cells."""
    noise = int(np.percentile(cells, 25)) if len(cells) else 0
    rest = np.maximum(cells.astype(np.int16) - _floor(noise), 0).astype(np.uint8)
    steady = (rest > 0).mean(axis=0) >= _STEADY
    if len(cells) > 2 and steady.mean() <= _OVERLAY:
        rest[:, steady] = 0
    return rest


def _floor(noise: int) -> int:
    """What counts as change begins above the noise; a scene in motion throughout has no quiet part."""
    return min(noise + noise // 2, 2 * SCALE) + SCALE // 4


def score(changed: Cells) -> Cells:
    """Mean of the busiest cells of each row; shape (n,)."""
    busiest = np.sort(changed, axis=1)[:, -BUSIEST:]
    scores: Cells = busiest.mean(axis=1).astype(np.uint8)
    return scores


def regions(changed: Cells) -> Cells:
    """Each four cells as one: shape (n, 48), 8 across and 6 down, the most of the four."""
    rows = changed.reshape(-1, DOWN // 2, 2, ACROSS // 2, 2)
    most: Cells = rows.max(axis=(2, 4)).reshape(len(changed), -1)
    return most
