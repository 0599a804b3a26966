"""The records of a ZIP file: finding the central directory, and reading its entries one by one."""

import io
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from daylight.errors import SourceUnreadable
from daylight.routes.member import read_at
from daylight.routes.streams import Window

LOCAL_MAGIC: Final = b"PK\x03\x04"
LOCAL: Final = struct.Struct("<4s5H3L2H")
_CENTRAL_MAGIC: Final = b"PK\x01\x02"
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_END_MAGIC: Final = b"PK\x05\x06"
_END: Final = struct.Struct("<4s4H2LH")
_END64_MAGIC: Final = b"PK\x06\x06"
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_MAGIC: Final = b"PK\x06\x07"
_LOCATOR: Final = struct.Struct("<4sLQL")

_FULL32: Final = 0xFFFFFFFF
_LONGEST_COMMENT: Final = 0xFFFF
PROGRAMS: Final = (b"MZ", b"\x7fELF", b"#!")  # what self-extracting archives begin with

_UNIX: Final = 3
_MACOS: Final = 19
_EXTRA_ZIP64: Final = 0x0001
_EXTRA_NTFS: Final = 0x000A
_EXTRA_TIMESTAMP: Final = 0x5455
_NTFS_EPOCH: Final = 116_444_736_000_000_000  # 1601 to 1970 in units of 100 ns
_DOS_FOLDER: Final = 0x10
_FLAG_ENCRYPTED: Final = 0x0001 | 0x0040 | 0x2000
_FLAG_SIZES_FOLLOW: Final = 0x0008


@dataclass(frozen=True, slots=True)
class Directory:
    """``start`` to ``end``: its bytes in the file. ``shift``: bytes put before the archive."""

    start: int
    end: int
    shift: int
    claimed_members: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One member. ``start``: its local header in the file; ``packed``: its bytes in the archive."""

    untrusted_name: bytes
    method: int
    encrypted: bool
    crc: int
    size: int
    packed: int
    start: int
    unix_mode: int  # 0 where the archive has none
    dos_folder: bool
    mtime_ns: int | None

    @property
    def is_folder(self) -> bool:
        """A "folder" with content is no folder: nothing is hidden that way."""
        named = self.untrusted_name.endswith(b"/")
        marked = self.dos_folder or stat.S_ISDIR(self.unix_mode)
        return (named or marked) and self.size == 0

    @property
    def least_end(self) -> int:
        return self.start + LOCAL.size + len(self.untrusted_name) + self.packed


def find_directory(fd: int, size: int, head: bytes) -> Directory | None:
    """The last central directory of the file that is where its end record says.

    Only what looks like an archive or a program is searched for an end record with a comment;
    elsewhere it must be the very last 22 bytes, so that plain files cost one small read.
    """
    searched = head.startswith((b"PK", *PROGRAMS))
    span = min(size, _END.size + (_LONGEST_COMMENT if searched else 0))
    tail = read_at(fd, size - span, span)
    at = tail.rfind(_END_MAGIC)
    while at >= 0:
        record = tail[at : at + _END.size]
        if len(record) == _END.size:
            found = _directory(fd, size - span + at, record)
            if found is not None:
                return found
        at = tail.rfind(_END_MAGIC, 0, at)
    return None


def _directory(fd: int, end: int, record: bytes) -> Directory | None:
    _, _, _, _, members, length, offset, _ = _END.unpack(record)
    wide = _end64(fd, end)
    if wide is not None:
        end, members, length, offset = wide
    start = end - length
    shift = start - offset
    if start < 0 or shift < 0:
        return None
    if length and not read_at(fd, start, 4).startswith(_CENTRAL_MAGIC):
        return None
    return Directory(start, end, shift, members)


def _end64(fd: int, end: int) -> tuple[int, int, int, int] | None:
    """Position of the zip64 end record, members, length and offset of the directory."""
    at = end - _LOCATOR.size
    raw = read_at(fd, at, _LOCATOR.size) if at >= 0 else b""
    if not raw.startswith(_LOCATOR_MAGIC):
        return None
    offset = _LOCATOR.unpack(raw)[2]
    for place in (offset, at - _END64.size):  # the second if something was put before the archive
        record = read_at(fd, place, _END64.size) if 0 <= place < at else b""
        if len(record) == _END64.size and record.startswith(_END64_MAGIC):
            fields = _END64.unpack(record)
            return place, fields[7], fields[8], fields[9]
    return None


def central_entries(fd: int, directory: Directory) -> Iterator[Entry]:
    """The directory's entries as they come; ends early where it is damaged."""
    reader = io.BufferedReader(Window(fd, directory.start, directory.end), 1 << 16)
    while True:
        raw = reader.read(_CENTRAL.size)
        if len(raw) < _CENTRAL.size or not raw.startswith(_CENTRAL_MAGIC):
            return
        fields = _CENTRAL.unpack(raw)
        lengths = fields[10], fields[11], fields[12]
        rest = reader.read(sum(lengths))
        if len(rest) < sum(lengths):
            return
        entry = _central_entry(fields, rest, directory)
        if entry is None:
            return
        yield entry


