"""Is a container as long as it says, and does it end where it should? Sizes alone, no decoding.

Players skip over such damage without a word; here it is what tells a cut recording from a whole one.
"""

import os
from collections.abc import Callable, Iterator
from typing import Final

ZERO_TAIL: Final = 4096  # bytes of zeros at the end that no muxer writes
_TS_PACKET: Final = 188
_MAX_BOXES: Final = 1_000_000
_EBML_SEGMENT: Final = b"\x18\x53\x80\x67"
_CHUNK: Final = 1 << 20


def faults(descriptor: int, size: int, container: str) -> list[str]:
    """Plain sentences, the gravest first; empty for a container without visible fault."""
    check = _CHECKS.get(container)
    found = list(check(descriptor, size)) if check else []
    zeros = zero_tail(descriptor, size)
    if zeros >= ZERO_TAIL:
        found.append(f"the last {zeros} bytes are zeros")
    return found


def zero_tail(descriptor: int, size: int) -> int:
    """How many zero bytes the file ends in."""
    zeros = 0
    while zeros < size:
        start = max(0, size - zeros - _CHUNK)
        data = os.pread(descriptor, size - zeros - start, start)
        rest = len(data.rstrip(b"\0"))
        zeros += len(data) - rest
        if rest or not data:
            break
    return zeros


def _mp4(descriptor: int, size: int) -> Iterator[str]:
    """ISO/IEC 14496-12 4.2: boxes follow each other to the end of the file."""
    at, seen = 0, set()
    for _ in range(_MAX_BOXES):
        if at >= size:
            break
        head = os.pread(descriptor, 16, at)
        length, name = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        elif length == 0 and name.strip(b"\0"):
            length = size - at  # "to the end of the file"
        if length < 8 or not name.isascii() or not name.strip(b"\0"):
            yield f"what follows byte {at} is no part of the container"
            break
        seen.add(name)
        if at + length > size:
            yield f"the recording was cut off: {at + length - size} bytes are missing"
        at += length
    if b"moov" not in seen and b"moof" not in seen:
        yield "the index (moov) is missing: the recording was cut off or its end is lost"


def _matroska(descriptor: int, size: int) -> Iterator[str]:
    """RFC 8794: the Segment's size, where it was written at the end of the recording."""
    head = os.pread(descriptor, 4096, 0)
    at = head.find(_EBML_SEGMENT)
    if at < 0:
        return
    length, width = _vint(head[at + 4 : at + 12])
    end = at + 4 + width + length
    if width and length != (1 << 7 * width) - 1 and end > size:
        yield f"the recording was cut off: {end - size} bytes are missing"


def _vint(data: bytes) -> tuple[int, int]:
    """An EBML variable-size integer: (value, bytes it takes)."""
    if not data or data[0] == 0:
        return 0, 0
    width = 9 - data[0].bit_length()
    return int.from_bytes(data[:width], "big") & (1 << 7 * width) - 1, width


def _riff(descriptor: int, size: int) -> Iterator[str]:
    head = os.pread(descriptor, 8, 0)
    end = int.from_bytes(head[4:8], "little") + 8
    if head[:4] == b"RIFF" and end > size:
        yield f"the recording was cut off: {end - size} bytes are missing"


def _mpegts(descriptor: int, size: int) -> Iterator[str]:
    first = os.pread(descriptor, 1, 0)
    if first == b"\x47" and size % _TS_PACKET:
        yield "the recording was cut off in the middle of a packet"


_CHECKS: Final[dict[str, Callable[[int, int], Iterator[str]]]] = {
    "mp4": _mp4,
    "matroska": _matroska,
    "avi": _riff,
    "wav": _riff,
    "mpegts": _mpegts,
}
