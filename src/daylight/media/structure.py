"""Is a container as long as it says, and does it end where it should? Sizes alone, no decoding.

Players skip over such damage without a word; here it is what tells a cut recording from a whole one.
"""

import os
from collections.abc import Callable, Iterator
from typing import Final

ZERO_TAIL: Final = 4096  # bytes of zeros at the end that no muxer writes
_TS_PACKET: Final = 188
_MAX_BOXES: Final = 1_000_000
_EBML_HEADER: Final = b"\x1a\x45\xdf\xa3"
_EBML_SEGMENT: Final = b"\x18\x53\x80\x67"
_LEVEL_1: Final = frozenset(  # RFC 9559, section 5.1; Void and CRC-32 may stand anywhere
    bytes.fromhex(name)
    for name in (
        "114d9b74 1549a966 1654ae6b 1f43b675 1c53bb6b 1941a469 1043a770 1254c367 ec bf"
    ).split()
)
_RIFF_UNKNOWN: Final = 0xFFFFFFFF
_PACK: Final = 2048
_PROGRAM_END: Final = 0xB9
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
    """RFC 8794: elements follow each other to the end of the Segment, and that ends the file."""
    head = os.pread(descriptor, 4096, 0)
    found = head.find(_EBML_SEGMENT)
    if found < 0:
        return
    length, width = _vint(head[found + 4 : found + 12])
    if not width:
        return
    at = found + 4 + width
    end = at + length if length != _unknown(width) else size
    if end > size:
        yield f"the recording was cut off: {end - size} bytes are missing"
    elif end < size and os.pread(descriptor, 4, end) != _EBML_HEADER:
        yield from _stray(descriptor, end, size)
    for _ in range(_MAX_BOXES):
        if at >= min(end, size):
            break
        name, length, width = _element(os.pread(descriptor, 12, at))
        if name not in _LEVEL_1:
            yield f"what follows byte {at} is no part of the container"
            break
        if length == _unknown(width):  # written live: its end is not stated
            break
        at += len(name) + width + length
    if at > size >= end:
        yield f"the recording was cut off: {at - size} bytes are missing"


def _element(head: bytes) -> tuple[bytes, int, int]:
    """An EBML element's head: (name, length of its body, bytes that the length takes)."""
    _, width = _vint(head)
    length, taken = _vint(head[width:])
    return (head[:width], length, taken) if width and taken else (b"", 0, 0)


def _unknown(width: int) -> int:
    return (1 << 7 * width) - 1


def _vint(data: bytes) -> tuple[int, int]:
    """An EBML variable-size integer: (value, bytes it takes)."""
    if not data or data[0] == 0:
        return 0, 0
    width = 9 - data[0].bit_length()
    return int.from_bytes(data[:width], "big") & (1 << 7 * width) - 1, width


def _stray(descriptor: int, start: int, size: int) -> Iterator[str]:
    """Something after the container's end; zeros are told by ``zero_tail``."""
    if os.pread(descriptor, _CHUNK, start).strip(b"\0"):
        yield f"what follows byte {start} is no part of the container ({size - start} bytes)"


def _wav(descriptor: int, size: int) -> Iterator[str]:
    head = os.pread(descriptor, 8, 0)
    length = int.from_bytes(head[4:8], "little")
    if head[:4] == b"RIFF" and length != _RIFF_UNKNOWN and length + 8 > size:
        yield f"the recording was cut off: {length + 8 - size} bytes are missing"


def _avi(descriptor: int, size: int) -> Iterator[str]:
    """OpenDML: RIFF chunks follow each other, each of at most some gigabytes."""
    at = 0
    for _ in range(_MAX_BOXES):
        head = os.pread(descriptor, 8, at)
        length = int.from_bytes(head[4:8], "little")
        if head[:4] not in (b"RIFF", b"JUNK"):
            if at:
                yield from _stray(descriptor, at, size)
            return
        if length in (0, _RIFF_UNKNOWN):
            yield "the recording was never finished: its length was not written"
            return
        at += 8 + length + (length & 1)
        if at >= size:
            break
    if at > size + 1:
        yield f"the recording was cut off: {at - size} bytes are missing"


def _mpegts(descriptor: int, size: int) -> Iterator[str]:
    first = os.pread(descriptor, 1, 0)
    if first == b"\x47" and size % _TS_PACKET:
        yield "the recording was cut off in the middle of a packet"


def _mpeg(descriptor: int, size: int) -> Iterator[str]:
    """Program streams (ITU-T H.222.0 2.5.3): whole packs, then whole packets to the end."""
    lost = _lost_packs(descriptor, size)
    if lost:
        yield f"{lost} packs are missing or overwritten"
    start = max(0, size - _CHUNK)
    tail = os.pread(descriptor, _CHUNK, start)
    pack = tail.rfind(b"\x00\x00\x01\xba")
    if pack < 0:
        return
    at = start + _after_packets(tail, pack)
    if at > size:
        yield f"the recording was cut off: {at - size} bytes are missing"
    elif at < size:
        yield from _stray(descriptor, at, size)


def _after_packets(tail: bytes, pack: int) -> int:
    """Where the last pack ends by its own account, which may lie beyond the data."""
    body = tail[pack + 4 : pack + 14]
    if len(body) < 10:
        return pack + 14
    at = pack + (14 + (body[9] & 7) if body[0] >> 6 == 1 else 12)
    while tail[at : at + 3] == b"\x00\x00\x01" and at + 3 < len(tail):
        if tail[at + 3] == _PROGRAM_END:
            return at + 4
        if at + 6 > len(tail):
            return at + 6
        at += 6 + int.from_bytes(tail[at + 4 : at + 6], "big")
    return at


def _lost_packs(descriptor: int, size: int) -> int:
    """Where packs have one length (as recorders and discs have them): how many do not begin."""
    head = os.pread(descriptor, _PACK * 8, 0)
    if size < _PACK * 8 or _starts(head) < 8:
        return 0
    lost = 0
    for at in range(0, size - _PACK, _CHUNK):
        data = os.pread(descriptor, min(_CHUNK, size - _PACK - at), at)
        lost += -(-len(data) // _PACK) - _starts(data)
    return lost


def _starts(data: bytes) -> int:
    """How many of the packs in ``data`` begin as packs do."""
    columns = zip(data[0::_PACK], data[1::_PACK], data[2::_PACK], data[3::_PACK], strict=False)
    return sum(column == (0, 0, 1, 0xBA) for column in columns)


_CHECKS: Final[dict[str, Callable[[int, int], Iterator[str]]]] = {
    "mp4": _mp4,
    "matroska": _matroska,
    "avi": _avi,
    "wav": _wav,
    "mpegts": _mpegts,
    "mpeg": _mpeg,
}
