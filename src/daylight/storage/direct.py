"""Moving bytes past the page cache: aligned buffers, direct reads and writes, honest syncs.

Direct I/O is used for speed (no second copy in memory) and for truth: a read-back through the page
cache would compare memory with memory, not with the medium. Where a filesystem refuses O_DIRECT
(tmpfs, some FUSE) the cache is dropped before a read-back instead.
"""

import ctypes
import errno
import hashlib
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from daylight.domain.digest import Digest

ALIGN = 4096
CHUNK = 4 << 20

_libc = ctypes.CDLL(None, use_errno=True)


def new_buffer(size: int = CHUNK) -> memoryview:
    """Page-aligned memory; ``size`` in bytes, a multiple of ``ALIGN``. A fork gets its own copy."""
    return memoryview(mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))


def sync_filesystem(fd: int) -> None:
    """Flush everything of the filesystem that ``fd`` lies on: one sync for a batch of files."""
    if _libc.syncfs(fd) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def sync_directory(path: str) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def reopen_direct(fd: int) -> int | None:
    """A second, direct descriptor of the same file; None where that cannot be had."""
    try:
        return os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
    except OSError:
        return None  # no /proc, no permission to reopen, or no direct I/O: the plain fd serves


@contextmanager
def opened(path: str, flags: int, mode: int = 0o400) -> Iterator[tuple[int, bool]]:
    """Open with O_DIRECT where the filesystem has it; yields (descriptor, is direct)."""
    direct = True
    try:
        fd = os.open(path, flags | os.O_DIRECT | os.O_CLOEXEC, mode)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        direct = False
        if flags & os.O_CREAT:
            with suppress(FileNotFoundError):
                os.unlink(path)  # some filesystems make the file before they refuse the flag
        fd = os.open(path, flags | os.O_CLOEXEC, mode)
    try:
        yield fd, direct
    finally:
        os.close(fd)


def write_all(fd: int, data: memoryview) -> None:
    while data:
        done = os.write(fd, data)
        data = data[done:]


def pad(length: int) -> int:
    """``length`` rounded up to what direct I/O can write."""
    return -(-length // ALIGN) * ALIGN


def hash_from_medium(path: str, size: int, buffer: memoryview) -> Digest:
    """SHA-256 of a file as it stands on the medium, not in memory. The file must be synced.

    ``size`` in bytes is what it should have: a direct read clears what the buffer has beyond it.
    """
    buffer = buffer[: max(pad(size), ALIGN)]
    hasher = hashlib.sha256()
    with opened(path, os.O_RDONLY) as (fd, direct):
        if not direct:
            with suppress(OSError):
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        while count := os.readv(fd, [buffer]):
            hasher.update(buffer[:count])
    return Digest(hasher.digest())
