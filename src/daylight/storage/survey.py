"""What lies in a vault's folders, whether it belongs there or not. Nothing is opened."""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from daylight.domain.digest import Digest
from daylight.domain.fault import Fault
from daylight.errors import VaultBusy
from daylight.storage.layout import Layout, lock

FOREIGN, LEFT = "object-foreign", "temp-left"
_PAIR = re.compile(r"[0-9a-f]{2}")
_NAME = re.compile(r"[0-9a-f]{64}")
_DRAFT = ".new"  # of a file that was being put in place: ``layout.replace_file``


@dataclass(frozen=True, slots=True)
class Held:
    """An object: ``size`` in bytes; ``changed``: Unix time in seconds of its last change."""

    digest: Digest
    size: int
    writable: bool
    changed: float


def held(layout: Layout) -> Iterator[Held | Fault]:
    """Every object in the order of its name; a fault for whatever else lies among them."""
    top = os.fspath(layout.root / "objects")
    for first in _folders(top, ""):
        if isinstance(first, Fault):
            yield first
            continue
        for second in _folders(top, first):
            if isinstance(second, Fault):
                yield second
            else:
                yield from _objects(top, second)


def _folders(top: str, above: str) -> Iterator[str | Fault]:
    """Paths below ``top`` of the folders that may hold objects."""
    for entry in _entries(f"{top}/{above}"):
        path = f"{above}/{entry.name}".lstrip("/")
        if _PAIR.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
            yield path
        else:
            yield _foreign(path, "here lie only folders named by two hexadecimal digits")


def _objects(top: str, folder: str) -> Iterator[Held | Fault]:
    prefix = folder.replace("/", "")
    for entry in _entries(f"{top}/{folder}"):
        found = entry.stat(follow_symlinks=False)
        if not (_NAME.fullmatch(entry.name) and entry.name.startswith(prefix)):
            yield _foreign(
                f"{folder}/{entry.name}", "its name is not that of an object of this folder"
            )
        elif not stat.S_ISREG(found.st_mode):
            yield _foreign(
                f"{folder}/{entry.name}", "it is a link, a folder or a device, not a file"
            )
        else:
            writable = bool(found.st_mode & 0o222)
            yield Held(Digest(bytes.fromhex(entry.name)), found.st_size, writable, found.st_ctime)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        return []  # no object yet, or all are missing: the catalogue tells


def _foreign(path: str, detail: str) -> Fault:
    return Fault(FOREIGN, f"objects/{path}", detail)


def is_held(layout: Layout, digest: Digest) -> bool:
    """Whether the object lies there, as a plain file."""
    name = digest.hex()
    try:
        found = os.lstat(layout.root / "objects" / name[:2] / name[2:4] / name)
    except FileNotFoundError:
        return False
    return stat.S_ISREG(found.st_mode)


def leftovers(layout: Layout, mine: frozenset[str]) -> Iterator[Fault]:
    """What work that was cut short left behind. ``mine``: names in the spool that belong there."""
    if is_idle(layout):
        for entry in _entries(os.fspath(layout.spool)):
            if not entry.name.endswith(".lock") and entry.name not in mine:
                yield Fault(LEFT, f"spool/{entry.name}", "nothing runs that it could belong to")
    for folder in (layout.root, layout.heads, layout.views):
        for entry in _entries(os.fspath(folder)):
            if entry.name.endswith(_DRAFT):
                yield Fault(LEFT, entry.name, "a file that was not put in place to the end")


def is_idle(layout: Layout) -> bool:
    """Whether no process takes material in or examines it."""
    try:
        for name in ("use", "examine"):
            with lock(layout, name, tenths=1):
                pass
    except VaultBusy:
        return False
    return True
