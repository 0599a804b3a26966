"""A folder or a mounted disk, or one plain file.

The walk goes from open folder to open folder (``openat`` with ``O_NOFOLLOW``), never by a path, so
that a folder swapped for a link in mid-walk leads nowhere and paths longer than PATH_MAX work. Each
folder gives its files first, then its subfolders, both in the order of their raw bytes. Other file
systems mounted inside are walked too.
"""

import errno
import os
import stat
import threading
import weakref
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from daylight.errors import SourceUnreadable
from daylight.routes.base import Arrival, EntryKind, Reason

Skip = frozenset[tuple[int, int]]  # (st_dev, st_ino) of folders that are not entered

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
_KEPT_OPEN: Final = 64  # folders; the others are opened again when they are needed
_ADVISE_FROM: Final = 256 << 10  # bytes; for less the call costs more than it brings
_ALL_MAY_READ: Final = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH

_KINDS: Final = {
    stat.S_IFCHR: Reason.DEVICE,
    stat.S_IFBLK: Reason.DEVICE,
    stat.S_IFIFO: Reason.FIFO,
    stat.S_IFSOCK: Reason.SOCKET,
}


class _ChangedError(OSError):
    """What was listed is not what is met now."""


def _same(met: os.stat_result, listed: os.stat_result) -> bool:
    """FAT makes up inode numbers and may forget them, so an unchanged time is taken as well."""
    if met.st_dev != listed.st_dev or stat.S_IFMT(met.st_mode) != stat.S_IFMT(listed.st_mode):
        return False
    unchanged = met.st_mtime_ns == listed.st_mtime_ns and met.st_size == listed.st_size
    return met.st_ino == listed.st_ino or unchanged


def _reason(error: OSError) -> Reason:
    if isinstance(error, PermissionError):
        return Reason.PERMISSION
    if isinstance(error, FileNotFoundError):
        return Reason.VANISHED
    # O_NOFOLLOW answers ELOOP, O_DIRECTORY answers ENOTDIR
    if isinstance(error, NotADirectoryError | _ChangedError) or error.errno == errno.ELOOP:
        return Reason.CHANGED
    return Reason.READ_ERROR


class _Folder:
    __slots__ = ("name", "parent", "pins", "seen")

    def __init__(self, parent: Self | None, name: bytes, seen: os.stat_result) -> None:
        self.parent = parent
        self.name = name
        self.seen = seen
        self.pins = 0

    def prefix(self) -> bytes:
        parts = [b""]
        at = self
        while at.parent is not None:
            parts.append(at.name)
            at = at.parent
        return b"/".join(reversed(parts))

    def is_own_ancestor(self) -> bool:
        at = self.parent
        while at is not None:
            if (at.seen.st_dev, at.seen.st_ino) == (self.seen.st_dev, self.seen.st_ino):
                return True
            at = at.parent
        return False


def _close_all(handles: dict[_Folder, int]) -> None:
    for fd in handles.values():
        os.close(fd)
    handles.clear()


class _Tree:
    """The folders met, of which a bounded number is kept open. Thread-safe.

    The last use of an arrival may come long after the walk and from another thread: the descriptors
    close when neither the walk nor any arrival refers to the tree.
    """

    def __init__(self, path: Path) -> None:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.root = _Folder(None, b"", os.fstat(fd))
        self.root.pins = 1
        self.may_keep_atime = True
        self._open = {self.root: fd}  # least recently used first
        self._lock = threading.Lock()
        weakref.finalize(self, _close_all, self._open)

    def take(self, folder: _Folder) -> int:
        """An open descriptor, valid until ``give``. Raises ``OSError``."""
        with self._lock:
            fd = self._open.pop(folder, None)
            if fd is None:
                fd = self._reopen(folder)
            self._open[folder] = fd
            folder.pins += 1
            return fd

    def give(self, folder: _Folder) -> None:
        with self._lock:
            folder.pins -= 1

    def enter(self, parent: _Folder, name: bytes) -> _Folder:
        """Open a subfolder for the first time. Raises ``OSError``."""
        above = self.take(parent)
        try:
            fd = os.open(name, _FOLDER, dir_fd=above)
        finally:
            self.give(parent)
        folder = _Folder(parent, name, os.fstat(fd))
        with self._lock:
            self._keep(folder, fd)
        return folder

    def _reopen(self, folder: _Folder) -> int:
        missing: list[_Folder] = []
        at = folder
        while at not in self._open and at.parent is not None:
            missing.append(at)
            at = at.parent
        fd = self._open[at]
        for below in reversed(missing):
            fd = os.open(below.name, _FOLDER, dir_fd=fd)
            self._keep(below, fd)
            if not _same(os.fstat(fd), below.seen):
                os.close(self._open.pop(below))
                raise _ChangedError
        return fd

    def _keep(self, folder: _Folder, fd: int) -> None:
        self._open[folder] = fd
        if len(self._open) <= _KEPT_OPEN:
            return
        idle = next((old for old in self._open if not old.pins and old is not folder), None)
        if idle is not None:
            os.close(self._open.pop(idle))


