"""The vault on disk: where things lie, and ``vault.toml``. docs/format.md is the normative text."""

import fcntl
import json
import os
import re
import secrets
import shutil
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from daylight.errors import UsageError, VaultBusy, VaultExists, VaultMissing, VaultVersion
from daylight.storage.direct import sync_directory

FORMAT = 1
SCHEMES = ("postgresql://", "postgres://")
PATIENCE_TENTHS = 10  # of a second
# Files that tell desktop search and media scanners to stay out (GNOME, Android, macOS).
KEEP_OUT = (".nomedia", ".trackerignore", ".metadata_never_index")
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Layout:
    """One vault: its folder and what ``vault.toml`` says."""

    root: Path
    vault_id: str
    database: str  # "" is the SQLite file in the vault, else a postgresql:// URL

    @property
    def catalogue(self) -> Path:
        return self.root / "catalogue.sqlite"

    @property
    def spool(self) -> Path:
        return self.root / "spool"

    @property
    def heads(self) -> Path:
        return self.root / "ledger" / "heads"

    @property
    def views(self) -> Path:
        """Who watched what, sealed: :mod:`daylight.storage.view_log`."""
        return self.root / "views"

    def read_keys(self) -> bytes | None:
        """The bytes of ``vault.keys``, None where it is not."""
        try:
            return (self.root / "vault.keys").read_bytes()
        except FileNotFoundError:
            return None

    def write_keys(self, data: bytes) -> None:
        """Put ``vault.keys`` in place, durable, for the owner alone."""
        replace_file(self.root / "vault.keys", data)

    def web_secret(self) -> str:
        """The key that signs sessions: made on first use, readable by the owner alone."""
        path = self.root / "web.key"
        if not path.exists():
            draft = path.with_name(f"web.key.{secrets.token_hex(8)}.new")
            replace_file(draft, secrets.token_urlsafe(48).encode())
            with suppress(FileExistsError):  # somebody was quicker: theirs is whole, and counts
                os.link(draft, path)
            draft.unlink()
        return path.read_text()


def create(root: Path, database: str) -> Layout:
    """Make the folders and ``vault.toml``, which comes last: with it the vault exists."""
    check_database(database)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(root.iterdir()):
        raise VaultExists("the folder for the new vault is not empty")
    root.chmod(0o700)
    for name in ("objects", "ledger", "ledger/heads", "spool"):
        (root / name).mkdir(mode=0o700)
    for name in KEEP_OUT:
        (root / name).touch(mode=0o600)
    return Layout(root, secrets.token_hex(16), database)


def check_database(database: str) -> None:
    """``UsageError`` for what names no database; "" is the file in the vault."""
    if database and not (database.startswith(SCHEMES) and database.isprintable()):
        raise UsageError("the catalogue's database is named by a postgresql:// URL")


def seal(layout: Layout) -> None:
    """Write ``vault.toml`` durably."""
    text = (
        "# A Daylight vault. docs/format.md says what lies here.\n"
        f'id = "{layout.vault_id}"\nformat = {FORMAT}\ndatabase = {json.dumps(layout.database, ensure_ascii=False)}\n'
    )
    replace_file(layout.root / "vault.toml", text.encode("utf-8"))


def replace_file(path: Path, data: bytes) -> None:
    """Put ``data`` under ``path``, whole and durable or not at all; readable by the owner alone."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except BaseException:
        with suppress(FileNotFoundError):
            draft.unlink()
        raise
    sync_directory(os.fspath(path.parent))


def abandon(layout: Layout) -> None:
    """Empty the folder of a vault that could not be made to its end; it was empty before."""
    for entry in layout.root.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def read(root: Path) -> Layout:
    """The layout of an existing vault."""
    try:
        said = (root / "vault.toml").read_bytes()
    except FileNotFoundError:
        raise VaultMissing("there is no vault in the folder named") from None
    return parse(root, said)


def parse(root: Path, said: bytes) -> Layout:
    """The layout of a vault in ``root`` whose ``vault.toml`` says this. ``VaultVersion``."""
    try:
        values = tomllib.loads(said.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise VaultVersion(f"vault.toml cannot be read: {error}") from error
    if values.get("format") != FORMAT:
        raise VaultVersion(f"the vault has format {values.get('format')!r}, not {FORMAT}")
    vault_id, database = values.get("id"), values.get("database", "")
    if (
        not isinstance(vault_id, str)
        or not _ID.fullmatch(vault_id)
        or not isinstance(database, str)
    ):
        raise VaultVersion("vault.toml lacks the vault's id or names no database")
    return Layout(root, vault_id, database)


@contextmanager
def lock(layout: Layout, name: str, tenths: int = PATIENCE_TENTHS) -> Iterator[None]:
    """Hold the lock ``name`` of this vault; ``VaultBusy`` if another process does.

    It is asked for ``tenths`` of a second: the children of a killed process need a moment to die.
    """
    fd = os.open(layout.spool / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _locked(fd, tenths):
            raise VaultBusy("another process holds this part of the vault")
        yield
    finally:
        os.close(fd)


def _locked(fd: int, tenths: int) -> bool:
    for _ in range(tenths):
        with suppress(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.1)
    return False


@contextmanager
def unused(layout: Layout) -> Iterator[None]:
    """Hold the vault while nobody else writes to its spool, which is emptied first. ``VaultBusy``."""
    with lock(layout, "use"), lock(layout, "verify"):
        _clear(layout.spool)
        for left in layout.spool.iterdir():
            if left.suffix != ".lock":  # how far a verify had come names objects
                left.unlink()
        yield


def _clear(spool: Path) -> None:
    for entry in spool.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)


@contextmanager
def in_use(layout: Layout) -> Iterator[None]:
    """Say that this process writes to the spool; leftovers of dead processes go first, and at the end:
    the children of a process that was killed need a moment to die, and hold its lock until then.
    """
    fd = os.open(layout.spool / "use.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _clear_if_alone(layout.spool, fd)
        fcntl.flock(fd, fcntl.LOCK_SH)
        yield
        _clear_if_alone(layout.spool, fd)
    finally:
        os.close(fd)


def _clear_if_alone(spool: Path, fd: int) -> None:
    with suppress(BlockingIOError):
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _clear(spool)
