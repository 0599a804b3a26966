"""The layout of a container: which parts it is made of, in which order, without what is in them.

Programs that write containers have habits: which boxes, in which order, the index in front or at the end,
edit lists or none. The layout of a file is a line of text that files of one writer share, whatever
they show; numbers that depend on the recording are left out.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from daylight.media.boxes import LARGEST_INDEX, Box, in_file, inside
from daylight.media.mpegts import PACKET, SYNC, packet_id

LONGEST: Final = 1000  # characters
_REACH: Final = 1 << 20
_DEEPEST: Final = 8
_MOST: Final = 64  # parts at one level
_HOLDS_BOXES: Final = frozenset(
    {b"moov", b"trak", b"edts", b"mdia", b"minf", b"dinf", b"stbl", b"udta", b"mvex", b"ilst"}
)
_FULL: Final = {b"meta": 4, b"stsd": 8, b"dref": 8}  # bytes before the boxes in it
_VISUAL: Final = frozenset({b"avc1", b"avc3", b"hvc1", b"hev1", b"mp4v"})
_SOUND: Final = frozenset({b"mp4a", b"alac", b"sowt", b"twos", b"Opus"})
_BRANDS: Final = 16
_EBML_MASTERS: Final = {
    "1a45dfa3": "EBML", "18538067": "Segment", "1549a966": "Info", "1654ae6b": "Tracks", "ae": "Track",
    "e0": "Video", "e1": "Audio",
}  # fmt: skip
_EBML_NAMES: Final = {
    "114d9b74": "SeekHead", "1f43b675": "Cluster", "1c53bb6b": "Cues", "1254c367": "Tags", "ec": "Void",
    "bf": "CRC", "1043a770": "Chapters", "1941a469": "Attachments",
}  # fmt: skip


def layout(descriptor: int, size: int, container: str) -> str:
    """Empty for containers of which nothing is said here. Never raises for what the file holds."""
    written = _WRITTEN.get(container)
    return written(descriptor, size)[:LONGEST] if written else ""


def _list(parts: Iterator[str]) -> str:
    """Parts one after the other; those that repeat are said once, with a plus."""
    said: list[str] = []
    for part in parts:
        if said and said[-1].rstrip("+") == part:
            said[-1] = f"{part}+"
        elif len(said) < _MOST:
            said.append(part)
    return " ".join(said)


def _name(raw: bytes) -> str:
    return "".join(chr(b) if 33 <= b < 127 and b not in b"[]+" else "_" for b in raw)


def _mp4(descriptor: int, size: int) -> str:
    return _list(_top(descriptor, one, size) for one in in_file(descriptor, size))


def _top(descriptor: int, one: Box, size: int) -> str:
    if one.name == b"ftyp":
        return f"ftyp({_brands(os.pread(descriptor, min(one.end - one.body, 256), one.body))})"
    if one.name != b"moov" or one.end > size or one.end - one.body > LARGEST_INDEX:
        return _name(one.name)
    data = os.pread(descriptor, one.end - one.body, one.body)
    return f"moov[{_list(_inner(data, inner, 1) for inner in inside(data, 0, len(data)))}]"


def _brands(data: bytes) -> str:
    names = [data[:4], *(data[at : at + 4] for at in range(8, len(data) - 3, 4))]
    return ",".join(_name(name) for name in names[:_BRANDS])


def _inner(data: bytes, one: Box, depth: int) -> str:
    name = _name(one.name)
    start = _first_inside(one)
    if one.name == b"hdlr":
        return f"hdlr({_name(data[one.body + 8 : one.body + 12])})"
    if start is None or depth >= _DEEPEST:
        return name
    parts = _list(_inner(data, part, depth + 1) for part in inside(data, start, one.end))
    return f"{name}[{parts}]" if parts else name


def _first_inside(one: Box) -> int | None:
    if one.name in _HOLDS_BOXES:
        return one.body
    if one.name in _FULL:
        return one.body + _FULL[one.name]
    if one.name in _VISUAL:
        return one.body + 78
    return one.body + 28 if one.name in _SOUND else None


def _matroska(descriptor: int, size: int) -> str:
    """Elements to the second level, those of a track to the third; after the clusters, what follows."""
    head = _list(_elements(os.pread(descriptor, _REACH, 0), 0, size, 0))
    tail = os.pread(descriptor, 1 << 19, max(0, size - (1 << 19)))
    after = [
        name
        for key, name in (("1c53bb6b", "Cues"), ("1254c367", "Tags"))
        if bytes.fromhex(key) in tail
    ]
    return f"{head} … {' '.join(after)}" if after else head


def _elements(data: bytes, at: int, end: int, depth: int) -> Iterator[str]:
    for _ in range(_MOST):
        head = _element(data[at : at + 12])
        if head is None or at >= min(end, len(data)):
            return
        name, body, length = head
        stop = at + body + length
        inner = _EBML_MASTERS.get(name)
        if inner and depth < _DEEPEST:
            yield f"{inner}[{_list(_elements(data, at + body, stop, depth + 1))}]"
        else:
            yield _EBML_NAMES.get(name, name)
        if name == "1f43b675":
            return
        at = stop


def _element(head: bytes) -> tuple[str, int, int] | None:
    """(name, bytes of its head, length of its body) of an EBML element."""
    taken = 9 - head[0].bit_length() if head and head[0] else 9
    if taken > 4 or len(head) <= taken or not head[taken]:
        return None
    width = 9 - head[taken].bit_length()
    length = int.from_bytes(head[taken : taken + width], "big") & (1 << 7 * width) - 1
    return head[:taken].hex(), taken + width, length


def _avi(descriptor: int, size: int) -> str:
    data = os.pread(descriptor, _REACH, 0)
    parts = _list(_chunks(data, 0, len(data), 0))
    index = b"idx1" in os.pread(descriptor, 1 << 19, max(0, size - (1 << 19)))
    return f"{parts} … idx1" if index else parts


def _chunks(data: bytes, at: int, end: int, depth: int) -> Iterator[str]:
    for _ in range(_MOST):
        head = data[at : at + 12]
        if at + 8 > min(end, len(data)) or not head.strip(b"\0"):
            return
        length = int.from_bytes(head[4:8], "little")
        kind = _name(head[8:12])
        if head[:4] in (b"RIFF", b"LIST") and depth < _DEEPEST:
            whole = kind != "movi"
            inner = _list(_chunks(data, at + 12, at + 8 + length, depth + 1)) if whole else ""
            yield f"{_name(head[:4])}({kind})[{inner}]" if inner else f"{_name(head[:4])}({kind})"
        else:
            yield _name(head[:4])
        at += 8 + length + (length & 1)


def _mpegts(descriptor: int, size: int) -> str:
    """Numbers of its streams in the order in which they come up."""
    del size
    data = os.pread(descriptor, PACKET * 2000, 0)
    start = max(0, data.find(bytes([SYNC])))
    packets = range(start, len(data) - PACKET, PACKET)
    seen = dict.fromkeys(packet_id(data, at) for at in packets if data[at] == SYNC)
    return " ".join(f"{number:#x}" for number in list(seen)[:_MOST])


def _mpeg(descriptor: int, size: int) -> str:
    """Kinds of packets of a program stream in the order in which they come up."""
    del size
    pieces: Sequence[bytes] = os.pread(descriptor, _REACH, 0).split(b"\0\0\1")[1:]
    kinds = dict.fromkeys(piece[0] for piece in pieces if piece and piece[0] >= 0xB9)
    return " ".join(f"{kind:02x}" for kind in kinds)


_WRITTEN: Final[dict[str, Callable[[int, int], str]]] = {
    "mp4": _mp4,
    "matroska": _matroska,
    "avi": _avi,
    "mpegts": _mpegts,
    "mpeg": _mpeg,
}