class _OpenFile:
    def __init__(self, fd: int) -> None:
        self._fd = fd

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self._fd)

    def fileno(self) -> int:
        return self._fd

    def readinto(self, buffer: memoryview, /) -> int:
        try:
            return os.readv(self._fd, [buffer])
        except OSError as error:
            raise SourceUnreadable(
                f"the file cannot be read to its end: {error.strerror}"
            ) from None


class _FileOpener:
    __slots__ = ("_folder", "_listed", "_name", "_tree")

    def __init__(self, tree: _Tree, folder: _Folder, name: bytes, listed: os.stat_result) -> None:
        self._tree = tree
        self._folder = folder
        self._name = name
        self._listed = listed

    def __call__(self) -> _OpenFile:
        try:
            folder = self._tree.take(self._folder)
            try:
                fd = self._open_at(folder)
            finally:
                self._tree.give(self._folder)
        except OSError as error:
            reason = _reason(error)
            raise SourceUnreadable(f"the file cannot be opened any more: {reason}") from None
        if self._listed.st_size >= _ADVISE_FROM:
            with suppress(OSError):  # only advice, and not every file system takes it
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        return _OpenFile(fd)

    def _open_at(self, folder: int) -> int:
        fd = self._open_keeping_atime(folder)
        if not _same(os.fstat(fd), self._listed):
            os.close(fd)
            raise _ChangedError
        return fd

    def _open_keeping_atime(self, folder: int) -> int:
        if self._tree.may_keep_atime:
            try:
                return os.open(self._name, _FILE | os.O_NOATIME, dir_fd=folder)
            except PermissionError:
                pass  # only the owner may; tried once, since a disk mostly has one owner
            fd = os.open(self._name, _FILE, dir_fd=folder)
            self._tree.may_keep_atime = False
            return fd
        return os.open(self._name, _FILE, dir_fd=folder)


def _refused(path: bytes, reason: Reason) -> Arrival:
    return Arrival(path, EntryKind.REFUSED, reason=reason)


def _arrival(tree: _Tree, folder: _Folder, fd: int, name: bytes, path: bytes) -> Arrival:
    """The entry ``name`` of ``folder``, which is open as ``fd``."""
    try:
        listed = os.stat(name, dir_fd=fd, follow_symlinks=False)
        target = os.readlink(name, dir_fd=fd) if stat.S_ISLNK(listed.st_mode) else b""
        kind = _kind(listed, name, fd)
    except OSError as error:
        return _refused(path, _reason(error))
    plain = kind is EntryKind.FILE
    return Arrival(
        untrusted_path=path,
        kind=EntryKind.REFUSED if isinstance(kind, Reason) else kind,
        size=listed.st_size if plain else -1,
        mtime_ns=listed.st_mtime_ns,
        mode=stat.S_IMODE(listed.st_mode),
        untrusted_target=target,
        reason=kind if isinstance(kind, Reason) else "",
        opener=_FileOpener(tree, folder, name, listed) if plain else None,
    )


def _kind(listed: os.stat_result, name: bytes, fd: int) -> EntryKind | Reason:
    mode = listed.st_mode
    if stat.S_ISLNK(mode):
        return EntryKind.LINK
    if stat.S_ISDIR(mode):  # it was something else when the folder was listed
        return Reason.CHANGED
    if not stat.S_ISREG(mode):
        return _KINDS.get(stat.S_IFMT(mode), Reason.UNKNOWN_TYPE)
    # The extra call is saved where everybody may read.
    readable = mode & _ALL_MAY_READ == _ALL_MAY_READ or os.access(
        name, os.R_OK, dir_fd=fd, effective_ids=True, follow_symlinks=False
    )
    return EntryKind.FILE if readable else Reason.PERMISSION


