"""Objects on a local disk: ``objects/ab/cd/<sha256>``, plain bytes, read-only.

``sha256sum`` alone checks an object. The bytes are durable before they bear their name, and the
name is durable before :meth:`LocalStore.settle` returns; so after a crash an object is whole or
absent, and what lies in ``spool/`` may be deleted while nothing runs.
"""

import errno
import hashlib
import os
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from daylight.domain.digest import Digest, digest_of, parse_digest
from daylight.errors import SourceUnreadable, StoreCorrupt, VaultFull
from daylight.storage.base import Readable, Staged
from daylight.storage.direct import (
    ALIGN,
    CHUNK,
    hash_from_medium,
    new_buffer,
    opened,
    pad,
    reopen_direct,
    sync_directory,
    sync_filesystem,
    write_all,
)

# Below this a file is written through the page cache and synced with its batch: one journal
# commit for all of them costs less than a flush each.
SMALL = 1 << 20


class _DirectSource:
    """Reads a plain file past the page cache.

    A direct read must start on a block: after a short one that is not the end (some filesystems
    give them) the rest is read through the cache.
    """

    def __init__(self, direct: int, plain: int) -> None:
        self._direct, self._plain, self._at = direct, plain, 0

    def readinto(self, buffer: memoryview, /) -> int:
        aligned = self._at % ALIGN == 0
        try:
            if aligned:
                count = os.preadv(self._direct, [buffer], self._at)
            else:
                count = os.preadv(self._plain, [buffer], self._at)
        except OSError as error:
            raise SourceUnreadable(
                f"reading stopped after {self._at} bytes: {error.strerror}"
            ) from error
        self._at += count
        return count


class LocalStore:
    """The store under ``root``, which holds ``objects/`` and ``spool/``."""

    def __init__(self, root: Path) -> None:
        self._objects = os.fspath(root / "objects")
        self._spool = os.fspath(root / "spool")
        self._root_fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._local = threading.local()
        self._folder = (0, "")
        self._staging = self._staged = 0
        self._lock = threading.Lock()

    def close(self) -> None:
        os.close(self._root_fd)

    def stage(self, source: Readable, size: int) -> Staged:
        small = 0 <= size < SMALL
        write = self._write_small if small else self._write_large
        if not small:
            self._require_room(source)
        with _FullDiskIsTyped():
            token = self._enter_own_folder()
            path = self._spooled(token)
            try:
                digest, length = write(source, path)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(path)
                raise
            finally:
                self._leave_own_folder()
        return Staged(token, digest, length, durable=not small)

    def _require_room(self, source: Readable) -> None:
        """A file larger than what is free is not begun: half a terabyte of zeros takes hours to fill a disk."""
        fd = source.fileno()
        if fd is None:
            return
        size, disk = os.fstat(fd).st_size, os.fstatvfs(self._root_fd)
        free = disk.f_bavail * disk.f_frsize
        if size > free:
            raise VaultFull(
                f"a file of {size / 1e9:.1f} GB does not fit: the vault's disk has {free / 1e9:.1f} GB left"
            )

    def settle(self, staged: Sequence[Staged], *, verify: bool) -> None:
        with _FullDiskIsTyped():
            if not all(one.durable for one in staged):
                sync_filesystem(self._root_fd)
            if verify:
                self._read_back(staged)
            folders = {self._name(one) for one in staged}
            self._make_names_durable(folders, batch=len(staged) > 1)
            self._leave()

    def discard(self, staged: Staged) -> None:
        with suppress(FileNotFoundError):
            os.unlink(self._spooled(staged.token))

    def put(self, data: bytes) -> Digest:
        return self.put_many([data])[0]

    def put_many(self, many: Sequence[bytes]) -> list[Digest]:
        wanted = {digest_of(data): data for data in many}
        held = {digest for digest in wanted if os.path.exists(self._path(digest))}
        missing = [data for digest, data in wanted.items() if digest not in held]
        if missing:
            self.settle([self.stage(_Memory(data), len(data)) for data in missing], verify=False)
        # Whoever gave them their names may have been killed before these were durable.
        folders = {os.path.dirname(self._path(digest)) for digest in held}
        with _FullDiskIsTyped():
            self._make_names_durable(folders, batch=len(folders) > 1)
        return [digest_of(data) for data in many]

    def remove(self, digest: Digest) -> None:
        path = self._path(digest)
        with suppress(FileNotFoundError):
            os.unlink(path)
            sync_directory(os.path.dirname(path))

    def open_fd(self, digest: Digest) -> int:
        try:
            return os.open(self._path(digest), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise KeyError(digest.hex()) from None

    def size(self, digest: Digest) -> int:
        try:
            return os.stat(self._path(digest)).st_size
        except FileNotFoundError:
            raise KeyError(digest.hex()) from None

    def digests(self) -> Iterator[Digest]:
        for first in _sorted_names(self._objects):
            for second in _sorted_names(f"{self._objects}/{first}"):
                for name in _sorted_names(f"{self._objects}/{first}/{second}"):
                    yield parse_digest(name)

    def _enter_own_folder(self) -> str:
        """A token in the part of the spool that is this process's own: a shared folder would be one lock for
        all of them. It stands until :meth:`_leave_own_folder`.
        """
        with self._lock:
            if self._folder[0] != os.getpid():
                self._folder, self._staging = (os.getpid(), secrets.token_hex(16)), 0
            if not self._staging:  # it may have been cleared away as what an import cut short left
                with suppress(FileExistsError):
                    os.mkdir(self._spooled(self._folder[1]), mode=0o700)
            self._staging += 1
            self._staged += 1
            return f"{self._folder[1]}/{self._staged}"

    def _leave_own_folder(self) -> None:
        with self._lock:
            self._staging -= 1

    def _leave(self) -> None:
        """Take away this process's part of the spool if it is empty; never that of another, which
        may be about to stage into it.
        """
        with self._lock, suppress(OSError):  # not empty: something waits there to be settled
            if self._folder[0] == os.getpid() and not self._staging:
                os.rmdir(self._spooled(self._folder[1]))
                self._folder = (0, "")

    def _spooled(self, token: str) -> str:
        return f"{self._spool}/{token}"

    def _path(self, digest: Digest) -> str:
        name = digest.hex()
        return f"{self._objects}/{name[:2]}/{name[2:4]}/{name}"

    def _buffer(self) -> memoryview:
        """One buffer a thread, kept: mapping 4 MB for each small file would cost more than it."""
        buffer: memoryview | None = getattr(self._local, "buffer", None)
        if buffer is None:
            buffer = self._local.buffer = new_buffer()
        return buffer

    def _write_small(self, source: Readable, path: str) -> tuple[Digest, int]:
        buffer, hasher, length = self._buffer(), hashlib.sha256(), 0
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400)
        try:
            while count := source.readinto(buffer):
                hasher.update(buffer[:count])
                write_all(fd, buffer[:count])
                length += count
        finally:
            os.close(fd)
        return Digest(hasher.digest()), length

    def _write_large(self, source: Readable, path: str) -> tuple[Digest, int]:
        hasher, length = hashlib.sha256(), 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with opened(path, flags) as (fd, _), _past_the_cache(source) as reader:
            for chunk in _chunks(reader, self._buffer()):
                hasher.update(chunk)
                write_all(fd, _padded(chunk, self._buffer()))
                length += len(chunk)
            os.ftruncate(fd, length)
            os.fdatasync(fd)
        return Digest(hasher.digest()), length

    def _read_back(self, staged: Sequence[Staged]) -> None:
        for one in staged:
            path = self._spooled(one.token)
            if hash_from_medium(path, one.size, self._buffer()) != one.digest:
                raise StoreCorrupt(
                    "bytes read back from the vault's disk differ from those written to it"
                )

    def _name(self, one: Staged) -> str:
        """Give staged bytes their name, or drop them where an object bears it already."""
        path, spooled = self._path(one.digest), self._spooled(one.token)
        with suppress(FileNotFoundError):
            if os.stat(path).st_size != one.size:
                raise StoreCorrupt(f"object {one.digest.hex()} has not the size it came with")
            os.unlink(spooled)
            return os.path.dirname(path)
        folder = os.path.dirname(path)
        try:
            os.rename(spooled, path)
        except FileNotFoundError:
            _make_folder(folder)
            os.rename(spooled, path)
        return folder

    def _make_names_durable(self, folders: set[str], *, batch: bool) -> None:
        if batch:
            sync_filesystem(self._root_fd)
            return
        for folder in folders:
            for path in (folder, os.path.dirname(folder), self._objects):
                sync_directory(path)


