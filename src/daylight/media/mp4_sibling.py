"""What a whole recording lends to one of the same camera that lost its index.

Of the track of pictures: its description with the parameter sets, as it stands in the file; the time
scale and the usual length of a picture; whether pictures are stored in another order than shown.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from daylight.errors import MediaRefused
from daylight.media.boxes import LARGEST_INDEX, Box, in_file, path

CODECS: Final = {b"avc1": "h264", b"avc3": "h264", b"hvc1": "hevc", b"hev1": "hevc"}
_ENTRY: Final = 86  # bytes of a visual sample entry before its boxes (12.1.3)
_MOST_ENTRIES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Sibling:
    """``description``: the stsd box. ``step``: ticks of ``scale`` a picture.

    ``length_size``: bytes of a unit's length. ``pps``: numbers of the picture parameter sets.
    ``largest``: bytes of its largest picture. ``with_sound``: whether it has a track of sound.
    ``rate_stated``: false where it does not say how fast it runs.
    """

    codec: str
    description: bytes
    scale: int
    step: int
    width: int
    height: int
    length_size: int
    pps: frozenset[int]
    largest: int
    reorders: bool
    with_sound: bool
    rate_stated: bool = True


def read_sibling(descriptor: int, size: int) -> Sibling:
    """Raises ``MediaRefused`` where the file has no index, or no track of H.264 or HEVC."""
    moov = next((one for one in in_file(descriptor, size) if one.name == b"moov"), None)
    if moov is None or moov.end > size or moov.end - moov.start > LARGEST_INDEX:
        raise MediaRefused("the sibling has no index")
    data = os.pread(descriptor, moov.end - moov.body, moov.body)
    tracks = list(path(data, 0, len(data), b"trak"))
    sounds = [one for one in tracks if _handler(data, one) == b"soun"]
    for track in tracks:
        if _handler(data, track) == b"vide":
            return _track(data, track, with_sound=bool(sounds))
    raise MediaRefused("the sibling has no pictures")


def _handler(data: bytes, track: Box) -> bytes:
    found = next(path(data, track.body, track.end, b"mdia", b"hdlr"), None)
    return data[found.body + 8 : found.body + 12] if found else b""


def _track(data: bytes, track: Box, *, with_sound: bool) -> Sibling:
    head = _first(data, track, b"mdia", b"mdhd")
    table = (b"mdia", b"minf", b"stbl")
    described = _first(data, track, *table, b"stsd")
    entry = data[described.body + 8 : described.end]
    codec = CODECS.get(entry[4:8])
    if codec is None or len(entry) < _ENTRY:
        raise MediaRefused("the sibling's pictures are neither H.264 nor HEVC")
    long_times = data[head.body] == 1
    scale = _number(data, head.body + (20 if long_times else 12), 4)
    times = _first(data, track, *table, b"stts")
    sizes = _first(data, track, *table, b"stsz")
    order = next(path(data, track.body, track.end, *table, b"ctts"), None)
    length_size, pps = _parameters(codec, entry)
    return Sibling(
        codec=codec,
        description=data[described.start : described.end],
        scale=max(1, scale),
        step=max(1, _usual(data, times)),
        width=_number(entry, 32, 2),
        height=_number(entry, 34, 2),
        length_size=length_size,
        pps=pps,
        largest=max(_sizes(data, sizes), default=0),
        reorders=order is not None and len({offset for _, offset in _pairs(data, order)}) > 1,
        with_sound=with_sound,
    )


def _first(data: bytes, track: Box, *names: bytes) -> Box:
    found = next(path(data, track.body, track.end, *names), None)
    if found is None:
        raise MediaRefused("the sibling's index lacks a part")
    return found


def _number(data: bytes, at: int, width: int) -> int:
    return int.from_bytes(data[at : at + width], "big")


def _pairs(data: bytes, table: Box) -> Iterator[tuple[int, int]]:
    """The entries of a table of two numbers."""
    count = min(_number(data, table.body + 4, 4), _MOST_ENTRIES, (table.end - table.body - 8) // 8)
    for at in range(table.body + 8, table.body + 8 + 8 * count, 8):
        yield _number(data, at, 4), _number(data, at + 4, 4)


def _usual(data: bytes, times: Box) -> int:
    """The length that most pictures have, in ticks."""
    lengths: dict[int, int] = {}
    for count, length in _pairs(data, times):
        lengths[length] = lengths.get(length, 0) + count
    return max(lengths, key=lengths.__getitem__, default=1)


def _sizes(data: bytes, table: Box) -> Iterator[int]:
    same, count = _number(data, table.body + 4, 4), _number(data, table.body + 8, 4)
    if same:
        yield same
        return
    count = min(count, (table.end - table.body - 12) // 4)
    for at in range(table.body + 12, table.body + 12 + 4 * count, 4):
        yield _number(data, at, 4)


def _parameters(codec: str, entry: bytes) -> tuple[int, frozenset[int]]:
    """Of avcC or hvcC (ISO/IEC 14496-15): bytes of a length, and the numbers of the PPS."""
    name = b"avcC" if codec == "h264" else b"hvcC"
    found = next(path(entry, _ENTRY, len(entry), name), None)
    if found is None:
        raise MediaRefused("the sibling's parameter sets are missing")
    body = entry[found.body : found.end]
    read = avc_units if codec == "h264" else hevc_units
    at = 4 if codec == "h264" else 21
    kind = 8 if codec == "h264" else 34
    skip = 1 if codec == "h264" else 2
    numbers = {leading(unit[skip:])[0] for found, unit in read(body) if found == kind}
    return (_number(body, at, 1) & 3) + 1, frozenset(numbers) or frozenset({0})


def avc_units(body: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, unit) of an AVCDecoderConfigurationRecord; ends where it is cut."""
    at = 5
    for mask in (0x1F, 0xFF):
        count, at = _number(body, at, 1) & mask, at + 1
        for _ in range(count):
            length = _number(body, at, 2)
            unit = body[at + 2 : at + 2 + length]
            at += 2 + length
            if unit:
                yield unit[0] & 0x1F, unit


def hevc_units(body: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, unit) of an HEVCDecoderConfigurationRecord."""
    at = 23
    for _ in range(_number(body, 22, 1)):
        count, at = _number(body, at + 1, 2), at + 3
        for _ in range(min(count, 64)):
            length = _number(body, at, 2)
            unit = body[at + 2 : at + 2 + length]
            at += 2 + length
            if unit:
                yield unit[0] >> 1 & 0x3F, unit


def leading(bits: bytes, skip: int = 0, most: int = 4) -> list[int]:
    """The first ``most`` Exp-Golomb numbers (ITU-T H.264 9.1) after ``skip`` bits; fewer if cut."""
    bits = bits.replace(b"\0\0\3", b"\0\0")
    width = len(bits) * 8
    value = int.from_bytes(bits, "big")
    found: list[int] = []
    at = skip
    while len(found) < most and at < width:
        zeros = (width - at) - (value & ((1 << width - at) - 1)).bit_length()
        if at + 2 * zeros + 1 > width or zeros > 31:
            break
        at += 2 * zeros + 1
        found.append((value >> width - at & (1 << zeros + 1) - 1) - 1)
    return found or [-1]
