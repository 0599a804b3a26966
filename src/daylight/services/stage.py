"""The worker's half of an import: bytes into the store, no catalogue."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from daylight.domain.digest import Digest
from daylight.errors import LimitExceeded, SourceUnreadable
from daylight.routes.base import Arrival, ByteSource, Declared, EntryKind
from daylight.routes.registry import may_be_archive
from daylight.storage.base import Staged, Store

CHUNK = 1 << 20
HEAD = 512  # bytes: enough for every archive's mark (tar has its own at 257)


class Kept(NamedTuple):
    """What became of one arrival: staged bytes, or a refusal (kind, reason).

    ``differs``: the bytes are not those that were declared with it; they are kept all the same.
    """

    staged: Staged | None
    refusal: tuple[str, str] = ("", "")
    archive: bool = False
    differs: bool = False


class _Peeked:
    """A source that remembers how it began, and hashes what passes where more than SHA-256 is asked."""

    def __init__(self, source: ByteSource, declared: Declared) -> None:
        self._source = source
        self._head: bytes | None = None
        self._declared = dict(declared)
        self._hashers = _hashers(declared)

    def readinto(self, buffer: memoryview, /) -> int:
        count = self._source.readinto(buffer)
        if self._head is None:
            self._head = bytes(buffer[: min(count, HEAD)])
        for hasher in self._hashers.values():
            hasher.update(buffer[:count])
        return count

    def fileno(self) -> int | None:
        """None while there is hashing to do: the store would read the descriptor by itself."""
        return None if self._hashers else self._source.fileno()

    def differs(self, digest: Digest) -> bool:
        return _differs(self._declared, digest, self._hashers)

    def head(self) -> bytes:
        """The first bytes, also when the store read the descriptor behind our back."""
        if self._head is None:
            fd = self._source.fileno()
            self._head = b"" if fd is None else os.pread(fd, HEAD, 0)
        return self._head


def _hashers(declared: Declared) -> dict[str, "hashlib._Hash"]:
    """SHA-256 comes from the store for nothing."""
    return {
        name: hashlib.new(name, usedforsecurity=False) for name, _ in declared if name != "sha256"
    }


def _differs(
    declared: Mapping[str, bytes], digest: Digest, hashers: Mapping[str, "hashlib._Hash"]
) -> bool:
    found = {"sha256": bytes(digest)} | {name: one.digest() for name, one in hashers.items()}
    return any(found[name] != wanted for name, wanted in declared.items())


def stored_differs(store: Store, digest: Digest, declared: Declared) -> bool:
    """As ``Kept.differs``, of an object that an earlier run has kept."""
    hashers = _hashers(declared)
    if hashers:
        fd = store.open_fd(digest)
        try:
            while chunk := os.read(fd, CHUNK):
                for hasher in hashers.values():
                    hasher.update(chunk)
        finally:
            os.close(fd)
    return _differs(dict(declared), digest, hashers)


def stage(store: Store, arrival: Arrival) -> Kept:
    """Read one arrival into the spool. A read error refuses it; a full disk is raised."""
    if arrival.kind is EntryKind.LINK:
        return Kept(None, ("link", "a link is recorded, not followed"))
    if arrival.kind is EntryKind.REFUSED:
        return Kept(None, ("refused", arrival.reason))
    try:
        with arrival.open() as source:
            peeked = _Peeked(source, arrival.declared)
            staged = store.stage(peeked, arrival.size)
            return Kept(
                staged,
                archive=may_be_archive(peeked.head()),
                differs=peeked.differs(staged.digest),
            )
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
