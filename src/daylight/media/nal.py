"""H.264 as a byte stream (ITU-T H.264 Annex B): split, joined, and rid of what names its encoder."""

import re
from collections.abc import Iterator
from typing import Final

SLICE_IDR: Final = 5
SEI: Final = 6
SPS: Final = 7
PPS: Final = 8

# What a decoder needs: buffering period, picture timing, recovery point. Everything else in there
# is text of encoders and cameras (user data), captions, or marks of the maker.
_KEPT_SEI: Final = frozenset({0, 1, 6})
_START: Final = re.compile(rb"\x00\x00\x01")
_START_CODE: Final = b"\x00\x00\x00\x01"


class Layout:
    """How a stream's packets hold their units: by start codes, or by lengths (ISO/IEC 14496-15).

    ``parameter_sets``: the SPS and PPS out of the stream's header, ready to stand before a picture.
    Raises ``ValueError`` when the header is cut short.
    """

    def __init__(self, extradata: bytes) -> None:
        self.length_size = 0
        self.parameter_sets: list[bytes] = []
        if extradata[:1] == b"\x01":
            self.length_size, self.parameter_sets = _parse_avcc(extradata)
        elif extradata:
            self.parameter_sets = [
                unit for unit in _by_start_code(extradata) if unit_type(unit) in {SPS, PPS}
            ]

    def units(self, packet: bytes) -> list[bytes]:
        if self.length_size:
            return list(_by_length(packet, self.length_size))
        return list(_by_start_code(packet))


def unit_type(unit: bytes) -> int:
    return unit[0] & 0x1F


def join(units: list[bytes]) -> bytes:
    return b"".join(_START_CODE + unit for unit in units)


def clean(units: list[bytes]) -> list[bytes]:
    """Without supplemental information beyond what decoding needs."""
    return [unit for unit in units if unit and (unit_type(unit) != SEI or _is_needed(unit))]


def _parse_avcc(header: bytes) -> tuple[int, list[bytes]]:
    if len(header) < 7:
        raise ValueError("the H.264 header is cut short")
    sets: list[bytes] = []
    at = 5
    for mask in (0x1F, 0xFF):
        if at >= len(header):
            raise ValueError("the H.264 header is cut short")
        count, at = header[at] & mask, at + 1
        for _ in range(count):
            size = int.from_bytes(header[at : at + 2], "big")
            sets.append(header[at + 2 : at + 2 + size])
            at += 2 + size
    return (header[4] & 3) + 1, [one for one in sets if one]


def _by_length(packet: bytes, size: int) -> Iterator[bytes]:
    at = 0
    while at + size < len(packet):
        length = int.from_bytes(packet[at : at + size], "big")
        yield packet[at + size : at + size + length]
        at += size + length


def _by_start_code(packet: bytes) -> Iterator[bytes]:
    marks = [found.start() for found in _START.finditer(packet)]
    for mark, end in zip(marks, [*marks[1:], len(packet)][: len(marks)], strict=True):
        unit = packet[mark + 3 : end].rstrip(b"\x00")
        if unit:
            yield unit


def _is_needed(unit: bytes) -> bool:
    """Whether each message in an SEI unit is of the needed kinds."""
    body = unit[1:].replace(b"\x00\x00\x03", b"\x00\x00")
    at = 0
    while at < len(body) and body[at] != 0x80:
        kind, at = _long_byte(body, at)
        length, at = _long_byte(body, at)
        if kind not in _KEPT_SEI:
            return False
        at += length
    return True


def _long_byte(body: bytes, at: int) -> tuple[int, int]:
    total = 0
    while at < len(body) and body[at] == 0xFF:
        total, at = total + 255, at + 1
    return total + (body[at] if at < len(body) else 0), at + 1
