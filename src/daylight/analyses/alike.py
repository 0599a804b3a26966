"""Pictures that may be the same, found among millions without comparing all with all.

Locality-sensitive hashing by sampled bits (Indyk, Motwani 1998) over the hashes of ``media.canvas``. A
camera that does not move fills one bucket with everything it ever saw; such a bucket is split once more by
what sets each picture apart from the mean of its bucket (somebody in the corridor, the digits of the clock),
as signs of random projections (Charikar 2002). So the work grows with the number of pictures, not with its
square, and pictures that nothing sets apart are left alone: they would prove nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.media.canvas import BITS, CROPS, TILES, mirrored

TABLES: Final = 6
CROWD: Final = 16  # pictures of a bucket that are compared with one another
MOB: Final = 20  # of a bucket that was split
FAR: Final = 76  # bits of 256: no likeness beyond
FAINT: Final = 0.12  # a weight that is not worth keeping
_SIGNS: Final = 40  # projections at most
_STILL: Final = 2.5  # grey levels that coding may change
_SPREAD: Final = 45.0  # grey levels that contrast is brought to
_TILE: Final = TILES[0] * TILES[1]
_PIECE: Final = 1 << 20  # pairs handled at a time

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pictures:
    """Columns: ``item``, ``time`` (µs), ``hashes`` uint8 (n, 4, 32), ``thumbs`` uint8 (n, 24, 32)."""

    item: Ints
    time: Ints
    hashes: NDArray[np.uint8]
    thumbs: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Columns: rows ``one`` and ``other`` of pictures; ``view`` of the second, 0 as it is, 1 to 3 its
    middle (see ``CROPS``), 4 mirrored; ``weight`` in (0, 1].
    """

    one: Ints
    other: Ints
    view: Ints
    weight: Floats


VIEWS: Final = len(CROPS) + 1
MIRRORED: Final = len(CROPS)


def alike(pictures: Pictures) -> Pairs:
    """Pairs of pictures of different items, each once a view."""
    if len(pictures.item) < 2:
        return _pairs([])
    views = _views(pictures.hashes)
    tiles = _normal(pictures.thumbs)
    found = [
        np.unique(
            np.concatenate(
                [np.zeros((3, 0), np.int64), *_table(pictures, views, tiles, number)], axis=1
            ),
            axis=1,
        )
        for number in range(TABLES)
    ]
    every = np.unique(np.concatenate(found, axis=1), axis=1)
    return _pairs(
        [_weighed(views, tiles, every[:, n : n + _PIECE]) for n in range(0, every.shape[1], _PIECE)]
    )


def _pairs(parts: Sequence[tuple[Ints, Floats]]) -> Pairs:
    rows = np.concatenate([np.zeros((3, 0), np.int64), *(rows for rows, _ in parts)], axis=1)
    weight = np.concatenate([np.zeros(0, np.float32), *(weight for _, weight in parts)])
    return Pairs(rows[0], rows[1], rows[2], weight)


