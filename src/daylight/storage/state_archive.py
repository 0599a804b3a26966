"""What a vault is besides its objects, as one tar stream: for replicas and backups.

Members: ``catalogue.sqlite`` or ``catalogue.pgdump``, ``ledger/heads/*``, ``views/*``, ``vault.keys``
and ``vault.toml``; plain POSIX ustar, so that stock tools read it too.
"""

import errno
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Final

from daylight.errors import BackupRefused, VaultExists, VaultFull
from daylight.storage.direct import sync_filesystem
from daylight.storage.layout import KEEP_OUT, Layout, abandon, parse, replace_file, seal

PIECE: Final = 1 << 20  # bytes
SETTINGS: Final = "vault.toml"
_MEMBER: Final = re.compile(
    r"catalogue\.(?:sqlite|pgdump)|vault\.(?:keys|toml)|ledger/heads/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}"
    r"|views/(?:setup\.json|\d{4}-\d\d-\d\d\.log)"
)
_SETTINGS_MAX: Final = 1 << 16  # bytes
_DAMAGED: Final = "the archive is damaged, or not one of Daylight's"


def pack(members: Mapping[str, Path]) -> Iterator[bytes]:
    """A tar stream of files, each under its member name. ``members`` must not change meanwhile."""
    for name, path in members.items():
        size = path.stat().st_size
        yield _header(name, size)
        yield from _content(path, size)
        yield bytes(-size % tarfile.BLOCKSIZE)
    yield bytes(tarfile.BLOCKSIZE * 2)


def unpack(
    chunks: Iterable[bytes], root: Path, place: Callable[[Layout], Layout] | None = None
) -> Layout:
    """Make a vault of a tar stream in ``root``, an empty or new folder; objects come afterwards.

    ``place``: is given the vault before it is one, and gives it back as it shall be. ``vault.toml`` is written
    last, once the stream has proved to be whole: until then no command takes the folder for a vault. What fails
    on the way leaves the folder as empty as it was. ``VaultExists``, ``BackupRefused``, what ``place`` raises.
    """
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(root.iterdir()):
        raise VaultExists("the folder for the restored vault is not empty")
    try:
        return _unpack(Chunks(chunks), root, place)
    except OSError as error:
        abandon(Layout(root, "", ""))
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise VaultFull("the disk of the restored vault is full") from error
        raise
    except BaseException:
        abandon(Layout(root, "", ""))
        raise


def _unpack(stream: "Chunks", root: Path, place: Callable[[Layout], Layout] | None) -> Layout:
    root.chmod(0o700)
    for name in ("objects", "ledger", "ledger/heads", "spool", "views"):
        (root / name).mkdir(mode=0o700)
    for name in KEEP_OUT:
        (root / name).touch(mode=0o600)
    settings = _members(stream, root)
    stream.drain()
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sync_filesystem(fd)
    finally:
        os.close(fd)
    stood = parse(root, settings)
    made = stood if place is None else place(stood)
    if made == stood:
        replace_file(root / SETTINGS, settings)
    else:
        seal(made)
    return made


def _members(stream: "Chunks", root: Path) -> bytes:
    """Write the members; gives the bytes of ``vault.toml``, which waits."""
    settings: bytes | None = None
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:  # type: ignore[call-overload]  # reads alone
            for member in archive:
                if not _is_known(member):
                    raise BackupRefused("the archive holds what no backup holds")
                content = archive.extractfile(member)
                if content is None:
                    raise BackupRefused(_DAMAGED)
                if member.name == SETTINGS:
                    settings = content.read(_SETTINGS_MAX)
                else:
                    _write(root / member.name, content, member.size)
    except (tarfile.TarError, FileExistsError, EOFError, ValueError) as error:
        raise BackupRefused(_DAMAGED) from error
    if settings is None:
        raise BackupRefused(_DAMAGED)
    return settings


def _is_known(member: tarfile.TarInfo) -> bool:
    plain = member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse()
    return plain and _MEMBER.fullmatch(member.name) is not None


def _write(path: Path, content: IO[bytes], size: int) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        shutil.copyfileobj(content, file, PIECE)
        if file.tell() != size:
            raise BackupRefused(_DAMAGED)


def _header(name: str, size: int) -> bytes:
    """No time, no owner, no permission of this machine."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member.tobuf(tarfile.GNU_FORMAT)


def _content(path: Path, size: int) -> Iterator[bytes]:
    left = size
    with path.open("rb") as file:
        while left and (chunk := file.read(min(PIECE, left))):
            left -= len(chunk)
            yield chunk
    if left:
        raise OSError(f"a file of the vault shrank while it was read: {path.name}")


class Chunks:
    """A stream of pieces as a file that is read front to back."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks, self._held = iter(chunks), bytearray()

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._held) < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._held += chunk
        size = len(self._held) if size < 0 else size
        given = bytes(self._held[:size])
        del self._held[:size]
        return given

    def readinto(self, buffer: memoryview, /) -> int:
        given = self.read(min(len(buffer), PIECE))
        buffer[: len(given)] = given
        return len(given)

    def fileno(self) -> int | None:
        return None

    def drain(self) -> None:
        """Read what is left: only at its end does a sealed stream prove to be whole."""
        for _ in self._chunks:
            pass
        self._held.clear()
