"""Tar archives, plain or compressed with gzip, bzip2, xz or Zstandard, read as one stream.

POSIX.1-2001 (ustar, pax) and GNU tar's long names. Headers are parsed by the standard library's
``TarInfo.frombuf``; the walk is ours, since ``tarfile`` keeps every member in memory, reads long
names of any length, and takes a damaged header for the end without a word.

An archive that does not end with its end mark gives a last, refused entry with an empty path. What
follows an end mark is read on: archives that were put one behind the other give all their members.
"""

import io
import re
import tarfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Final, Self

from daylight.errors import SourceUnreadable
from daylight.routes.base import Arrival, ByteSource, EntryKind, Limits, Opener, Reason
from daylight.routes.budget import Budget
from daylight.routes.member import Candidate, CheckedMember, last_entry
from daylight.routes.streams import (
    BZIP2,
    GZIP,
    XZ,
    ZSTD,
    Decompressed,
    Metered,
    Stream,
    Window,
    decompressed,
)

_BLOCK: Final = 512
_ZERO_BLOCK: Final = bytes(_BLOCK)
_MAGIC: Final = slice(257, 262)
_LONGEST_NAME: Final = 1 << 20  # bytes of a pax header or a GNU long name
KEPT_FOR_LATER: Final = 1 << 20  # bytes of a member of a stream
_SKIP_BYTES: Final = 1 << 18
_BUFFER: Final = 128 << 10
_LATEST: Final = 1 << 33  # seconds: what eleven octal digits hold; keeps times within 64 bits

_REFUSED: Final = {
    tarfile.CHRTYPE: Reason.DEVICE,
    tarfile.BLKTYPE: Reason.DEVICE,
    tarfile.FIFOTYPE: Reason.FIFO,
    tarfile.GNUTYPE_SPARSE: Reason.SPARSE,
}
_FILES: Final = {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE}
_LINKS: Final = {tarfile.SYMTYPE, tarfile.LNKTYPE}
_WITHOUT_DATA: Final = {
    *_LINKS,
    tarfile.DIRTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
    tarfile.FIFOTYPE,
}
_KEYWORDS: Final = {b"path", b"linkpath", b"size", b"mtime"}
_PAX_TIME: Final = re.compile(rb"(-?)(\d{1,11})(?:\.(\d{0,30}))?")
_MORE_SPARSE: Final = 482  # offset of GNU's flag "another sparse header follows"; then at 504
_MORE_SPARSE_AGAIN: Final = 504
_PAX: Final = {tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE}


class _EndedError(Exception):
    """The archive ends here, for ``reason``; ``None`` is a proper end."""

    def __init__(self, reason: Reason | None) -> None:
        super().__init__(reason)
        self.reason = reason


class _Tape:
    """A forward reader over the archive's (decompressed) bytes; ``at`` counts them."""

    def __init__(self, candidate: Candidate, budget: Budget) -> None:
        window = Window(candidate.fd, 0, candidate.size)
        stream = decompressed(candidate.head, window)
        self._stream = stream
        self._plain = candidate.size if stream is None else None
        self._reader = io.BufferedReader(Metered(stream, window, budget), _BUFFER)
        self.at = 0

    @property
    def is_plain(self) -> bool:
        return self._plain is not None

    @property
    def is_cut_off(self) -> bool:
        return isinstance(self._stream, Decompressed) and self._stream.is_cut_off

    def read(self, count: int) -> bytes:
        data = self._reader.read(count)
        self.at += len(data)
        return data

    def readinto(self, buffer: memoryview) -> int:
        count = self._reader.readinto1(buffer)
        self.at += count
        return count

    def skip_to(self, position: int) -> bool:
        """False if the archive ends before."""
        if self._plain is not None:
            self._reader.seek(min(position, self._plain))
            self.at = min(position, self._plain)
        while self.at < position:
            if not self.read(min(_SKIP_BYTES, position - self.at)):
                return False
        return True


