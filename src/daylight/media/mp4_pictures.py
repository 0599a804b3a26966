"""Pictures found in the bytes of an mp4 without its index.

Units of H.264 and HEVC stand there with their lengths before them (ISO/IEC 14496-15), sound between
them without any mark. A unit is believed if its length is possible, its first byte one of the
codec's, and the head of its slice names a parameter set that the sibling has; where what follows is none, the
next such place is searched for. Sound looks like that now and then; where it does, what it leads to is none.
"""

import os
import re
from array import array
from dataclasses import dataclass, field
from typing import Final

from daylight.media.mp4_sibling import Sibling, Sound, leading

HEAD: Final = 40  # bytes of a unit that are looked at
_WINDOW: Final = 1 << 20
_FIRST_WINDOW: Final = 1 << 13
_FEWEST: Final = 4  # gaps, before it is known what lies in them
_MARGIN: Final = 16
_LARGEST: Final = 2  # times the sibling's largest picture
_LEAST: Final = 1 << 17
LOST: Final = 512 << 20  # bytes without a picture, after which none is searched for any more
_AVC_REFERRED: Final = {
    5: True,
    7: True,
    8: True,
    6: False,
    9: False,
    10: False,
    11: False,
    12: False,
}
_AVC_INTRA: Final = frozenset({2, 4, 7, 9})  # slice types
_AVC_BEFORE: Final = frozenset({6, 7, 8, 9})  # what stands before a picture's slices
_HEVC_BEFORE: Final = frozenset({32, 33, 34, 35, 39})
_HEVC_KNOWN: Final = frozenset({*range(10), *range(16, 22), *range(32, 41)})
_HEVC_KEYS: Final = range(16, 22)


@dataclass(slots=True)
class Pictures:
    """Columns of equal length: place, bytes, and whether it is a key frame.

    ``used`` and ``skipped``: bytes that are in pictures, and bytes that are in none. ``gaps``: where
    something else lies between pictures, and how many pictures come before.
    """

    places: "array[int]" = field(default_factory=lambda: array("q"))
    sizes: "array[int]" = field(default_factory=lambda: array("q"))
    keys: "array[int]" = field(default_factory=lambda: array("b"))
    used: int = 0
    skipped: int = 0
    holes: int = 0
    gaps: list[tuple[int, int, int]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True, slots=True)
class Unit:
    """``end``: where it ends. ``slice``: it is part of a picture; ``first``: of one that begins."""

    end: int
    slice: bool
    first: bool
    key: bool
    before: bool