def _views(hashes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Shape (views, n, 32)."""
    return np.stack([*(hashes[:, n] for n in range(len(CROPS))), mirrored(hashes[:, 0])])


def normal(thumbs: NDArray[np.uint8]) -> Floats:
    """Thumbs of one brightness and contrast, shape (n, 768)."""
    return _normal(thumbs).astype(np.float32)


def unlike_tiles(one: Floats, other: Floats) -> NDArray[np.float64]:
    """In grey levels, for each row: over the eight tiles that differ most after the first two.

    Two are let pass: the seconds of a clock. A date and an hour take more.
    """
    worst = np.partition(np.abs(one - other), -10, axis=1)[:, -10:]
    worst.sort(axis=1)
    return np.asarray(worst[:, :8].mean(axis=1), np.float64)


def _normal(thumbs: NDArray[np.uint8]) -> NDArray[np.float16]:
    """Thumbs of one brightness and contrast, shape (n, 768)."""
    tiles = np.empty((len(thumbs), _TILE), np.float16)
    for n in range(0, len(thumbs), 1 << 16):
        part = thumbs[n : n + (1 << 16)].reshape(-1, _TILE).astype(np.float32)
        part -= part.mean(axis=1, keepdims=True)
        part *= _SPREAD / np.maximum(part.std(axis=1, keepdims=True), 1.0)
        tiles[n : n + (1 << 16)] = part
    return tiles


def seen_as(tiles: Floats, view: int) -> Floats:
    """Tiles, shape (n, 768), as the middle of them would look, or they in a mirror."""
    if view == 0:
        return tiles
    whole = tiles.reshape(-1, TILES[1], TILES[0])
    if view == MIRRORED:
        return whole[:, :, ::-1].reshape(-1, _TILE)
    down, across = (_middle(size, CROPS[view]) for size in (TILES[1], TILES[0]))
    part = np.einsum("ij,njk,lk->nil", down, whole, across, optimize=True).reshape(-1, _TILE)
    part = part - part.mean(axis=1, keepdims=True)
    return np.asarray(
        part * (_SPREAD / np.maximum(part.std(axis=1, keepdims=True), 1.0)), np.float32
    )


def _middle(size: int, part: float) -> Floats:
    """Matrix, shape (size, size), that stretches the middle ``part`` of a line over the whole."""
    edges = (1 - part) / 2 * size + np.arange(size + 1) * part
    at = np.arange(size)
    shared = np.minimum(edges[1:, None], at + 1) - np.maximum(edges[:-1, None], at)
    made: Floats = (np.clip(shared, 0, None) / part).astype(np.float32)
    return made


def _table(
    pictures: Pictures, views: NDArray[np.uint8], tiles: NDArray[np.float16], number: int
) -> Iterator[Ints]:
    """(one, other, view) as columns of the pairs that one table of buckets brings together."""
    count = len(pictures.item)
    draw = np.random.default_rng(7919 + number)
    chosen = draw.choice(BITS, _key_bits(count), replace=False)
    keys = _keys(views.reshape(-1, 32), chosen)
    row, view = np.tile(np.arange(count), VIEWS), np.repeat(np.arange(VIEWS), count)
    order = np.lexsort((view, keys))
    starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
    sizes = np.diff(starts, append=len(order))
    small = (sizes > 1) & (sizes <= CROWD)
    yield from _all_pairs(order, starts[small], sizes[small], pictures.item, row, view)
    planes = draw.standard_normal((_TILE, _SIGNS)).astype(np.float32)
    for start, size in zip(starts[sizes > CROWD], sizes[sizes > CROWD], strict=True):
        members = order[start : start + size]
        if (view[members] == 0).any():
            yield from _split(pictures, tiles, row[members], view[members], planes)


def _key_bits(count: int) -> int:
    """So many that chance alone brings few together, however many there are."""
    return max(12, min(40, int(np.log2(count + 1)) + 5))


def _keys(hashed: NDArray[np.uint8], chosen: Ints) -> Ints:
    keys = np.zeros(len(hashed), np.int64)
    for bit in chosen:
        keys = (keys << 1) | ((hashed[:, bit >> 3] >> (7 - (bit & 7))) & 1)
    return keys


def _all_pairs(
    order: Ints, starts: Ints, sizes: Ints, item: Ints, row: Ints, view: Ints
) -> Iterator[Ints]:
    """Pairs within each group of rows, of which one at least is seen as it is."""
    for size in np.unique(sizes):
        upper = np.triu_indices(int(size), 1)
        members = order[starts[sizes == size][:, None] + np.arange(int(size))]
        first, second = members[:, upper[0]].ravel(), members[:, upper[1]].ravel()
        yield _useful(row[first], row[second], view[first], view[second], item)


def _useful(one: Ints, other: Ints, view: Ints, viewed: Ints, item: Ints) -> Ints:
    """Of views, the second has it; of two that are seen as they are, the first has the lower row."""
    swap = (viewed == 0) & ((view != 0) | (one > other))
    one, other = np.where(swap, other, one), np.where(swap, one, other)
    view, viewed = np.where(swap, viewed, view), np.where(swap, view, viewed)
    kept = (view == 0) & (item[one] != item[other])
    return np.stack([one[kept], other[kept], viewed[kept]])


def _split(
    pictures: Pictures, tiles: NDArray[np.float16], row: Ints, view: Ints, planes: Floats
) -> Iterator[Ints]:
    """A crowded bucket, by what sets each of its pictures apart from their mean."""
    shown = np.empty((len(row), _TILE), np.float32)
    for one in np.unique(view):
        held = view == one
        shown[held] = seen_as(tiles[row[held]].astype(np.float32), int(one))
    apart = shown - shown.mean(axis=0)
    apart = np.sign(apart) * np.maximum(np.abs(apart) - _STILL, 0)
    bits = max(8, min(_SIGNS, int(np.log2(len(row))) + 6))
    signs = apart @ planes[:, :bits] > 0
    keys = signs @ (1 << np.arange(bits, dtype=np.int64))
    keys[~apart.any(axis=1)] = -1
    order = np.lexsort((view, keys))
    starts = np.flatnonzero(np.diff(keys[order], prepend=-2))
    sizes = np.diff(starts, append=len(order))
    some = (sizes > 1) & (sizes <= MOB) & (keys[order][starts] >= 0)
    yield from _all_pairs(order, starts[some], sizes[some], pictures.item, row, view)


def _weighed(
    views: NDArray[np.uint8], tiles: NDArray[np.float16], rows: Ints
) -> tuple[Ints, Floats]:
    """Those that are near indeed, with a weight for how near their thumbs are."""
    one, other, view = rows
    bits = np.bitwise_count(views[0, one] ^ views[view, other]).sum(axis=1, dtype=np.int64)
    rows = rows[:, bits <= FAR]
    weight = np.empty(rows.shape[1], np.float32)
    for seen in range(VIEWS):
        held = np.flatnonzero(rows[2] == seen)
        for n in range(0, len(held), 1 << 15):
            part = held[n : n + (1 << 15)]
            weight[part] = _likeness(
                tiles[rows[0, part]].astype(np.float32),
                seen_as(tiles[rows[1, part]].astype(np.float32), seen),
            )
    near = weight >= FAINT
    return rows[:, near], weight[near]


def _likeness(one: Floats, other: Floats) -> Floats:
    """1 for equal thumbs; a half where tiles differ by 5 grey levels: see :func:`unlike_tiles`."""
    return np.asarray(1 / (1 + (unlike_tiles(one, other) / 5) ** 2), np.float32)