class _Memory:
    def __init__(self, data: bytes) -> None:
        self._rest = memoryview(data)

    def readinto(self, buffer: memoryview, /) -> int:
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def fileno(self) -> None:
        return None


@contextmanager
def _past_the_cache(source: Readable) -> Iterator[Readable | _DirectSource]:
    """``source``, read directly where it is a plain file that has not been read from yet."""
    fd = source.fileno()
    direct = None if fd is None else reopen_direct(fd)
    if fd is None or direct is None:
        yield source
        return
    try:
        yield _DirectSource(direct, fd)
    finally:
        os.close(direct)


def _chunks(source: Readable | _DirectSource, buffer: memoryview) -> Iterator[memoryview]:
    """Fill the buffer again and again; only the last chunk is short."""
    while True:
        filled = 0
        while filled < CHUNK:
            count = source.readinto(buffer[filled:])
            if count == 0:
                break
            filled += count
        if filled:
            yield buffer[:filled]
        if filled < CHUNK:
            return


def _padded(chunk: memoryview, buffer: memoryview) -> memoryview:
    """The last chunk with zeros up to what direct I/O can write; the file is cut to size after."""
    length = pad(len(chunk))
    buffer[len(chunk) : length] = bytes(length - len(chunk))
    return buffer[:length]


def _sorted_names(path: str) -> list[str]:
    with suppress(FileNotFoundError):
        return sorted(os.listdir(path))
    return []


def _make_folder(path: str) -> None:
    """As ``os.makedirs``, in one call where the folder above is there: there are as many as small files."""
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        return
    except FileNotFoundError:
        os.makedirs(path, mode=0o700, exist_ok=True)


class _FullDiskIsTyped:
    """No generator: it is entered for each small file."""

    __slots__ = ()

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: object, error: BaseException | None, _where: object) -> None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise VaultFull("the vault's disk is full") from error
