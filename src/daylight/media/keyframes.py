"""The key-frame index of an item's first video stream, and its compact form in the store.

Raw streams refuse to be sought by time, so each key frame bears its byte position as well.
"""

import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from daylight.errors import MediaRefused

MAGIC = b"daylight keyframes/2\n"
_FIRST = b"daylight keyframes/1\n"  # without the column of ordinals
MAX_KEYS = 10_000_000
UNKNOWN = -(1 << 63)  # stands for "none" in the columns
_COLUMNS = {_FIRST: 5, MAGIC: 6}
_HEAD = struct.Struct("<IqqQ")  # stream, time base as fraction, count


@dataclass(frozen=True, slots=True)
class KeyFrameIndex:
    """Columns of equal length, in the order of decoding.

    ``pts``, ``dts``: ticks of ``time_base``, ``UNKNOWN`` where the container has none.
    ``times``: ticks from media zero (for streams without times of their own: from the frame's
    number). ``positions``: byte offsets of the packets, ``UNKNOWN`` where the demuxer gives none;
    ``sizes`` in bytes. ``ordinals``: how many coded pictures come before each, in the order of
    decoding; empty where an earlier version did not count them.
    """

    stream: int
    time_base: Fraction
    times: Sequence[int]
    pts: Sequence[int]
    dts: Sequence[int]
    positions: Sequence[int]
    sizes: Sequence[int]
    ordinals: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.times)

    def columns(self) -> tuple[Sequence[int], ...]:
        five = (self.times, self.pts, self.dts, self.positions, self.sizes)
        return (*five, self.ordinals) if len(self.ordinals) == len(self) else five

    def seconds(self, number: int) -> Fraction:
        """Time of key frame ``number`` from media zero."""
        return self.times[number] * self.time_base


def looked_at(index: KeyFrameIndex) -> list[int]:
    """Numbers of the key frames that are decoded: all, or one a second where they come thicker.

    In MJPEG, say, every frame is a key frame. Planned over the whole item, however it is cut.
    """
    firsts: dict[int, int] = {}
    for number in range(len(index)):
        firsts.setdefault(int(index.seconds(number)), number)
    if len(firsts) * 4 > len(index) * 3:
        return list(range(len(index)))
    return sorted(firsts.values())


def pack(index: KeyFrameIndex) -> bytes:
    head = _HEAD.pack(
        index.stream, index.time_base.numerator, index.time_base.denominator, len(index)
    )
    columns = index.columns()
    magic = MAGIC if len(columns) == _COLUMNS[MAGIC] else _FIRST
    return magic + head + b"".join(_little(column) for column in columns)


def unpack(data: bytes) -> KeyFrameIndex:
    """The index of a blob. Raises ``MediaRefused`` for anything that is not one."""
    body = data[len(MAGIC) :]
    width = _COLUMNS.get(data[: len(MAGIC)])
    if width is None or len(body) < _HEAD.size:
        raise MediaRefused("the key-frame index is not one")
    stream, over, under, count = _HEAD.unpack_from(body)
    whole = _HEAD.size + width * 8 * count
    if under <= 0 or over <= 0 or count > MAX_KEYS or len(body) != whole:
        raise MediaRefused("the key-frame index contradicts itself")
    columns = [
        _column(body[_HEAD.size + n * 8 * count : _HEAD.size + (n + 1) * 8 * count])
        for n in range(width)
    ]
    return KeyFrameIndex(stream, Fraction(over, under), *columns)


def _little(column: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(column)}q", *column)


def _column(data: bytes) -> "array[int]":
    return array("q", struct.unpack(f"<{len(data) // 8}q", data))
