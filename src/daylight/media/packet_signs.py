"""Signs of damage in coded pictures that are seen without decoding them.

Entropy-coded pictures hold no long runs of zeros (H.264 and HEVC forbid three in a row, ITU-T H.264
7.4.1): a run is a sector that was lost. Where units are stored with their lengths, the lengths must
add up (ISO/IEC 14496-15), and an MPEG-2 picture has a slice in each of its rows (ITU-T H.262 6.1.2).
"""

import re
from collections.abc import Callable
from typing import Final

ZEROS: Final = 48  # bytes, inside a unit of H.264 or HEVC
ZEROS_AT_END: Final = 1024  # behind a unit some zeros are allowed
ZEROS_MPEG: Final = 512  # before a start code any number of zeros is allowed
SECTOR: Final = 512
_SLACK: Final = 3  # zero bytes of the picture itself that may lie beside a lost sector
_CHUNK_HEADER: Final = 8  # AVI gives the position of the chunk, not of what is in it

_MPEG_RUN: Final = re.compile(rb"\x00{512}\x00*[^\x00\x01]")
_ANY_RUN: Final = re.compile(rb"\x00{512,}")
_SLICES: Final = re.compile(rb"\x00\x00\x01([\x01-\xaf])")
_STRUCTURE: Final = re.compile(rb"\x00\x00\x01\xb5[\x80-\x8f].(.)", re.DOTALL)
_FRAME_PICTURE: Final = 3
_HIGHEST: Final = 2800  # rows beyond that are numbered otherwise (H.262 6.3.16)


class PacketSigns:
    """Looks at every packet of one stream and counts. ``look`` takes its bytes and position."""

    def __init__(self, codec: str, extradata: bytes, height: int) -> None:
        self.wiped = 0
        self.broken = 0
        self.partial = 0
        self._lengths = length_size(codec, extradata)
        self._rows = -(-height // 16) if 0 < height <= _HIGHEST else 0
        checks: dict[str, Callable[[bytes, int], None]] = {
            "h264": self._units,
            "hevc": self._units,
            "mpeg1video": self._mpeg,
            "mpeg2video": self._mpeg,
            "mjpeg": self._jpeg,
        }
        self._check = checks.get(codec)

    @property
    def looks(self) -> bool:
        """Whether there is anything to look for in this codec: else spare the copy."""
        return self._check is not None

    @property
    def count(self) -> int:
        """Signs so far: it rises with a packet that bears one."""
        return self.wiped + self.broken + self.partial

    def look(self, data: bytes, position: int) -> None:
        if self._check is not None:
            self._check(data, position)

    def said(self) -> list[str]:
        """Plain sentences; empty without a sign."""
        signs = []
        if self.wiped:
            signs.append(f"{self.wiped} packets hold runs of zeros: sectors were lost")
        if self.broken:
            signs.append(f"{self.broken} packets do not hold together")
        if self.partial:
            signs.append(f"{self.partial} pictures lack a part")
        return signs

    def _units(self, data: bytes, position: int) -> None:
        del position
        if self._lengths and not _adds_up(data, self._lengths):
            self.broken += 1
        if bytes(ZEROS) in data:
            inside = bytes(ZEROS) in data.rstrip(b"\0") and not _only_before_codes(data)
            self.wiped += inside or data.endswith(bytes(ZEROS_AT_END))

    def _mpeg(self, data: bytes, position: int) -> None:
        del position
        self.wiped += bytes(ZEROS_MPEG) in data and _MPEG_RUN.search(data) is not None
        structure = _STRUCTURE.search(data)
        rows = {code[0] for code in _SLICES.findall(data)}
        if structure is None or not rows or not self._rows:  # slices of MPEG-1 may span rows
            return
        whole = structure[1][0] & 3 == _FRAME_PICTURE
        self.partial += len(rows) < max(rows) or (whole and max(rows) < self._rows)

    def _jpeg(self, data: bytes, position: int) -> None:
        """A black picture may be all zeros: only runs that fill whole sectors of the file count."""
        if bytes(SECTOR) not in data or data.count(0) * 4 > len(data) * 3:
            return
        bases = (position, position + _CHUNK_HEADER) if position >= 0 else ()
        runs = [(run.start(), run.end()) for run in _ANY_RUN.finditer(data)]
        self.wiped += any(
            _fills_sectors(base + start, base + end) for base in bases for start, end in runs
        )


def length_size(codec: str, extradata: bytes) -> int:
    """Bytes of a unit's length, 0 for streams with start codes."""
    at = {"h264": 4, "hevc": 21}.get(codec)
    if at is None or extradata[:1] != b"\x01" or len(extradata) <= at:
        return 0
    return (extradata[at] & 3) + 1


def _adds_up(data: bytes, size: int) -> bool:
    at, end = 0, len(data)
    while at + size < end:
        length = int.from_bytes(data[at : at + size], "big")
        at += size
        if length == 0 or data[at] & 0x80:  # an empty unit, or the bit that is forbidden to be set
            return False
        at += length
    return at == end


def _only_before_codes(data: bytes) -> bool:
    """Whether every long run of zeros is followed by a start code, as padding is."""
    ends = re.finditer(rb"\x00{48}\x00*", data)
    return all(data[run.end() : run.end() + 1] in (b"\x01", b"") for run in ends)


def _fills_sectors(start: int, end: int) -> bool:
    first, last = -(-start // SECTOR) * SECTOR, end // SECTOR * SECTOR
    return first < last and first - start <= _SLACK and end - last <= _SLACK
