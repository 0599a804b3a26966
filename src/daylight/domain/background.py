"""A background as it lies in the store: the median picture of a recording, and how much it changes.

The blob: the line ``daylight background/1``, the number of pictures (u16, little-endian), then
``WIDTH`` x ``HEIGHT`` bytes of luma, row by row, then the middle half's width of each block of
``SPREAD_STEP`` x ``SPREAD_STEP`` pixels, a byte each.
"""

import struct
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 80
HEIGHT: Final = 60
SPREAD_STEP: Final = 2
MAGIC: Final = b"daylight background/1\n"
_AREA: Final = WIDTH * HEIGHT
_BLOCKS: Final = _AREA // SPREAD_STEP**2
LENGTH: Final = len(MAGIC) + 2 + _AREA + _BLOCKS


@dataclass(frozen=True, slots=True)
class Background:
    """``median``: WIDTH x HEIGHT bytes; ``spread``: a byte for each block; of ``pictures`` pictures."""

    pictures: int
    median: bytes
    spread: bytes


def unpack(blob: bytes) -> Background:
    """Raises ``ValueError`` for bytes that are not a background."""
    if len(blob) != LENGTH or not blob.startswith(MAGIC):
        raise ValueError("these bytes are not a background")
    at = len(MAGIC)
    (pictures,) = struct.unpack_from("<H", blob, at)
    if not pictures:
        raise ValueError("a background is made of pictures")
    return Background(pictures, blob[at + 2 : at + 2 + _AREA], blob[at + 2 + _AREA :])