class Finder:
    """Walks the bytes from ``start`` to ``end`` of the file."""

    def __init__(self, descriptor: int, sibling: Sibling, start: int, end: int) -> None:
        self._descriptor, self._sibling = descriptor, sibling
        self._at, self._end = start, end
        self._limit = max(_LEAST, sibling.largest * _LARGEST)
        self._judge = _avc if sibling.codec == "h264" else _hevc
        self._pattern = _pattern(sibling)
        self._found = Pictures()
        self._pieces = 0  # of sound, between pictures
        self._begin = -1  # of the picture at hand
        self._sliced = self._key = False

    def find(self, most: int = 1 << 40) -> Pictures:
        """All pictures, or the first ``most``."""
        while self._at < self._end and len(self._found) < most:
            unit = self._unit(self._at)
            if unit is None:
                self._leap()
            else:
                self._take(unit)
        self._close()
        return self._found

    def _unit(self, at: int) -> Unit | None:
        width = self._sibling.length_size
        head = os.pread(self._descriptor, width + HEAD, at)
        length = int.from_bytes(head[:width], "big")
        end = at + width + length
        if not 2 <= length <= self._limit or end > self._end:
            return None
        return self._judge(head[width : width + length], end, self._sibling.pps)

    def _take(self, unit: Unit) -> None:
        begins = (unit.slice and unit.first) or unit.before
        if self._sliced and begins:
            self._close()
        if self._begin < 0:
            self._begin = self._at
        self._sliced |= unit.slice
        self._key |= unit.key
        self._at = unit.end

    def _close(self) -> None:
        if self._sliced:
            self._found.places.append(self._begin)
            self._found.sizes.append(self._at - self._begin)
            self._found.keys.append(self._key)
            self._found.used += self._at - self._begin
        elif self._begin >= 0:
            self._found.skipped += self._at - self._begin
        self._begin, self._sliced, self._key = -1, False, False

    def _leap(self) -> None:
        """To the next place where a unit may begin. Units that led to no picture are of the gap."""
        start = self._at if self._sliced or self._begin < 0 else self._begin
        self._close()
        before, gaps = self._at, self._found.gaps
        self._at = self._behind_piece(before, min(self._searched(before), self._end))
        if gaps and gaps[-1][1] == start:
            start = gaps.pop()[0]
        gaps.append((start, self._at, len(self._found)))
        self._found.holes = len(gaps)
        self._found.skipped += self._at - before

    def _searched(self, before: int) -> int:
        """Byte by byte, in windows that grow: mostly it is near."""
        at, window = before + 1, _FIRST_WINDOW
        while at < min(self._end, before + LOST):
            data = os.pread(self._descriptor, min(window + _MARGIN, self._end - at), at)
            found = self._next(data, at, window)
            if found >= 0:
                return found
            at += min(len(data), window) or self._end
            window = min(window * 4, _WINDOW)
        return self._end

    def _behind_piece(self, before: int, searched: int) -> int:
        """Where a picture begins behind as much sound as the sibling has in one piece.

        Sound may look like a picture, quiet sound above all. Pieces are not asked for any more where
        most gaps so far were none: the recording may have another sound than its sibling.
        """
        sound, gaps = self._sibling.sound, len(self._found.gaps)
        if sound is None or not sound.quantum:
            return searched
        if (searched - before) % sound.quantum == 0:
            self._pieces += 1
        elif gaps <= _FEWEST or self._pieces * 2 > gaps:
            behind = self._piece(before, sound)
            if behind and self._goes_on(behind, sound):
                self._pieces += 1
                return behind
        return searched

    def _piece(self, before: int, sound: Sound) -> int:
        """Where it ends and a picture begins, or nothing; 0 for nowhere."""
        for at in range(before + sound.quantum, before + sound.most + 1, sound.quantum):
            unit = self._unit(at)
            if at == self._end or (unit is not None and (unit.before or unit.first)):
                return at
        return 0

    def _goes_on(self, at: int, sound: Sound) -> bool:
        """Whether something known follows the unit there."""
        unit = self._unit(at)
        if unit is None:
            return at == self._end
        known = self._unit(unit.end) is not None or self._piece(unit.end, sound) > 0
        return known or unit.end == self._end

    def _next(self, data: bytes, base: int, window: int) -> int:
        if not data.strip(b"\0"):  # lost for good, and the pattern is slow in zeros
            return -1
        for mark in self._pattern.finditer(data):
            if mark.start() >= window:
                break
            unit = self._unit(base + mark.start())
            if unit is not None and (unit.before or unit.first):
                return base + mark.start()
        return -1


def _pattern(sibling: Sibling) -> re.Pattern[bytes]:
    """A length and the first byte of a unit, wherever they may stand, one within the other."""
    kinds = (
        {kind | level << 5 for kind in (1, 5, *_AVC_REFERRED) for level in range(4)}
        if sibling.codec == "h264"
        else {kind << 1 for kind in _HEVC_KNOWN}
    )
    first = b"\\x00" if sibling.length_size == 4 else b""
    rest = sibling.length_size - bool(first)
    marks = b"".join(b"\\x%02x" % kind for kind in sorted(kinds))
    return re.compile(b"(?=%s.{%d}[%s])" % (first, rest, marks), re.DOTALL)


def _avc(head: bytes, end: int, pps: frozenset[int]) -> Unit | None:
    """ITU-T H.264 7.3.1 and 7.3.3."""
    kind, referred = head[0] & 0x1F, bool(head[0] & 0x60)
    if head[0] & 0x80:
        return None
    if kind in (1, 5):
        first, shape, number = (*leading(head[1:24], most=3), -1, -1, -1)[:3]
        wrong = number not in pps or shape not in range(10) or not 0 <= first < 1 << 17
        if wrong or (kind == 5 and (shape not in _AVC_INTRA or not referred)):
            return None
        return Unit(end, slice=True, first=first == 0, key=kind == 5, before=False)
    if _AVC_REFERRED.get(kind) is not referred:
        return None
    return Unit(end, slice=False, first=False, key=False, before=kind in _AVC_BEFORE)


def _hevc(head: bytes, end: int, pps: frozenset[int]) -> Unit | None:
    """ITU-T H.265 7.3.1.2 and 7.3.6.1."""
    kind = head[0] >> 1
    if head[0] & 0x81 or head[1] >> 3 or not head[1] & 7 or kind not in _HEVC_KNOWN:
        return None
    if kind >= 32:
        return Unit(end, slice=False, first=False, key=False, before=kind in _HEVC_BEFORE)
    key = kind in _HEVC_KEYS
    if leading(head[2:24], skip=2 if key else 1, most=1)[0] not in pps:
        return None
    first = bool(head[2] & 0x80)
    return Unit(end, slice=True, first=first, key=key, before=False)
