"""ZIP archives, read by their central directory (PKWARE APPNOTE 6.3.10; Info-ZIP's extra fields).

The standard library's ``zipfile`` is not used: it holds the whole directory in memory, decodes
names, and lets members share bytes. Here the directory is streamed, names stay raw, a member whose
bytes overlap those of the next is refused (D. Fifield, "A better zip bomb", 2019), and any number
of members can be read at once. Where the directory is missing, since the file was cut off, the
local headers give what can still be found.
"""

import stat
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from daylight.errors import SourceUnreadable
from daylight.routes.base import Arrival, ByteSource, EntryKind, Limits, Reason
from daylight.routes.budget import Budget, check_ratio
from daylight.routes.member import (
    MAX_LINK_BYTES,
    Candidate,
    CheckedMember,
    last_entry,
    read_at,
)
from daylight.routes.streams import ZIP_METHODS, Stream, Window
from daylight.routes.zipformat import (
    LOCAL,
    LOCAL_MAGIC,
    PROGRAMS,
    Directory,
    Entry,
    central_entries,
    find_directory,
    is_document,
    local_entries,
)

_KINDS: Final = {
    stat.S_IFCHR: Reason.DEVICE,
    stat.S_IFBLK: Reason.DEVICE,
    stat.S_IFIFO: Reason.FIFO,
    stat.S_IFSOCK: Reason.SOCKET,
}
_STORED: Final = 0
_LZMA: Final = 14  # its data need not tell where it ends


@dataclass(frozen=True, slots=True)
class _MemberOpener:
    route: "ZipRoute"
    entry: Entry

    def __call__(self) -> AbstractContextManager[ByteSource]:
        return self.route.open_member(self.entry)


class ZipRoute:
    """``directory`` is ``None`` where the archive is cut off. ``fd`` stays the caller's to close."""

    name = "zip"
    sequential = False

    def __init__(self, fd: int, size: int, directory: Directory | None, budget: Budget) -> None:
        self.budget = budget
        self._fd = fd
        self._size = size
        self._directory = directory
        self._starts = array("Q")

    def arrivals(self) -> Iterator[Arrival]:
        try:
            fault = Reason.TRUNCATED if self._directory is None else self._learn(self._directory)
            for entry in self._entries():
                self.budget.member()
                if not entry.is_folder:
                    yield self._arrival(entry)
        except SourceUnreadable:
            fault = Reason.READ_ERROR
        if fault is not None:
            yield last_entry(fault)

    def _entries(self) -> Iterator[Entry]:
        if self._directory is None:
            return local_entries(self._fd, self._size)
        return central_entries(self._fd, self._directory)

    def _learn(self, directory: Directory) -> Reason | None:
        """Where every member begins, 8 bytes each; says if the directory breaks off."""
        self.budget.check_members(directory.claimed_members)
        starts = array("Q")
        for entry in central_entries(self._fd, directory):
            self.budget.check_members(len(starts) + 1)
            starts.append(entry.start)
        # The number is kept modulo 2**16 by writers that know no zip64.
        whole = len(starts) & 0xFFFF == directory.claimed_members & 0xFFFF
        self._starts = array("Q", sorted(starts))
        return None if whole else Reason.DAMAGED

    def _arrival(self, entry: Entry) -> Arrival:
        reason = self._refusal(entry)
        target = b""
        kind = EntryKind.FILE
        if reason is None and stat.S_ISLNK(entry.unix_mode):
            kind = EntryKind.LINK
            try:
                target = self._target(entry)
            except SourceUnreadable:
                reason = Reason.LINK
        plain = reason is None and kind is EntryKind.FILE
        return Arrival(
            untrusted_path=entry.untrusted_name,
            kind=kind if reason is None else EntryKind.REFUSED,
            size=entry.size,
            mtime_ns=entry.mtime_ns,
            mode=stat.S_IMODE(entry.unix_mode) if entry.unix_mode else None,
            untrusted_target=target,
            reason=reason or "",
            opener=_MemberOpener(self, entry) if plain else None,
        )

    def _refusal(self, entry: Entry) -> Reason | None:
        if entry.encrypted:
            return Reason.ENCRYPTED
        special = _KINDS.get(stat.S_IFMT(entry.unix_mode))
        if special is not None:
            return special
        if entry.method != _STORED and entry.method not in ZIP_METHODS:
            return Reason.COMPRESSION
        if entry.least_end > self._limit(entry):
            return Reason.OVERLAP
        if stat.S_ISLNK(entry.unix_mode) and entry.size > MAX_LINK_BYTES:
            return Reason.LINK
        return None

    def _limit(self, entry: Entry) -> int:
        """Where the next member or the directory begins; ``entry.start`` if another starts there."""
        if self._directory is None:
            return self._size
        at = bisect_left(self._starts, entry.start) + 1
        return self._starts[at] if at < len(self._starts) else self._directory.start

    def _target(self, entry: Entry) -> bytes:
        buffer = bytearray(MAX_LINK_BYTES)
        filled = 0
        with self.open_member(entry) as source:
            while count := source.readinto(memoryview(buffer)[filled:]):
                filled += count
        return bytes(buffer[:filled])

    def open_member(self, entry: Entry) -> CheckedMember:
        """Raises ``SourceUnreadable`` where the local header contradicts the directory."""
        raw = read_at(self._fd, entry.start, LOCAL.size + len(entry.untrusted_name))
        if len(raw) < LOCAL.size or not raw.startswith(LOCAL_MAGIC):
            raise SourceUnreadable("a member of the archive is not where the archive says")
        *_, name_length, extra_length = LOCAL.unpack(raw[: LOCAL.size])
        if name_length != len(entry.untrusted_name) or raw[LOCAL.size :] != entry.untrusted_name:
            raise SourceUnreadable("the archive's two headers of a member disagree about its name")
        begin = entry.start + LOCAL.size + name_length + extra_length
        if begin + entry.packed > self._limit(entry):
            raise SourceUnreadable("a member of the archive overlaps what follows it")
        self.budget.check_claim(entry.size)
        check_ratio(self.budget.limits, entry.size, entry.packed)
        return CheckedMember(
            self._stream(entry, Window(self._fd, begin, begin + entry.packed)),
            self.budget,
            size=entry.size,
            packed=entry.packed,
            crc=entry.crc,
            marked=entry.method != _LZMA,
        )

    def _stream(self, entry: Entry, window: Window) -> Stream:
        return window if entry.method == _STORED else ZIP_METHODS[entry.method](window)


def marked(head: bytes) -> bool:
    """Whether an object that begins so can be a ZIP, also one behind a program or a script."""
    return head.startswith((b"PK", *PROGRAMS))


def recognise(candidate: Candidate, limits: Limits, outer: Budget | None, /) -> ZipRoute | None:
    """Any ZIP, also behind a program that unpacks it; but no document that merely is one inside."""
    directory = find_directory(candidate.fd, candidate.size, candidate.head)
    if directory is None and not candidate.head.startswith(LOCAL_MAGIC):
        return None
    if is_document(candidate.fd, candidate.size, directory):
        return None
    return ZipRoute(candidate.fd, candidate.size, directory, Budget(limits, candidate.size, outer))
