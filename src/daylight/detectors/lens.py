"""The lens: spans in which the picture is black, shows no detail (covered, out of focus), or is frozen.

Frozen means that not even the noise moves from one picture to the next: a camera always has noise,
so such a picture was repeated, or an encoder took the noise away. A burnt-in clock may go on. Where an
encoder changes its fineness from picture to picture, a frozen one is not told.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.detectors.activity import difference
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
from daylight.media.keyframes import looked_at
from daylight.media.picture import Grey, InGroup, Picture

COLUMNS: Final = 3  # brightness, detail, share of the picture that has changed
BLACK: Final = 24  # mean grey level
BLACK_DETAIL: Final = 6  # in tenths of a grey level
PLAIN_DETAIL: Final = 8
LOST: Final = 0.25  # of the item's usual detail
FROZEN: Final = 38  # in 255ths of the picture: a clock's share may change
LEAST_US: Final = 3_000_000  # shorter spans are not told


class Lens:
    name = "lens"
    version = 1
    wants = Wants.KEY_FRAMES

    def start(self, subject: Subject, span: Span) -> Session:
        index = subject.index
        is_last = index is None or all(number < span.last for number in looked_at(index))
        end = int((subject.facts.duration or 0) * 1_000_000) if is_last else None
        return _Looks(end)

    def merge(self, subject: Subject, partials: Sequence[Partial]) -> Finding:
        del subject
        seen = joined([unpack(p.data) for p in partials if p.data], COLUMNS)
        if not len(seen.values):
            return Finding({"pictures": 0})
        light, detail, changed = seen.values.T
        usual = float(np.percentile(detail, 75))
        black = (light < BLACK) & (detail < BLACK_DETAIL)
        covered = ~black & ((detail < PLAIN_DETAIL) | (detail < LOST * usual))
        frozen = ~black & ~covered & (changed <= FROZEN)
        found = {"black": black, "covered": covered, "frozen": frozen}
        told = {name: _told(seen, which) for name, which in found.items()}
        facts = {f"{name}_s": seconds_of(one) for name, one in told.items()}
        blobs = tuple(
            Blob(name, "application/octet-stream", pack_spans(one))
            for name, one in told.items()
            if one
        )
        return Finding({"pictures": len(seen.values), **facts}, blobs)


class _Looks:
    """Of each picture its brightness and detail, and what changes up to the next one.

    ``end``: of the item, in microseconds, for its last span.
    """

    def __init__(self, end: int | None) -> None:
        self._end = end
        self._before: tuple[int, Grey] | None = None
        self._rows: list[tuple[int, int, int, int, int]] = []

    def push(self, material: Material, /) -> None:
        if not isinstance(material, Picture) or isinstance(material, InGroup):
            return
        at, grey = int(material.seconds * 1_000_000), material.grey()
        if self._before is not None:
            self._row(at, changed_share(difference(self._before[1], grey)))
        self._before = (at, grey)

    def _row(self, end: int, changed: int) -> None:
        if self._before is not None:
            start, grey = self._before
            self._rows.append((start, end, *look(grey), changed))

    def finish(self) -> Partial:
        if self._end is not None and self._before is not None:
            self._row(max(self._end, self._before[0]), self._rows[-1][4] if self._rows else 255)
        if not self._rows:
            return Partial({})
        table = np.array(self._rows, np.int64)
        return Partial({}, pack(Series(table[:, 0], table[:, 1], table[:, 2:].astype(np.uint8))))


def look(grey: Grey) -> tuple[int, int]:
    """(mean grey level, mean difference of neighbours in tenths of a level), each up to 255."""
    across = np.abs(np.diff(grey.astype(np.int16), axis=1)).mean()
    return int(grey.mean()), min(255, int(across * 10))


def changed_share(cells: NDArray[np.uint8]) -> int:
    """255ths of the cells that differ by more than rounding."""
    return int((cells > 1).mean() * 255)


def _told(seen: Series, which: NDArray[np.bool_]) -> list[tuple[int, int]]:
    return [one for one in spans(seen, which) if one[1] - one[0] >= LEAST_US]