class _Extended:
    """What extra headers say of the member that follows them, as raw bytes by pax keyword."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.sparse = False

    def parse(self, raw: bytes) -> None:
        """Records of pax, ``length keyword=value newline``. Raises ``_EndedError`` if malformed."""
        at = 0
        while at < len(raw) and raw[at]:
            digits = raw[at : at + 8].partition(b" ")[0]
            end = at + (int(digits) if digits.isdigit() else 0)
            keyword, equals, value = raw[at + len(digits) + 1 : end - 1].partition(b"=")
            if not equals or raw[end - 1 : end] != b"\n":
                raise _EndedError(Reason.DAMAGED)
            if keyword in _KEYWORDS:
                self.values[keyword] = value
            self.sparse |= keyword.startswith(b"GNU.sparse.")
            at = end

    def size(self, otherwise: int) -> int:
        raw = self.values.get(b"size", b"")
        return int(raw) if raw.isdigit() and len(raw) < 19 else otherwise

    def mtime_ns(self, otherwise: float) -> int | None:
        match = _PAX_TIME.fullmatch(self.values.get(b"mtime", b""))
        if match is not None:
            sign, seconds, part = match.groups(b"")
            found = int(seconds) * 1_000_000_000 + int(part[:9].ljust(9, b"0"))
            return -found if sign else found
        return int(otherwise) * 1_000_000_000 if abs(otherwise) < _LATEST else None


@dataclass(frozen=True, slots=True)
class _PlainOpener:
    """A member of an uncompressed tar can be read at any time, from any thread."""

    fd: int
    start: int
    size: int
    end: int
    budget: Budget

    def __call__(self) -> AbstractContextManager[ByteSource]:
        self.budget.check_claim(self.size)
        window = Window(self.fd, self.start, max(self.start, min(self.start + self.size, self.end)))
        return CheckedMember(window, self.budget, size=self.size, packed=self.size)


class _StreamedMember:
    """The data of the current member, to be read once.

    If the walk goes on before it was opened, the data must be decompressed anyway: that of a small
    member is kept for as long as its arrival is, so that small files can be gathered into lots.
    """

    def __init__(self, tape: _Tape, size: int, budget: Budget) -> None:
        self._tape = tape
        self._size = size
        self._budget = budget
        self._left = size
        self._expected = tape.at
        self._opened = False
        self._kept: io.BytesIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._kept = None

    def __call__(self) -> AbstractContextManager[ByteSource]:
        if self._opened:
            raise SourceUnreadable("a member of a compressed tar can be read only once")
        self._opened = True
        self._check_place()
        self._budget.check_claim(self._size)
        return self

    def fileno(self) -> None:
        return None

    def leave(self) -> None:
        """The walk goes on. Raises what reading raises, but for the member's own faults."""
        if not self._opened and self._size <= KEPT_FOR_LATER:
            self._kept = io.BytesIO()
            with suppress(SourceUnreadable):  # the member is then too short, and says so when read
                self._kept = io.BytesIO(self._tape.read(self._size))

    def readinto(self, buffer: memoryview, /) -> int:
        self._check_place()
        room = min(len(buffer), self._left)
        source = self._tape if self._kept is None else self._kept
        count = source.readinto(buffer[:room]) if room else 0
        if room and not count:
            raise SourceUnreadable("the archive is cut off in the middle of a member")
        self._expected += count
        self._left -= count
        return count

    def _check_place(self) -> None:
        if self._kept is None and self._tape.at != self._expected:
            raise SourceUnreadable("a member of a tar must be read before the next is asked for")


