"""Fingerprints of a recording's pictures: columns, and their compact form in the store.

Blob, little-endian: the line ``daylight prints/1``; duration in microseconds (i64), width, height (u32),
number of pictures (u32); then, each for all pictures, time in microseconds from media zero (i64),
digest of the coded slices (16 bytes, zeros for a picture that is no key frame or has none), box (four u16,
1/10000), hashes (4 x 32 bytes) and thumbs (24 x 32 bytes, zlib: each as its difference from the one before).
"""

import struct
import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.errors import MediaRefused
from daylight.media.canvas import CROPS, TILES

MAGIC: Final = b"daylight prints/1\n"
DIGEST: Final = 16  # bytes
MOST: Final = 2_000_000  # pictures
_HEAD: Final = struct.Struct("<qIII")
_TILE: Final = TILES[0] * TILES[1]
_HASH: Final = 32 * len(CROPS)
_FIXED: Final = 8 + DIGEST + 8 + _HASH  # bytes a picture, beside the thumb


@dataclass(frozen=True, slots=True)
class Prints:
    """Columns of equal length n, sorted by time.

    ``times``: int64 microseconds from media zero; ``digests``: uint8 (n, 16), zeros for none;
    ``boxes``: uint16 (n, 4); ``hashes``: uint8 (n, 4, 32); ``thumbs``: uint8 (n, 24, 32).
    """

    duration_us: int
    width: int
    height: int
    times: NDArray[np.int64]
    digests: NDArray[np.uint8]
    boxes: NDArray[np.uint16]
    hashes: NDArray[np.uint8]
    thumbs: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.times)


def pack(prints: Prints) -> bytes:
    head = _HEAD.pack(prints.duration_us, prints.width, prints.height, len(prints))
    moved = np.diff(
        prints.thumbs.reshape(-1, _TILE), axis=0, prepend=np.zeros((1, _TILE), np.uint8)
    )
    columns = (
        prints.times.astype("<i8"),
        prints.digests,
        prints.boxes.astype("<u2"),
        prints.hashes,
    )
    parts = [column.tobytes() for column in columns]
    return b"".join([MAGIC, head, *parts, zlib.compress(moved.tobytes(), 6)])


def unpack(data: bytes) -> Prints:
    """The columns of a blob. Raises ``MediaRefused`` for anything that is not one."""
    at = len(MAGIC) + _HEAD.size
    if not data.startswith(MAGIC) or len(data) < at:
        raise MediaRefused("the fingerprint is not one")
    duration, width, height, count = _HEAD.unpack_from(data, len(MAGIC))
    if count > MOST or duration < 0 or len(data) < at + count * _FIXED:
        raise MediaRefused("the fingerprint contradicts itself")
    times = np.frombuffer(data, "<i8", count, at)
    digests = np.frombuffer(data, np.uint8, count * DIGEST, at + 8 * count)
    boxes = np.frombuffer(data, "<u2", count * 4, at + (8 + DIGEST) * count)
    hashes = np.frombuffer(data, np.uint8, count * _HASH, at + (16 + DIGEST) * count)
    if (np.diff(times) < 0).any() or (boxes > 10_000).any():
        raise MediaRefused("the fingerprint contradicts itself")
    return Prints(
        duration,
        width,
        height,
        times.astype(np.int64),
        digests.reshape(count, DIGEST),
        boxes.astype(np.uint16).reshape(count, 4),
        hashes.reshape(count, len(CROPS), 32),
        _thumbs(data[at + count * _FIXED :], count),
    )


def _thumbs(squeezed: bytes, count: int) -> NDArray[np.uint8]:
    size, opener = count * _TILE, zlib.decompressobj()
    try:
        plain = opener.decompress(squeezed, size + 1)
    except zlib.error as error:
        raise MediaRefused("the fingerprint's thumbs do not open") from error
    if len(plain) != size or not opener.eof or opener.unused_data:
        raise MediaRefused("the fingerprint has other thumbs than pictures")
    moved = np.frombuffer(plain, np.uint8).reshape(count, _TILE)
    whole = np.cumsum(moved, axis=0, dtype=np.uint8)
    return whole.reshape(count, TILES[1], TILES[0])