def _central_entry(fields: tuple[int, ...], rest: bytes, directory: Directory) -> Entry | None:
    _, made_by, _, flags, method, _, _, crc, packed, size, named, extra, *_ = fields
    offset = fields[16]
    extras = _extras(rest[named : named + extra])
    wide = extras.get(_EXTRA_ZIP64, b"")
    size, wide = _widen(size, wide)
    packed, wide = _widen(packed, wide)
    offset, _ = _widen(offset, wide)
    start = offset + directory.shift
    if start >= directory.start:  # also keeps what follows within 64 bits
        return None
    has_mode = made_by >> 8 in {_UNIX, _MACOS}
    return Entry(
        untrusted_name=rest[:named],
        method=method,
        encrypted=bool(flags & _FLAG_ENCRYPTED),
        crc=crc,
        size=size,
        packed=packed,
        start=start,
        unix_mode=fields[15] >> 16 if has_mode else 0,
        dos_folder=bool(fields[15] & _DOS_FOLDER),
        mtime_ns=_mtime_ns(extras),
    )


def local_entries(fd: int, size: int) -> Iterator[Entry]:
    """Members by their local headers, for an archive without its directory.

    Stops at the first one whose size is only written behind it.
    """
    at = 0
    while True:
        raw = read_at(fd, at, LOCAL.size)
        if len(raw) < LOCAL.size or not raw.startswith(LOCAL_MAGIC):
            return
        _, _, flags, method, _, _, crc, packed, length, named, extra = LOCAL.unpack(raw)
        rest = read_at(fd, at + LOCAL.size, named + extra)
        extras = _extras(rest[named:])
        length, wide = _widen(length, extras.get(_EXTRA_ZIP64, b""))
        packed, _ = _widen(packed, wide)
        if len(rest) < named + extra or flags & _FLAG_SIZES_FOLLOW:
            return
        yield Entry(
            untrusted_name=rest[:named],
            method=method,
            encrypted=bool(flags & _FLAG_ENCRYPTED),
            crc=crc,
            size=length,
            packed=packed,
            start=at,
            unix_mode=0,
            dos_folder=False,
            mtime_ns=_mtime_ns(extras),
        )
        at += LOCAL.size + named + extra + packed
        if at >= size:
            return


def _widen(value: int, wide: bytes) -> tuple[int, bytes]:
    """A 32-bit field that is full has its value in the next 8 bytes of the zip64 extra field."""
    if value != _FULL32 or len(wide) < 8:
        return value, wide
    return int.from_bytes(wide[:8], "little"), wide[8:]


def _extras(raw: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while len(raw) >= 4:
        number, length = struct.unpack_from("<2H", raw)
        found.setdefault(number, raw[4 : 4 + length])
        raw = raw[4 + length :]
    return found


def _mtime_ns(extras: dict[int, bytes]) -> int | None:
    """Only from fields that are in UTC; the DOS time has no zone and says nothing for sure."""
    stamp = extras.get(_EXTRA_TIMESTAMP, b"")
    if len(stamp) >= 5 and stamp[0] & 1:
        return int.from_bytes(stamp[1:5], "little", signed=True) * 1_000_000_000
    ntfs = extras.get(_EXTRA_NTFS, b"")
    if len(ntfs) >= 16 and ntfs[4:8] == b"\x01\x00\x18\x00":
        return (int.from_bytes(ntfs[8:16], "little") - _NTFS_EPOCH) * 100
    return None


_LOOKED_AT: Final = 1000  # members; documents name what they are among the first or in a small file


def is_document(fd: int, size: int, directory: Directory | None) -> bool:
    """Office documents, e-books, Java and Android programs: zip inside, but one file to people."""
    entries = local_entries(fd, size) if directory is None else central_entries(fd, directory)
    try:
        names = [entry.untrusted_name for entry in islice(entries, _LOOKED_AT)]
    except SourceUnreadable:
        return False
    if not names and directory is None:
        return _first_name(fd) in _FIRST
    known = set(names)
    return (
        names[:1] == [b"mimetype"]  # OpenDocument and EPUB demand that it is the first
        or {b"[Content_Types].xml", b"_rels/.rels"} <= known  # OPC demands both, anywhere
        or any(name in _FIRST for name in names[:2])
        or (b"AndroidManifest.xml" in known and b"resources.arsc" in known)
    )


_FIRST: Final = {b"[Content_Types].xml", b"mimetype", b"META-INF/MANIFEST.MF", b"META-INF/"}


def _first_name(fd: int) -> bytes:
    raw = read_at(fd, 0, LOCAL.size)
    named = LOCAL.unpack(raw)[9] if len(raw) == LOCAL.size else 0
    return read_at(fd, LOCAL.size, named)