class FolderRoute:
    """``skip`` names folders that are refused as the vault's own. The path itself may be a link."""

    name = "folder"
    sequential = False

    def __init__(self, path: Path, skip: Skip = frozenset()) -> None:
        self._path = path
        self._skip = skip

    def arrivals(self) -> Iterator[Arrival]:
        """Raises ``SourceUnreadable`` if the folder itself cannot be opened."""
        try:
            tree = _Tree(self._path)
        except OSError as error:
            raise SourceUnreadable(f"the folder cannot be opened: {error.strerror}") from None
        if self._is_skipped(tree.root):
            yield _refused(b".", Reason.VAULT)
            return
        subfolders = yield from self._entries(tree, tree.root)
        pending = [(tree.root, subfolders)]
        while pending:
            folder, subfolders = pending[-1]
            if not subfolders:
                pending.pop()
                continue
            below = yield from self._enter(tree, folder, subfolders.pop())
            if below is not None:
                pending.append((below, (yield from self._entries(tree, below))))

    def _is_skipped(self, folder: _Folder) -> bool:
        return (folder.seen.st_dev, folder.seen.st_ino) in self._skip

    def _enter(
        self, tree: _Tree, parent: _Folder, name: bytes
    ) -> Generator[Arrival, None, _Folder | None]:
        try:
            folder = tree.enter(parent, name)
        except OSError as error:
            yield _refused(parent.prefix() + name, _reason(error))
            return None
        if self._is_skipped(folder):
            yield _refused(parent.prefix() + name, Reason.VAULT)
            return None
        if folder.is_own_ancestor():
            yield _refused(parent.prefix() + name, Reason.LOOP)
            return None
        return folder

    def _entries(self, tree: _Tree, folder: _Folder) -> Generator[Arrival, None, list[bytes]]:
        """Yield all that is not a folder; return the names of the subfolders, last one first."""
        prefix = folder.prefix()
        try:
            fd = tree.take(folder)
        except OSError as error:
            yield _refused(prefix.rstrip(b"/"), _reason(error))
            return []
        try:
            names, subfolders, fault = _list(fd)
            for name in names:
                yield _arrival(tree, folder, fd, name, prefix + name)
        finally:
            tree.give(folder)
        if fault is not None:
            yield _refused(prefix.rstrip(b"/") or b".", fault)
        return subfolders


def _list(fd: int) -> tuple[list[bytes], list[bytes], Reason | None]:
    """The other names in order, the folders' names in reverse, and what broke the listing off."""
    names: list[bytes] = []
    subfolders: list[bytes] = []
    fault = None
    try:
        with os.scandir(fd) as entries:
            for entry in entries:
                kept = subfolders if entry.is_dir(follow_symlinks=False) else names
                kept.append(os.fsencode(entry.name))
    except OSError as error:
        fault = _reason(error)
    names.sort()
    subfolders.sort(reverse=True)
    return names, subfolders, fault


class FileRoute:
    """One plain file (or a link, a device … which is refused); its path is its own name."""

    name = "file"
    sequential = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def arrivals(self) -> Iterator[Arrival]:
        try:
            tree = _Tree(self._path.parent)
        except OSError as error:
            raise SourceUnreadable(f"the file cannot be opened: {error.strerror}") from None
        name = os.fsencode(self._path.name)
        fd = tree.take(tree.root)
        try:
            arrival = _arrival(tree, tree.root, fd, name, name)
        finally:
            tree.give(tree.root)
        yield arrival


def recognise(path: Path, skip: Skip) -> FolderRoute | FileRoute | None:
    """A link given by the operator is followed: it is their word, not the material's."""
    try:
        real = Path(os.path.realpath(path, strict=True))
        mode = real.stat().st_mode
    except OSError as error:
        raise SourceUnreadable(f"a path given cannot be opened: {error.strerror}") from None
    return FolderRoute(real, skip) if stat.S_ISDIR(mode) else FileRoute(real)
