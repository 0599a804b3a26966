"""The log of views: a file a day beside the catalogue, of sealed records one after the other.

Each record is its length (four bytes, little-endian) and a box that :mod:`daylight.crypto.boxes`
made. A record that a power cut left unfinished is cut off by the next one. Nothing is opened here.
"""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from daylight.storage.direct import sync_directory
from daylight.storage.layout import Layout, replace_file

SETUP: Final = "setup.json"
MAX_BOX: Final = 16 << 20  # bytes of a record that are believed
_NAME: Final = re.compile(r"(\d{4}-\d\d-\d\d)\.log")
_START: Final = bytes(32)


def append(layout: Layout, day: date, boxes: Sequence[bytes]) -> None:
    """Durable when it returns. ``OSError`` where the disk refuses."""
    path = _path(layout, day)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "r+b") as file:
        fcntl.flock(fd, fcntl.LOCK_EX)
        end = _end(fd)
        file.truncate(end)
        file.seek(end)
        for box in boxes:
            file.write(len(box).to_bytes(4, "little") + box)
        file.flush()
        os.fsync(fd)
    if not end:
        sync_directory(os.fspath(path.parent))


def _end(fd: int) -> int:
    """Where the last whole record ends."""
    size, at = os.fstat(fd).st_size, 0
    while True:
        head = os.pread(fd, 4, at)
        following = at + 4 + int.from_bytes(head, "little")
        if len(head) < 4 or following > size:
            return at
        at = following


def boxes(layout: Layout, day: date) -> Iterator[bytes]:
    """The whole records of a day, oldest first; none where there is no file."""
    try:
        file = _path(layout, day).open("rb")
    except FileNotFoundError:
        return
    with file:
        while len(head := file.read(4)) == 4:
            length = int.from_bytes(head, "little")
            if length > MAX_BOX or len(box := file.read(length)) < length:
                return
            yield box


def chain(layout: Layout, day: date, most: int | None = None) -> tuple[int, bytes]:
    """How many records (at most ``most``) and what they come to: ``h = SHA-256(h ‖ SHA-256(box))``,
    from 32 zero bytes.
    """
    count, digest = 0, _START
    for box in boxes(layout, day):
        if count == most:
            break
        digest = hashlib.sha256(digest + hashlib.sha256(box).digest()).digest()
        count += 1
    return count, digest


def days(layout: Layout) -> list[date]:
    """Of which there is a file, oldest first."""
    try:
        names = os.listdir(layout.views)
    except FileNotFoundError:
        return []
    found = (_NAME.fullmatch(name) for name in names)
    return sorted(date.fromisoformat(one[1]) for one in found if one)


def destroy(layout: Layout, day: date) -> None:
    """The file of a day goes. What flash storage keeps is beyond us."""
    _path(layout, day).unlink(missing_ok=True)
    sync_directory(os.fspath(layout.views))


def read_setup(layout: Layout) -> dict[str, Any] | None:
    """``setup.json``; None where it is not, or is no JSON object."""
    try:
        said = json.loads((layout.views / SETUP).read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return said if isinstance(said, dict) else None


def write_setup(layout: Layout, said: dict[str, Any]) -> None:
    layout.views.mkdir(mode=0o700, exist_ok=True)
    replace_file(layout.views / SETUP, json.dumps(said, indent=1).encode())


def names(layout: Layout) -> list[str]:
    """Every file that belongs to the log, for a snapshot."""
    found = [f"{day.isoformat()}.log" for day in days(layout)]
    return [SETUP, *found] if (layout.views / SETUP).exists() else found


def _path(layout: Layout, day: date) -> Path:
    return layout.views / f"{day.isoformat()}.log"
