"""How ISO media asks players to turn the picture: the matrix in each track's header.

ISO/IEC 14496-12 8.3.2; PyAV shows it with decoded frames only.
"""

import math
import os
import struct
from collections.abc import Iterator
from typing import Final

MAX_INDEX: Final = 64 << 20  # bytes of a moov that are read
_MAX_BOXES: Final = 10_000
_TRACK_AND_MATRIX: Final = (struct.Struct(">12xI24xii"), struct.Struct(">20xI28xii"))  # by version


def rotations(descriptor: int, size: int) -> dict[int, int]:
    """Degrees clockwise (0, 90, 180 or 270) by track number, of tracks that are turned."""
    found: dict[int, int] = {}
    for header in _track_headers(_moov(descriptor, size)):
        layout = _TRACK_AND_MATRIX[1 if header[:1] == b"\x01" else 0]
        if len(header) < layout.size:
            continue
        track, a, b = layout.unpack_from(header)
        degrees = round(math.degrees(math.atan2(b, a)))
        if degrees % 90 == 0 and degrees % 360:
            found[track] = degrees % 360
    return found


def _moov(descriptor: int, size: int) -> bytes:
    at = 0
    for _ in range(_MAX_BOXES):
        head = os.pread(descriptor, 16, at)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if head[4:8] == b"moov":
            return os.pread(descriptor, min(length, MAX_INDEX), at)[8:]
        if length < 8 or at + length >= size:
            break
        at += length
    return b""


def _track_headers(moov: bytes) -> Iterator[bytes]:
    for name, trak in _boxes(moov):
        if name == b"trak":
            yield from (body for inner, body in _boxes(trak) if inner == b"tkhd")


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if length < 8:
            return
        yield data[at + 4 : at + 8], data[at + 8 : at + length]
        at += length
