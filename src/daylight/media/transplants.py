"""The head of a sibling put before a recording whose own was wiped: Matroska and AVI.

The head says what the streams are; what follows it says when and what. Its length is made that of
the lost one where it can be, so that places that the file itself names stay true.
"""

import os
import re
from typing import Final

from daylight.errors import MediaRefused
from daylight.media.recipe import Recipe
from daylight.media.salvaged import Salvaged

_REACH: Final = 1 << 20  # bytes in which the head must end
_CLUSTER: Final = b"\x1f\x43\xb6\x75"
_SEGMENT: Final = b"\x18\x53\x80\x67"
_KEPT: Final = {b"\x15\x49\xa9\x66": "Info", b"\x16\x54\xae\x6b": "Tracks"}
_UNKNOWN: Final = b"\x01\xff\xff\xff\xff\xff\xff\xff"  # a length that is not stated (RFC 8794 6.2)
_VOID: Final = 0xEC
_BLOCK: Final = b"\xa3"
_FIRST_IN_CLUSTER: Final = frozenset(b"\xe7\xbf\xec")  # its time, a checksum, or nothing
_UNKNOWN_CLUSTER: Final = _CLUSTER + _UNKNOWN + b"\xe7\x81\x00"  # at time zero
_TRIED: Final = 10_000  # places where the first whole block may begin
_CHUNK: Final = re.compile(rb"(?:\d\d(?:dc|db|wb))(?=.{4})", re.DOTALL)
_LIST: Final = re.compile(rb"LIST.{4}movi", re.DOTALL)
_RIFF_HEAD: Final = 12


def matroska_head(descriptor: int, size: int, lent: int, lent_size: int) -> Salvaged:
    """Raises ``MediaRefused``. Times are the clusters' own, but of a first one that was hit: zero."""
    del lent_size
    data = os.pread(descriptor, _REACH, 0)
    start = _cluster(data)
    head = _matroska(os.pread(lent, _REACH, 0))
    block = _first_block(data, start)
    if block < start:
        head += _UNKNOWN_CLUSTER
        return Salvaged(
            "matroska-head", Recipe(head, block, size), used=size - block, skipped=block
        )
    spare = start - len(head)
    if spare >= 9:
        head += bytes([_VOID]) + (1 << 56 | spare - 9).to_bytes(8, "big") + bytes(spare - 9)
    return Salvaged("matroska-head", Recipe(head, start, size), used=size - start, skipped=start)


def _cluster(data: bytes) -> int:
    """Where the first cluster begins: its name, a length, and what comes first in it (RFC 9559 5.1.3)."""
    at = data.find(_CLUSTER)
    while at >= 0:
        width = 9 - data[at + 4].bit_length() if at + 4 < len(data) and data[at + 4] else 9
        if width <= 8 and {*data[at + 4 + width : at + 5 + width]} & _FIRST_IN_CLUSTER:
            return at
        at = data.find(_CLUSTER, at + 1)
    raise MediaRefused("no cluster is found in it")


def _first_block(data: bytes, cluster: int) -> int:
    """Where blocks of a cluster whose head is lost lead on to the next; that one if none do."""
    at = len(data) - len(data.lstrip(b"\0"))
    for _ in range(_TRIED):
        at = data.find(_BLOCK, at, cluster)
        if at < 0:
            break
        if _leads_to(data, at, cluster):
            return at
        at += 1
    return cluster


def _leads_to(data: bytes, at: int, cluster: int) -> bool:
    while at < cluster and data[at : at + 1] == _BLOCK:
        _, length, width = _element(data[at : at + 12])
        if not width:
            return False
        at += 1 + width + length
    return at == cluster


def _matroska(data: bytes) -> bytes:
    """What a sibling begins with: its kind, a segment without end, its streams."""
    segment = data.find(_SEGMENT)
    if segment < 0 or segment + 12 > len(data):
        raise MediaRefused("the sibling has no head")
    parts = [data[:segment], _SEGMENT, _UNKNOWN]
    at = segment + 4 + 9 - data[segment + 4].bit_length()
    kept = set()
    while at < len(data) - 12:
        name, length, width = _element(data[at : at + 12])
        end = at + len(name) + width + length
        if name == _CLUSTER or not name or end > len(data):
            break
        if name in _KEPT:
            kept.add(name)
            parts.append(data[at:end])
        at = end
    if kept != set(_KEPT):
        raise MediaRefused("the sibling's head lacks a part")
    return b"".join(parts)


def _element(data: bytes) -> tuple[bytes, int, int]:
    """An element's (name, length of its body, bytes of the length); an empty name for none."""
    taken = 9 - data[0].bit_length() if data and data[0] else 9
    if taken > 4 or len(data) <= taken or not data[taken]:
        return b"", 0, 0
    width = 9 - data[taken].bit_length()
    length = int.from_bytes(data[taken : taken + width], "big") & (1 << 7 * width) - 1
    return data[:taken], length, width


def avi_head(descriptor: int, size: int, lent: int, lent_size: int) -> Salvaged:
    """Raises ``MediaRefused``. Times are the sibling's: AVI has none but a rate."""
    del lent_size
    data = os.pread(descriptor, _REACH, 0)
    start, opened = _movie(data)
    head = bytearray(_avi(os.pread(lent, _REACH, 0)))
    spare = start - len(head) - (0 if opened else _RIFF_HEAD)
    if spare >= 8:
        head += b"JUNK" + (spare - 8).to_bytes(4, "little") + bytes(spare - 8)
    if not opened:
        head += b"LIST" + min(size - start + 4, 0xFFFFFFFF).to_bytes(4, "little") + b"movi"
    whole = len(head) + size - start
    head[4:8] = min(whole - 8, 0xFFFFFFFF).to_bytes(4, "little")
    return Salvaged(
        "avi-head",
        Recipe(bytes(head), start, size),
        used=size - start,
        skipped=start,
        times_assumed=True,
    )


def _movie(data: bytes) -> tuple[int, bool]:
    """Where the pictures begin, and whether the list that holds them is still there."""
    found = _LIST.search(data)
    if found is not None:
        return found.start(), True
    for chunk in _CHUNK.finditer(data):
        length = int.from_bytes(data[chunk.end() : chunk.end() + 4], "little")
        after = chunk.end() + 4 + length + (length & 1)
        if after >= len(data) or _CHUNK.match(data, after):
            return chunk.start(), False
    raise MediaRefused("no picture is found in it")


def _avi(data: bytes) -> bytes:
    """What a sibling begins with, up to its pictures."""
    found = _LIST.search(data)
    if found is None or data[:4] != b"RIFF" or data[8:12] != b"AVI ":
        raise MediaRefused("the sibling has no head")
    return data[: found.start()]