class _Walk:
    """One pass over the archive; ``_next_at`` is where the next header is."""

    def __init__(self, candidate: Candidate, budget: Budget) -> None:
        self._candidate = candidate
        self._tape = _Tape(candidate, budget)
        self._budget = budget
        self._next_at = 0
        self._after_end_mark = False

    def arrivals(self) -> Iterator[Arrival]:
        try:
            yield from self._members()
        except _EndedError as end:
            reason = end.reason
        except SourceUnreadable:  # of the compression or the medium, on the way to a header
            reason = Reason.TRUNCATED if self._tape.is_cut_off else Reason.DAMAGED
        if reason is not None:
            yield last_entry(reason)

    def _members(self) -> Iterator[Arrival]:
        extended = _Extended()
        while True:
            info, block = self._header()
            if info.type in _PAX:
                extended.parse(self._name_data(info))
            elif info.type == tarfile.GNUTYPE_LONGNAME:
                extended.values[b"path"] = self._name_data(info).partition(b"\0")[0]
            elif info.type == tarfile.GNUTYPE_LONGLINK:
                extended.values[b"linkpath"] = self._name_data(info).partition(b"\0")[0]
            elif info.type != tarfile.XGLTYPE:  # global headers: comments, in practice
                self._budget.member()
                size = self._place_data(info, block, extended)
                if info.type != tarfile.DIRTYPE:
                    arrival = self._arrival(info, extended, size)
                    yield arrival
                    if isinstance(arrival.opener, _StreamedMember):
                        arrival.opener.leave()
                extended = _Extended()

    def _header(self) -> tuple[tarfile.TarInfo, bytes]:
        if not self._tape.skip_to(self._next_at):
            raise _EndedError(Reason.TRUNCATED)
        block = self._tape.read(_BLOCK)
        while block == _ZERO_BLOCK:
            self._after_end_mark = True
            block = self._tape.read(_BLOCK)
        if not block.strip(b"\0"):
            raise _EndedError(None if self._after_end_mark else Reason.TRUNCATED)
        if len(block) < _BLOCK and not self._after_end_mark:
            raise _EndedError(Reason.TRUNCATED)
        info = parse_header(block)
        if info is None:
            raise _EndedError(Reason.TRAILING_DATA if self._after_end_mark else Reason.DAMAGED)
        self._after_end_mark = False
        self._next_at = self._tape.at + _padded(info.size)
        return info, block

    def _name_data(self, info: tarfile.TarInfo) -> bytes:
        if info.size > _LONGEST_NAME:
            raise _EndedError(Reason.DAMAGED)
        data = self._tape.read(info.size)
        if len(data) < info.size:
            raise _EndedError(Reason.TRUNCATED)
        return data

    def _place_data(self, info: tarfile.TarInfo, block: bytes, extended: _Extended) -> int:
        """Where the member's data ends; its size, 0 for what has none."""
        more = info.type == tarfile.GNUTYPE_SPARSE and block[_MORE_SPARSE]
        while more:
            block = self._tape.read(_BLOCK)
            more = len(block) == _BLOCK and block[_MORE_SPARSE_AGAIN]
        size = 0 if info.type in _WITHOUT_DATA else extended.size(info.size)
        self._next_at = self._tape.at + _padded(size)
        return size

    def _arrival(self, info: tarfile.TarInfo, extended: _Extended, size: int) -> Arrival:
        reason, target = self._refusal(info, extended), b""
        kind = EntryKind.FILE if reason is None else EntryKind.REFUSED
        if info.type in _LINKS:
            kind = EntryKind.LINK
            target = extended.values.get(b"linkpath", _raw(info.linkname))
        plain = kind is EntryKind.FILE
        return Arrival(
            untrusted_path=extended.values.get(b"path", _raw(info.name)),
            kind=kind,
            size=size if plain else -1,
            mtime_ns=extended.mtime_ns(info.mtime),
            mode=info.mode & 0o7777,
            untrusted_target=target,
            reason=reason or "",
            opener=self._opener(size) if plain else None,
        )

    def _opener(self, size: int) -> Opener:
        if self._tape.is_plain:
            held = self._candidate
            return _PlainOpener(held.fd, self._tape.at, size, held.size, self._budget)
        return _StreamedMember(self._tape, size, self._budget)

    def _refusal(self, info: tarfile.TarInfo, extended: _Extended) -> Reason | None:
        if info.type in _FILES:
            return Reason.SPARSE if extended.sparse else None
        return None if info.type in _LINKS else _REFUSED.get(info.type, Reason.UNKNOWN_TYPE)


class TarRoute:
    """``sequential`` if it is compressed; then only members up to 1 MiB can be read late. ``fd`` of the candidate stays the caller's to close."""

    name = "tar"

    def __init__(self, candidate: Candidate, budget: Budget, *, sequential: bool) -> None:
        self.budget = budget
        self.sequential = sequential
        self._candidate = candidate

    def arrivals(self) -> Iterator[Arrival]:
        return _Walk(self._candidate, self.budget).arrivals()


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _raw(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def parse_header(block: bytes) -> tarfile.TarInfo | None:
    """A header block whose checksum is right, else ``None``."""
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return None
    return info if info.size >= 0 else None


def marked(head: bytes) -> bool:
    """Whether an object that begins so (512 bytes) can be a tar."""
    return head[_MAGIC] == b"ustar" or head.startswith((GZIP, BZIP2, XZ, ZSTD))


def recognise(candidate: Candidate, limits: Limits, outer: Budget | None, /) -> TarRoute | None:
    """A tar by its first header; compressed, by the first header that comes out."""
    window = Window(candidate.fd, 0, candidate.size)
    head = candidate.head
    try:
        stream = decompressed(head, window)
        if stream is not None:
            head = _first_block(stream)
    except SourceUnreadable:  # not even its start can be read: it stays a plain file
        return None
    if head[_MAGIC] != b"ustar" or parse_header(head[:_BLOCK]) is None:
        return None
    plain = stream is None
    budget = Budget(limits, candidate.size if plain else 0, outer)
    return TarRoute(candidate, budget, sequential=not plain)


def _first_block(stream: Stream) -> bytes:
    block = b""
    while len(block) < _BLOCK:
        data = stream.read(_BLOCK - len(block))
        if not data:
            break
        block += data
    return block
