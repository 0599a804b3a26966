"""Whether a film file holds what is allowed, and nothing else: every box by name, every date, every byte.

Independent of ``media.mp4_write``: it reads what is there, whoever wrote it.
"""

import itertools
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from daylight.media.coded_units import AVC, VP9, codes_picture
from daylight.media.reading import size_of

MAX_INDEX: Final = 512 << 20  # bytes
_INSIDE: Final[dict[bytes, frozenset[bytes]]] = {
    b"": frozenset({b"ftyp", b"mdat", b"moov"}),
    b"moov": frozenset({b"mvhd", b"trak"}),
    b"trak": frozenset({b"tkhd", b"mdia"}),
    b"mdia": frozenset({b"mdhd", b"hdlr", b"minf"}),
    b"minf": frozenset({b"vmhd", b"smhd", b"dinf", b"stbl"}),
    b"dinf": frozenset({b"dref"}),
    b"stbl": frozenset({b"stsd", b"stts", b"stss", b"stsc", b"stsz", b"co64"}),
}
_SKIP: Final = {
    AVC: 78,
    VP9: 78,
    b"mp4a": 28,
    b"Opus": 28,
}  # bytes before the boxes of a sample entry
_ENTRY: Final = {
    AVC: frozenset({b"avcC"}),
    VP9: frozenset({b"vpcC", b"pasp"}),
    b"mp4a": frozenset({b"esds"}),
    b"Opus": frozenset({b"dOps"}),
}
_SIZES: Final = {b"vpcC": 12, b"pasp": 8, b"dOps": 11}  # bytes: there is room for nothing else
_BRANDS: Final = frozenset({b"isom", b"iso2", b"avc1", b"mp41", b"mp42"})


@dataclass(frozen=True, slots=True)
class Found:
    """``faults``: what is not on the list. ``tracks``: "vide" and "soun", in their order."""

    faults: tuple[str, ...]
    tracks: tuple[str, ...]
    pictures: int


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    inside: bytes
    body: bytes


def walk(descriptor: int) -> Found:
    """What is in the file. What cannot be read is a fault, and never an error."""
    try:
        index, media, faults = _top(descriptor)
        boxes = list(_boxes(index, b"moov"))
        faults += [fault for one in boxes for fault in _faults(one)]
        tracks = [one.body[8:12].decode("ascii", "replace") for one in boxes if one.kind == b"hdlr"]
        faults += _tracks(tracks)
        pictures, more = _pictures(descriptor, boxes, media)
    except (struct.error, ValueError, IndexError) as error:
        return Found((f"it cannot be walked: {type(error).__name__}",), (), 0)
    return Found(tuple(faults + more), tuple(tracks), pictures)


def _top(descriptor: int) -> tuple[bytes, tuple[int, int], list[str]]:
    """The index, where the media begins and ends, and what is wrong with the boxes of the file."""
    size, at, kinds, faults = size_of(descriptor), 0, [], []
    index, media = b"", (0, 0)
    while at < size:
        head = os.pread(descriptor, 16, at)
        length, kind = struct.unpack_from(">I4s", head)
        skip = 8
        if length == 1:
            (length,), skip = struct.unpack_from(">Q", head, 8), 16
        if length < skip or at + length > size:
            raise ValueError("a box beyond the end")
        kinds.append(kind)
        if kind == b"moov":
            if length > MAX_INDEX:
                raise ValueError("a large index")
            index = os.pread(descriptor, length - skip, at + skip)
        elif kind == b"mdat":
            media = (at + skip, at + length)
        elif kind == b"ftyp":
            faults += _brands(os.pread(descriptor, length - skip, at + skip))
        at += length
    if kinds != [b"ftyp", b"mdat", b"moov"]:
        faults.append("boxes of the file: " + " ".join(map(_plain, kinds[:9])))
    return index, media, faults


def _brands(body: bytes) -> list[str]:
    brands = {body[at : at + 4] for at in (0, *range(8, len(body), 4))}
    return [] if brands <= _BRANDS else ["a brand that is not on the list"]


def _boxes(data: bytes, inside: bytes) -> Iterator[_Box]:
    at = 0
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if length < 8 or at + length > len(data):
            raise ValueError("a box that does not fit")
        body = data[at + 8 : at + length]
        yield _Box(kind, inside, body)
        if kind in _INSIDE:
            yield from _boxes(body, kind)
        at += length


def _faults(one: _Box) -> Iterator[str]:
    if one.kind not in _INSIDE.get(one.inside, ()):
        yield f"a box that is not on the list: {_plain(one.inside)}/{_plain(one.kind)}"
    elif one.kind in (b"mvhd", b"tkhd", b"mdhd"):
        long = one.body[:1] == b"\x01"
        if any(one.body[4 : 20 if long else 12]):
            yield f"a date: {_plain(one.kind)}"
    elif one.kind == b"hdlr" and (any(one.body[4:8]) or any(one.body[12:])):
        yield "a name: hdlr"
    elif one.kind == b"stsd":
        yield from _entry(one.body)
    elif one.kind == b"dref" and one.body != struct.pack(">III4sI", 0, 1, 12, b"url ", 1):
        yield "it refers to another file"


