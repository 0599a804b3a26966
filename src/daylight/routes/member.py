"""What the archive routes share: how an archive is looked at, and how a member is read."""

import os
import zlib
from dataclasses import dataclass
from typing import Final, Protocol, Self

from daylight.errors import SourceUnreadable
from daylight.routes.base import Arrival, EntryKind, Limits, Reason, Route
from daylight.routes.budget import Budget, check_ratio
from daylight.routes.streams import Stream

MAX_LINK_BYTES: Final = 4096  # PATH_MAX: no file system holds a longer target


class ArchiveRoute(Route, Protocol):
    """``budget`` is handed on to the archives found inside this one."""

    budget: Budget


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stored object that may be an archive; ``head`` are its first bytes (512, or all)."""

    fd: int
    size: int
    head: bytes
    untrusted_name: bytes  # for formats that no content gives away; may never say yes on its own

    def at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes. Raises ``SourceUnreadable``."""
        return read_at(self.fd, offset, count)


class Recogniser(Protocol):
    """The route for a candidate, or ``None`` if it is not of that format. Never writes."""

    def __call__(
        self, candidate: Candidate, limits: Limits, outer: Budget | None, /
    ) -> ArchiveRoute | None: ...


def read_at(fd: int, offset: int, count: int) -> bytes:
    try:
        return os.pread(fd, count, offset)
    except (OSError, OverflowError) as error:
        raise SourceUnreadable(f"read error in the archive: {error}") from None


def last_entry(reason: Reason) -> Arrival:
    """Says that the archive does not end as it should; its path is empty."""
    return Arrival(b"", EntryKind.REFUSED, reason=reason)


class CheckedMember:
    """A member that must have exactly ``size`` bytes and, if given, the CRC-32 ``crc`` (as in ZIP).

    ``packed``: bytes it takes in the archive. ``marked``: its compressed data tells where it ends.
    """

    def __init__(
        self,
        stream: Stream,
        budget: Budget,
        *,
        size: int,
        packed: int,
        crc: int | None = None,
        marked: bool = False,
    ) -> None:
        self._stream = stream
        self._budget = budget
        self._size = size
        self._packed = packed
        self._want_crc = crc
        self._marked = marked
        self._crc = 0
        self._out = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def fileno(self) -> None:
        return None

    def readinto(self, buffer: memoryview, /) -> int:
        room = min(len(buffer), self._size - self._out)
        if room == 0:
            if buffer:
                self._check_end()
            return 0
        data = self._stream.read(room)
        if not data:
            raise SourceUnreadable("a member of the archive is shorter than the archive says")
        self._out += len(data)
        self._budget.charge(len(data))
        check_ratio(self._budget.limits, self._out, self._packed)
        if self._want_crc is not None:
            self._crc = zlib.crc32(data, self._crc)
        buffer[: len(data)] = data
        return len(data)

    def _check_end(self) -> None:
        empty = self._size == 0 and self._packed == 0
        if self._marked and not empty and self._stream.read(1):
            raise SourceUnreadable("a member of the archive is longer than the archive says")
        if self._want_crc is not None and self._crc != self._want_crc:
            raise SourceUnreadable("checksum mismatch in the archive")
