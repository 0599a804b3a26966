"""The coded pictures of a packet without what its container puts around them.

A copy that was not encoded again (renamed, remuxed, cut, joined) bears the very same coded slices, in
whatever framing: start codes or lengths, with or without headers, delimiters and remarks. What is left
when those are gone can be hashed, and equal hashes are a proof that needs no decoding.

Sources: ITU-T H.264 and H.265, Annex B and 7.3.1; ISO/IEC 14496-15 5.3.4; ISO/IEC 13818-2 6.2; ITU-T
T.81 B.1.1.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

_START: Final = re.compile(rb"\x00\x00\x01")
_MPEG_SLICE: Final = re.compile(rb"\x00\x00\x01[\x01-\xaf]")
_MPEG4_PICTURE: Final = b"\x00\x00\x01\xb6"
_SCAN: Final = b"\xff\xda"  # start of scan
_MOST_UNITS: Final = 4096  # of one packet; more is no picture


def slice_data(packet: bytes, codec: str) -> bytes:
    """What of ``packet`` is coded picture. ``codec``: FFmpeg's name. Empty where there is none.

    Never raises: of bytes that make no sense, they themselves.
    """
    return _BY_CODEC.get(codec, bytes)(packet)


def _h264(packet: bytes) -> bytes:
    return b"\0\0\1".join(u for u in _units(packet) if 1 <= u[0] & 0x1F <= 5)


def _hevc(packet: bytes) -> bytes:
    return b"\0\0\1".join(u for u in _units(packet) if (u[0] >> 1) & 0x3F < 32)


def _mpeg(packet: bytes) -> bytes:
    found = _MPEG_SLICE.search(packet)
    return packet[found.start() :].rstrip(b"\0") if found else b""


def _mpeg4(packet: bytes) -> bytes:
    return packet[max(0, packet.find(_MPEG4_PICTURE)) :].rstrip(b"\0")


def _jpeg(packet: bytes) -> bytes:
    at = packet.find(_SCAN)
    return packet[at:].rstrip(b"\0") if at >= 0 else b""


def _units(packet: bytes) -> Iterator[bytes]:
    """Units without trailing zeros, which are padding: no unit ends in one."""
    units = _by_length(packet, 4)  # first: a length can look like a start code
    if units is None and packet.startswith((b"\0\0\0\1", b"\0\0\1")):
        units = list(_by_start_code(packet))
    units = units or _by_length(packet, 2) or _by_length(packet, 3) or [packet]
    for unit in units:
        bare = unit.rstrip(b"\0")
        if bare:
            yield bare


def _by_length(packet: bytes, size: int) -> list[bytes] | None:
    """None where the lengths, of ``size`` bytes, do not add up."""
    units: list[bytes] = []
    at = 0
    while at + size <= len(packet) and len(units) < _MOST_UNITS:
        length = int.from_bytes(packet[at : at + size], "big")
        at += size + length
        units.append(packet[at - length : at])
    return units if at == len(packet) else None


def _by_start_code(packet: bytes) -> Iterator[bytes]:
    begins = [found.end() for found in _START.finditer(packet)][:_MOST_UNITS]
    ends = [*(begin - 3 for begin in begins[1:]), len(packet)][: len(begins)]
    for begin, end in zip(begins, ends, strict=True):
        yield packet[begin:end]


_BY_CODEC: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "h264": _h264,
    "hevc": _hevc,
    "mpeg1video": _mpeg,
    "mpeg2video": _mpeg,
    "mpeg4": _mpeg4,
    "mjpeg": _jpeg,
}
