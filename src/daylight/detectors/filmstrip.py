"""The filmstrip: key frames evenly spread over a recording, on one sheet, clear and shielded.

Which key frames are taken is planned from the whole index, so that it does not matter how the item
was cut into spans.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np

from daylight.detectors.base import (
    Blob,
    Finding,
    Material,
    Partial,
    Session,
    Span,
    Subject,
)
from daylight.detectors.registry import Wants
from daylight.detectors.sheets import Pixels, grid, jpeg, shielded
from daylight.media.keyframes import KeyFrameIndex, looked_at
from daylight.media.picture import Picture

TILES: Final = 120  # at most
COLUMNS: Final = 10
_MICROSECONDS: Final = 1_000_000


def plan(index: KeyFrameIndex, duration: Fraction) -> tuple[int, ...]:
    """Numbers of the key frames to show, of those that are decoded.

    One for each of ``TILES`` equal parts, or for each second if those are fewer: the nearest to the
    middle of its part, each at most once.
    """
    seen = sorted(looked_at(index), key=index.times.__getitem__)  # a clock may fall back
    times = [index.times[number] for number in seen]
    parts = max(1, min(TILES, len(seen), int(duration)))
    middles = (duration * (2 * part + 1) / (2 * parts) / index.time_base for part in range(parts))
    return tuple(sorted({seen[_nearest(times, middle)] for middle in middles}))


def _nearest(times: Sequence[int], wanted: Fraction) -> int:
    """Place in the sorted ``times`` of the one nearest to ``wanted``, of two the earlier."""
    after = bisect_left(times, wanted)
    if after == len(times):
        return after - 1
    return after - 1 if after and wanted - times[after - 1] <= times[after] - wanted else after


class Filmstrip:
    name = "filmstrip"
    version = 1
    wants = Wants.KEY_FRAMES

    def start(self, subject: Subject, span: Span) -> Session:
        index = subject.index
        if index is None or not len(index):
            return _Tiles(frozenset())
        chosen = plan(index, subject.facts.duration or Fraction(1))
        return _Tiles(frozenset(n for n in chosen if span.first <= n < span.last))

    def merge(self, subject: Subject, partials: Sequence[Partial]) -> Finding:
        tiles: dict[int, Pixels] = {}
        for partial in partials:
            tiles |= _unpacked(partial)
        index = subject.index
        if not tiles or index is None:
            return Finding({"tiles": 0})
        height, width = tiles[min(tiles)].shape[:2]
        numbers = sorted(n for n, tile in tiles.items() if tile.shape == (height, width, 3))
        shown = [tiles[n] for n in numbers]
        facts = {
            "columns": COLUMNS,
            "count": len(shown),
            "tile_width": width,
            "tile_height": height,
            "times_us": [int(index.seconds(n) * _MICROSECONDS) for n in numbers],
        }
        columns = min(COLUMNS, len(shown))
        clear = grid(shown, columns)
        dark = grid([shielded(tile) for tile in shown], columns)
        facts["columns"] = columns
        return Finding(
            {"tiles": len(shown)},
            (
                Blob("filmstrip-clear", "image/jpeg", jpeg(clear), facts),
                Blob("filmstrip-shielded", "image/jpeg", jpeg(dark), facts),
            ),
        )


class _Tiles:
    """Small pictures of the chosen key frames of one span."""

    def __init__(self, chosen: frozenset[int]) -> None:
        self._chosen = chosen
        self._tiles: dict[int, Pixels] = {}

    def push(self, material: Material, /) -> None:
        if not isinstance(material, Picture) or material.ordinal:
            return
        if material.number in self._chosen:
            self._tiles[material.number] = material.small()

    def finish(self) -> Partial:
        numbers = sorted(self._tiles)
        shapes = [list(self._tiles[n].shape[:2]) for n in numbers]
        data = b"".join(self._tiles[n].tobytes() for n in numbers)
        return Partial({"numbers": numbers, "shapes": shapes}, data)


def _unpacked(partial: Partial) -> dict[int, Pixels]:
    """Tiles by number. Raises ``ValueError`` where facts and bytes disagree."""
    tiles: dict[int, Pixels] = {}
    facts: Mapping[str, Any] = partial.facts
    at = 0
    for number, (height, width) in zip(facts["numbers"], facts["shapes"], strict=True):
        size = height * width * 3
        piece = np.frombuffer(partial.data[at : at + size], np.uint8)
        tiles[number] = piece.reshape(height, width, 3)
        at += size
    return tiles
