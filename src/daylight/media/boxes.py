"""Boxes of ISO base media files (ISO/IEC 14496-12 4.2): found, taken apart, and made."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MOST: Final = 100_000  # boxes at one level
LARGEST_INDEX: Final = 128 << 20  # bytes of an index that is read


@dataclass(frozen=True, slots=True)
class Box:
    """``start``: where its head begins, ``body``: what follows that, ``end``: may lie past the file."""

    name: bytes
    start: int
    body: int
    end: int


def in_file(descriptor: int, size: int) -> Iterator[Box]:
    """The boxes of a file, one after the other, until what follows is none."""
    at = 0
    for _ in range(MOST):
        found = _box(os.pread(descriptor, 16, at), at, size)
        if found is None:
            return
        yield found
        at = found.end


def inside(data: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes between two places of ``data``; none reaches past ``end``."""
    at = start
    for _ in range(MOST):
        found = _box(data[at : at + 16], at, end)
        if found is None or found.end > end:
            return
        yield found
        at = found.end


def _box(head: bytes, at: int, end: int) -> Box | None:
    length, name, width = int.from_bytes(head[:4], "big"), head[4:8], 8
    if length == 1:
        length, width = int.from_bytes(head[8:16], "big"), 16
    elif length == 0:
        length = end - at  # "to the end of the file"
    if at >= end or length < width or not name.strip(b"\0") or not name.isascii():
        return None
    return Box(name, at, at + width, at + length)


def path(data: bytes, start: int, end: int, *names: bytes) -> Iterator[Box]:
    """Every box that is reached through ``names``."""
    for one in inside(data, start, end):
        if one.name == names[0]:
            if len(names) == 1:
                yield one
            else:
                yield from path(data, one.body, one.end, *names[1:])


def box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return (len(body) + 8).to_bytes(4, "big") + name + body


def full_box(name: bytes, flags: int, *parts: bytes, version: int = 0) -> bytes:
    """A box with version and flags (4.2.2)."""
    return box(name, bytes([version]), flags.to_bytes(3, "big"), *parts)


def numbers(*values: int, size: int = 4) -> bytes:
    return b"".join(value.to_bytes(size, "big") for value in values)
