"""The port of all exports: files out, complete under their final name or not at all.

An export turns frozen records into files through a :class:`Sink`. Until :meth:`Sink.publish` nothing
is there under the name that was asked for; whoever leaves the sink without it leaves nothing.
"""

import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final, Protocol, Self

from daylight.errors import DestinationExists, DestinationFailed, DestinationFull

_NAME: Final = re.compile(r"(?!\.\.?(?:/|\Z))[A-Za-z0-9._-]+(?:/(?!\.\.?(?:/|\Z))[A-Za-z0-9._-]+)*")
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Output(Protocol):
    def write(self, data: bytes | memoryview, /) -> None:
        """All of ``data``. Raises ``DestinationFull``, ``DestinationFailed``."""
        ...


class Sink(Protocol):
    """Enter it, write files, :meth:`seal`, :meth:`publish`.

    Raises ``DestinationExists``, ``DestinationFull``, ``DestinationFailed``.
    """

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...

    def file(self, name: str) -> AbstractContextManager[Output]:
        """A new file. ``name`` is ours, never a leaked one: ASCII parts joined by ``/``."""
        ...

    def seal(self) -> None:
        """Everything was written and is durable; only the final name is missing."""
        ...

    def publish(self) -> None:
        """Give what was sealed its final name."""
        ...


def checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise AssertionError("an export names its files itself, in letters, digits, '.', '_', '-'")
    return name


@contextmanager
def _typed(what: str) -> Iterator[None]:
    """System errors as ours, without the path: it may be one that nobody should read."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DestinationFull("the disk that the export should go to is full") from None
        raise DestinationFailed(f"{what}: {error.strerror}") from None


class _File:
    def __init__(self, fd: int) -> None:
        self._fd = fd

    def write(self, data: bytes | memoryview, /) -> None:
        rest = memoryview(data)
        with _typed("the export cannot be written"):
            while rest:
                rest = rest[os.write(self._fd, rest) :]

    def sync(self) -> None:
        with _typed("the export cannot be written"):
            os.fsync(self._fd)


class FolderSink:
    """A new folder at ``destination``, which must not exist; its parent must.

    It is made as ``NAME.partial-RANDOM`` beside it. Only a killed process leaves one of those, and
    it may be deleted.
    """

    def __init__(self, destination: Path) -> None:
        self._final = Path(os.path.abspath(destination))
        name = f"{self._final.name}.partial-{secrets.token_hex(8)}"
        self._partial = self._final.parent / name
        self._published = False

    def __enter__(self) -> Self:
        self._check_free()
        with _typed("no folder can be made where the export should go"):
            os.mkdir(self._partial, 0o700)
        return self

    def __exit__(self, *exc: object) -> None:
        if not self._published:
            # What went wrong is being told already; a disk that is gone takes no clearing up.
            shutil.rmtree(self._partial, ignore_errors=True)

    def _check_free(self) -> None:
        if os.path.lexists(self._final):
            raise DestinationExists("there is something already where the export should go")

    @contextmanager
    def file(self, name: str) -> Iterator[Output]:
        path = self._partial / checked(name)
        with _typed("the export cannot be written"):
            os.makedirs(path.parent, mode=0o700, exist_ok=True)
            fd = os.open(path, _FILE, 0o600)
        try:
            made = _File(fd)
            yield made
            made.sync()
        finally:
            os.close(fd)

    def seal(self) -> None:
        with _typed("the export cannot be written"):
            for folder, _, _ in os.walk(self._partial):
                _sync_folder(folder)
        self._check_free()

    def publish(self) -> None:
        """A rename writes over nothing but an empty folder that somebody made meanwhile."""
        try:
            os.rename(self._partial, self._final)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                self._check_free()
            raise DestinationFailed(
                f"the export cannot be given its name: {error.strerror}"
            ) from None
        self._published = True
        with _typed("the export's name cannot be made durable"):
            _sync_folder(self._final.parent)


def _sync_folder(path: str | Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
