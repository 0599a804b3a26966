"""The worker's half of an import: bytes into the store, no catalogue."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from daylight.errors import LimitExceeded, SourceUnreadable
from daylight.routes.base import Arrival, ByteSource, EntryKind
from daylight.routes.registry import may_be_archive
from daylight.storage.base import Staged, Store

HEAD = 512  # bytes: enough for every archive's mark (tar has its own at 257)


class Kept(NamedTuple):
    """What became of one arrival: staged bytes, or a refusal (kind, reason)."""

    staged: Staged | None
    refusal: tuple[str, str] = ("", "")
    archive: bool = False


class _Peeked:
    """A source that remembers how it began."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._head: bytes | None = None

    def readinto(self, buffer: memoryview, /) -> int:
        count = self._source.readinto(buffer)
        if self._head is None:
            self._head = bytes(buffer[: min(count, HEAD)])
        return count

    def fileno(self) -> int | None:
        return self._source.fileno()

    def head(self) -> bytes:
        """The first bytes, also when the store read the descriptor behind our back."""
        if self._head is None:
            fd = self._source.fileno()
            self._head = b"" if fd is None else os.pread(fd, HEAD, 0)
        return self._head


def stage(store: Store, arrival: Arrival) -> Kept:
    """Read one arrival into the spool. A read error refuses it; a full disk is raised."""
    if arrival.kind is EntryKind.LINK:
        return Kept(None, ("link", "a link is recorded, not followed"))
    if arrival.kind is EntryKind.REFUSED:
        return Kept(None, ("refused", arrival.reason))
    try:
        with arrival.open() as source:
            peeked = _Peeked(source)
            staged = store.stage(peeked, arrival.size)
            return Kept(staged, archive=may_be_archive(peeked.head()))
    except SourceUnreadable as error:
        return Kept(None, ("unreadable", str(error)))
    except LimitExceeded as error:
        return Kept(None, ("limit", str(error)))


def settle(store: Store, kept: list[Kept], verify: bool) -> list[Kept]:
    """Make what was staged durable under its name."""
    store.settle([one.staged for one in kept if one.staged is not None], verify=verify)
    return kept


def stage_and_settle(store: Store, arrivals: Sequence[Arrival], verify: bool) -> list[Kept]:
    return settle(store, [stage(store, arrival) for arrival in arrivals], verify)
