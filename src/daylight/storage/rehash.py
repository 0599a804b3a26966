"""Hashing objects again: through the page cache, or past it to see what the medium holds.

Through the cache a check costs what SHA-256 costs, and what is not in memory is read from the disk
anyway. Past the cache it is bounded by the disk, and tells of the medium alone (docs/verify.md).
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from daylight.domain.digest import Digest
from daylight.domain.fault import Fault
from daylight.storage.direct import CHUNK, new_buffer, opened

CHANGED, TRUNCATED, GROWN = "object-changed", "object-truncated", "object-grown"
UNREADABLE, MISSING = "object-unreadable", "object-missing"
_PIECE = 1 << 20  # bytes hashed at a time (measured: larger ones gain nothing)


def rehash(root: Path, wanted: Iterable[tuple[Digest, int]], *, medium: bool) -> list[Fault]:
    """What is wrong with these objects of the vault at ``root``; sizes in bytes, -1 unknown."""
    return list(_rehash(os.fspath(root / "objects"), wanted, medium=medium))


def _rehash(folder: str, wanted: Iterable[tuple[Digest, int]], *, medium: bool) -> Iterator[Fault]:
    buffer = new_buffer(CHUNK if medium else _PIECE)
    for digest, size in wanted:
        name = digest.hex()
        path = f"{folder}/{name[:2]}/{name[2:4]}/{name}"
        try:
            hashed, length = (_direct if medium else _cached)(path, buffer)
        except FileNotFoundError:
            yield Fault(MISSING, name, "the store does not hold it")
        except OSError as error:
            yield Fault(UNREADABLE, name, f"the disk does not give it: {error.strerror}")
        else:
            wrong = size_fault(name, size, length)
            if wrong is not None:
                yield wrong
            elif hashed != digest:
                yield Fault(CHANGED, name, "its bytes are not those that its name says")


def size_fault(name: str, size: int, length: int) -> Fault | None:
    """The fault of an object of ``length`` bytes that should have ``size``."""
    if size < 0 or length == size:
        return None
    detail = f"it has {length} bytes, and should have {size}"
    return Fault(TRUNCATED if length < size else GROWN, name, detail)


def _cached(path: str, buffer: memoryview) -> tuple[bytes, int]:
    hasher, length = hashlib.sha256(), 0
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        _require_plain(fd)
        while count := os.readv(fd, [buffer]):
            hasher.update(buffer[:count])
            length += count
    finally:
        os.close(fd)
    return hasher.digest(), length


def _direct(path: str, buffer: memoryview) -> tuple[bytes, int]:
    hasher, length = hashlib.sha256(), 0
    with opened(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK) as (fd, direct):
        _require_plain(fd)
        if not direct:
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        while count := os.readv(fd, [buffer]):
            hasher.update(buffer[:count])
            length += count
    return hasher.digest(), length


def _require_plain(fd: int) -> None:
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        raise OSError(0, "it is no plain file")
