"""Where broken objects go: they show how a disk failed, or what somebody did."""

import errno
import os
import stat
from pathlib import Path

from daylight.domain.digest import Digest
from daylight.errors import StoreCorrupt
from daylight.storage.direct import ALIGN, CHUNK, hash_from_medium, new_buffer, pad, sync_directory
from daylight.storage.layout import Layout


def object_path(layout: Layout, digest: Digest) -> Path:
    name = digest.hex()
    return layout.root / "objects" / name[:2] / name[2:4] / name


def fault_of(layout: Layout, digest: Digest) -> str:
    """What is wrong with an object as it stands on the medium: empty, ``object-missing``,
    ``object-changed`` or ``object-unreadable``.
    """
    path = os.fspath(object_path(layout, digest))
    try:
        found = os.stat(path, follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode):
            return "object-changed"
        buffer = new_buffer(min(max(pad(found.st_size), ALIGN), CHUNK))
        same = hash_from_medium(path, found.st_size, buffer) == digest
    except FileNotFoundError:
        return "object-missing"
    except OSError as error:
        if error.errno not in (errno.EIO, errno.EACCES):
            raise
        return "object-unreadable"
    return "" if same else "object-changed"


def set_aside(layout: Layout, digest: Digest) -> None:
    """Move what lies under an object's name to ``quarantine/NAME.N``; nothing if nothing is there."""
    path = object_path(layout, digest)
    if not os.path.lexists(path):
        return
    folder = layout.root / "quarantine"
    folder.mkdir(mode=0o700, exist_ok=True)
    for number in range(1 << 16):
        aside = folder / f"{digest.hex()}.{number}"
        if not os.path.lexists(aside):
            path.rename(aside)
            sync_directory(os.fspath(folder))
            sync_directory(os.fspath(path.parent))
            return
    raise StoreCorrupt("an object broke too often: this disk is not to be used")


def forget(layout: Layout, digest: Digest) -> None:
    """Delete what was set aside of an object: a purge leaves none of its bytes, broken ones neither."""
    for aside in (layout.root / "quarantine").glob(f"{digest.hex()}.*"):
        aside.unlink()
