"""Crops of the lines of text over an item's pictures, packed: what a reader of clocks is given.

A *strip* is one line of text: where its characters stand in the picture, and its crops, in eight greys,
each with the time of its picture. Form (``overlay/1``): magic, count of strips, their heads, and then, zlib
compressed, times and pixels of each strip in turn. Unpacking believes nothing.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAGIC: Final = b"DLOV\x01\x00\x00\x00"
MOST_STRIPS: Final = 4096
MOST_SIDE: Final = 1 << 14
MOST_ROWS: Final = 128
MOST_COLUMNS: Final = 8192
MOST_BYTES: Final = 1 << 30
GREYS: Final = 16
_HEAD: Final = struct.Struct("<8H2H2B2xIf")
_COUNT: Final = struct.Struct("<I")

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Strip:
    """``box``: x, y, width, height of the characters in the picture, in pixels; ``cut``: of the crop.

    ``pixels``: shape (pictures, rows, columns), 0 to ``GREYS`` - 1, as in the picture (not turned over).
    ``times``: microseconds of media time, ascending or not. ``dark``: whether the strokes were found
    as dark ones. ``still``: one crop, the mean over all pictures, instead of one a picture. ``score``:
    how much it looks like text, for ordering only.
    """

    box: tuple[int, int, int, int]
    cut: tuple[int, int, int, int]
    dark: bool
    still: bool
    score: float
    times: NDArray[np.int64]
    pixels: Pixels


def quantised(grey: NDArray[np.uint8] | NDArray[np.float32]) -> Pixels:
    """Greys 0 to 255 in ``GREYS`` levels."""
    return (grey.astype(np.uint16) * GREYS // 256).astype(np.uint8)


def pack(strips: Sequence[Strip]) -> bytes:
    heads, body = [], []
    for one in strips:
        count, rows, columns = one.pixels.shape
        heads.append(
            _HEAD.pack(*one.box, *one.cut, rows, columns, one.dark, one.still, count, one.score)
        )
        body.append(one.times.astype("<i8").tobytes())
        flat = one.pixels.reshape(-1)
        flat = np.append(flat, np.zeros(len(flat) % 2, np.uint8))
        body.append((flat[::2] << 4 | flat[1::2]).astype(np.uint8).tobytes())
    return b"".join([MAGIC, _COUNT.pack(len(strips)), *heads, zlib.compress(b"".join(body), 6)])


def unpack(data: bytes) -> tuple[Strip, ...]:
    """Raises ``ValueError`` for anything that :func:`pack` does not write."""
    try:
        return _unpacked(data)
    except (struct.error, zlib.error) as error:
        raise ValueError(f"no crops of lines: {error}") from error


def _unpacked(data: bytes) -> tuple[Strip, ...]:
    if data[: len(MAGIC)] != MAGIC:
        raise ValueError("no crops of lines: another form")
    (count,) = _COUNT.unpack_from(data, len(MAGIC))
    if count > MOST_STRIPS:
        raise ValueError("no crops of lines: too many")
    at = len(MAGIC) + _COUNT.size
    heads = [_HEAD.unpack_from(data, at + n * _HEAD.size) for n in range(count)]
    sizes = [_size(head) for head in heads]
    if sum(sizes) > MOST_BYTES:
        raise ValueError("no crops of lines: too large")
    body = _inflated(data[at + count * _HEAD.size :], sum(sizes))
    strips, at = [], 0
    for head, size in zip(heads, sizes, strict=True):
        strips.append(_strip(head, body[at : at + size]))
        at += size
    return tuple(strips)


def _size(head: tuple[float, ...]) -> int:
    rows, columns, dark, still, count = (int(one) for one in head[8:13])
    if not (0 < rows <= MOST_ROWS and 0 < columns <= MOST_COLUMNS and dark <= 1 and still <= 1):
        raise ValueError("no crops of lines: a strip of impossible size")
    if any(one > MOST_SIDE for one in head[:8]) or not np.isfinite(head[13]) or not count:
        raise ValueError("no crops of lines: a strip at an impossible place")
    if still and count != 1:
        raise ValueError("no crops of lines: a mean that is several")
    return 8 * count + (count * rows * columns + 1) // 2


def _inflated(data: bytes, size: int) -> bytes:
    engine = zlib.decompressobj()
    body = engine.decompress(data, size + 1)
    if len(body) != size or not engine.eof or engine.unused_data or engine.unconsumed_tail:
        raise ValueError("no crops of lines: of another length than said")
    return body


def _strip(head: tuple[float, ...], body: bytes) -> Strip:
    rows, columns, dark, still, count = (int(one) for one in head[8:13])
    times = np.frombuffer(body, "<i8", count).astype(np.int64)
    packed = np.frombuffer(body, np.uint8, offset=8 * count)
    flat = np.empty(2 * len(packed), np.uint8)
    flat[::2], flat[1::2] = packed >> 4, packed & 15
    if len(flat) != count * rows * columns and flat[-1]:
        raise ValueError("no crops of lines: more pixels than said")
    pixels = flat[: count * rows * columns].reshape(count, rows, columns)
    box, cut = (_four(head[n : n + 4]) for n in (0, 4))
    return Strip(box, cut, bool(dark), bool(still), float(head[13]), times, pixels)


def _four(values: tuple[float, ...]) -> tuple[int, int, int, int]:
    x, y, width, height = (int(one) for one in values)
    if not width or not height:
        raise ValueError("no crops of lines: an empty box")
    return x, y, width, height
