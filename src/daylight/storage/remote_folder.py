"""A replica on another disk: ``DEST/ab/NAME``, each file flushed before it bears its name."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from daylight.errors import ReplicaFull, ReplicaUnreachable
from daylight.storage.direct import sync_filesystem, write_all
from daylight.storage.remote import NAME, Listed

PIECE: Final = 1 << 20  # bytes
# A pipe or a link that somebody put under a name neither blocks nor leads elsewhere.
_READ: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_PART: Final = ".part"  # what was being written when power went
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class FolderRemote:
    """The folder ``root``; it is made, its parent is not: that may be a disk which is not there."""

    def __init__(self, root: Path) -> None:
        self._root = os.fspath(root)

    def put(self, name: str, chunks: Iterator[bytes]) -> None:
        with _typed():
            path = self._path(name)
            self._make_folders(path)
            draft = f"{path}.{secrets.token_hex(8)}{_PART}"
            try:
                _write(draft, chunks)
                os.rename(draft, path)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(draft)
                raise

    def get(self, name: str) -> Iterator[bytes]:
        with _typed():
            try:
                fd = os.open(self._path(name), _READ)
            except FileNotFoundError:
                raise KeyError(name) from None
            try:
                while chunk := os.read(fd, PIECE):
                    yield chunk
            finally:
                os.close(fd)

    def list(self) -> Iterator[Listed]:
        with _typed():
            for folder in self._folders():
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                            yield Listed(entry.name, entry.stat(follow_symlinks=False).st_size)

    def delete(self, name: str) -> None:
        with _typed(), suppress(FileNotFoundError):
            os.unlink(self._path(name))

    def flush(self) -> None:
        with _typed():
            self._sweep()
            if not os.path.lexists(self._root):
                return  # nothing was put yet
            fd = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                sync_filesystem(fd)
            finally:
                os.close(fd)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name[:2]}/{name}"

    def _make_folders(self, path: str) -> None:
        for folder in (self._root, os.path.dirname(path)):
            with suppress(FileExistsError):
                os.mkdir(folder, mode=0o700)

    def _folders(self) -> Iterator[str]:
        if not os.path.isdir(os.path.dirname(os.path.abspath(self._root))):
            raise ReplicaUnreachable("there is no such folder to hold the replica")
        if os.path.lexists(self._root):
            names = sorted(os.listdir(self._root))
            yield from (f"{self._root}/{one}" for one in names if _is_ours(self._root, one))

    def _sweep(self) -> None:
        """Take away what a run that was cut short left; one run a vault writes at a time."""
        for folder in self._folders():
            for name in os.listdir(folder):
                if name.endswith(_PART) and NAME.fullmatch(name.split(".")[0]):
                    with suppress(FileNotFoundError):
                        os.unlink(f"{folder}/{name}")


def _is_ours(root: str, name: str) -> bool:
    short = len(name) == 2 and not set(name) - set("0123456789abcdef")
    return short and os.path.isdir(f"{root}/{name}") and not os.path.islink(f"{root}/{name}")


def _write(path: str, chunks: Iterator[bytes]) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        for chunk in chunks:
            write_all(fd, memoryview(chunk))
        os.fdatasync(fd)
    finally:
        os.close(fd)


@contextmanager
def _typed() -> Iterator[None]:
    """The system's words would bear a path."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise ReplicaFull("the replica's disk is full") from error
        raise ReplicaUnreachable(f"the replica's disk refuses: {error.strerror}") from error