def _entry(body: bytes) -> Iterator[str]:
    count = struct.unpack_from(">I", body, 4)[0]
    length, kind = struct.unpack_from(">I4s", body, 8)
    if count != 1 or kind not in _ENTRY or length != len(body) - 8:
        yield "a form of pictures or sound that is not on the list"
        return
    fixed = body[16 : 16 + _SKIP[kind]]
    if kind in (AVC, VP9) and any(fixed[42:74]):  # the compressor's name
        yield f"a name: {_plain(kind)}"
    for inner in _boxes(body[16 + _SKIP[kind] :], kind):
        if inner.kind not in _ENTRY[kind]:
            yield f"a box that is not on the list: {_plain(kind)}/{_plain(inner.kind)}"
        elif len(inner.body) != _SIZES.get(inner.kind, len(inner.body)):
            yield f"more in a box than belongs there: {_plain(inner.kind)}"


def _tracks(tracks: list[str]) -> list[str]:
    return (
        [] if tracks in (["vide"], ["vide", "soun"], ["soun"]) else ["tracks: " + " ".join(tracks)]
    )


def _pictures(descriptor: int, boxes: list[_Box], media: tuple[int, int]) -> tuple[int, list[str]]:
    """How many pictures there are; every byte of the media must belong to a sample, each once."""
    faults, covered, pictures = [], 0, 0
    kinds = [one.body[8:12] for one in boxes if one.kind == b"hdlr"]
    forms = [one.body[12:16] for one in boxes if one.kind == b"stsd"]
    sizes = [_sizes(one.body) for one in boxes if one.kind == b"stsz"]
    places = [_offsets(one.body) for one in boxes if one.kind == b"co64"]
    chunks = [_counts(one.body) for one in boxes if one.kind == b"stsc"]
    ends: list[tuple[int, int]] = []
    for kind, form, each, offsets, counts in zip(kinds, forms, sizes, places, chunks, strict=True):
        at = 0
        for number, offset in enumerate(offsets, 1):
            start = offset
            for size in each[at : at + counts(number)]:
                if not media[0] <= offset <= offset + size <= media[1]:
                    raise ValueError("a sample outside of the media")
                if kind == b"vide" and not _codes_picture(descriptor, form, offset, size):
                    faults.append("a unit that codes no picture")
                offset += size  # noqa: PLW2901 - walks through the chunk
            at += counts(number)
            ends.append((start, offset))
            covered += offset - start
        pictures += len(each) if kind == b"vide" else 0
        if at != len(each):
            faults.append("samples that lie nowhere")
    ends.sort()
    apart = all(one[1] == two[0] for one, two in itertools.pairwise(ends))
    whole = bool(ends) and (ends[0][0], ends[-1][1]) == media
    if not apart or not whole or covered != media[1] - media[0]:
        faults.append("bytes that belong to no sample")
    return pictures, faults


def _codes_picture(descriptor: int, form: bytes, offset: int, size: int) -> bool:
    data = os.pread(descriptor, size, offset)
    return len(data) == size and codes_picture(form, data)


def _sizes(body: bytes) -> tuple[int, ...]:
    same, count = struct.unpack_from(">II", body, 4)
    if same or len(body) != 12 + 4 * count:
        raise ValueError("sizes of samples")
    return struct.unpack_from(f">{count}I", body, 12)


def _offsets(body: bytes) -> tuple[int, ...]:
    (count,) = struct.unpack_from(">I", body, 4)
    if len(body) != 8 + 8 * count:
        raise ValueError("places of samples")
    return struct.unpack_from(f">{count}Q", body, 8)


class _Counts:
    """How many samples each chunk has, asked in the order of chunks."""

    def __init__(self, runs: list[tuple[int, int]]) -> None:
        self._runs, self._at = runs, 0

    def __call__(self, number: int) -> int:
        while self._at + 1 < len(self._runs) and self._runs[self._at + 1][0] <= number:
            self._at += 1
        return self._runs[self._at][1]


def _counts(body: bytes) -> _Counts:
    (count,) = struct.unpack_from(">I", body, 4)
    flat = struct.unpack_from(f">{3 * count}I", body, 8)
    if not count or len(body) != 8 + 12 * count:
        raise ValueError("runs of samples")
    return _Counts([(flat[at], flat[at + 1]) for at in range(0, len(flat), 3)])


def _plain(kind: bytes) -> str:
    return "".join(chr(one) if 32 < one < 127 else "?" for one in kind)
