"""A bag: a folder with ``bagit.txt`` in it (BagIt, RFC 8493 and its drafts).

It is walked as any folder is, and everything in it arrives, tag files too: they are evidence as
well. What the manifests declare goes along with each file and is compared where the file is hashed;
what is wrong with the bag as a whole is told by :meth:`BagRoute.faults`. fetch.txt is never obeyed.
A bag that points outside itself is refused before anything of it is read.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from daylight.errors import InputRefused, SourceUnreadable
from daylight.routes.bagformat import BagFault
from daylight.routes.baglisting import Listing, is_tag_file
from daylight.routes.base import Arrival, EntryKind
from daylight.routes.folder import FolderRoute, Skip

MAX_TAG_BYTES: Final = 256 << 20  # of all tag files that are read: some million files' worth
_STEP: Final = 1 << 20


class BagRoute:
    """``path`` is a real folder. Raises ``BagOutside``, ``InputRefused``, ``SourceUnreadable``."""

    name = "bag"
    sequential = False

    def __init__(self, path: Path, skip: Skip = frozenset()) -> None:
        self._folder = FolderRoute(path, skip)
        self._listing = Listing(self._tag_files())
        for arrival in self._folder.arrivals():
            self._listing.meet(arrival)
        self._listing.finish(has_payload=_is_folder(path / "data"))

    @property
    def version(self) -> str:
        """As ``bagit.txt`` says, ``1.0`` where it says nothing that can be understood."""
        return "{}.{}".format(*self._listing.declaration.version)

    def faults(self) -> tuple[BagFault, ...]:
        """What is wrong, but for files whose bytes are others than declared: those come to light
        when they are read.
        """
        return tuple(self._listing.faults)

    def arrivals(self) -> Iterator[Arrival]:
        for arrival in self._folder.arrivals():
            if arrival.kind is not EntryKind.FILE:
                yield arrival
                continue
            yield replace(arrival, declared=self._listing.declared(arrival.untrusted_path))

    def _tag_files(self) -> dict[str, bytes | None]:
        """A folder gives its own files first, so the walk ends before the payload."""
        found: dict[str, bytes | None] = {}
        room = MAX_TAG_BYTES
        for arrival in self._folder.arrivals():
            if b"/" in arrival.untrusted_path:
                break
            if arrival.kind is not EntryKind.LINK and is_tag_file(arrival.untrusted_path):
                data = _content(arrival, room)
                room -= len(data or b"")
                found[arrival.untrusted_path.decode()] = data
        return found


def _content(arrival: Arrival, room: int) -> bytes | None:
    """The whole of a tag file, ``None`` if it cannot be read."""
    if arrival.kind is EntryKind.REFUSED:
        return None
    data, buffer = bytearray(), memoryview(bytearray(_STEP))
    try:
        with arrival.open() as source:
            while count := source.readinto(buffer):
                data += buffer[:count]
                if len(data) > room:
                    raise InputRefused(
                        f"the bag's tag files hold more than {MAX_TAG_BYTES >> 20} MiB; "
                        "they have to be kept in memory"
                    )
    except SourceUnreadable:
        return None
    return bytes(data)


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False  # the bag is then told to have no payload


def recognise(path: Path, skip: Skip) -> BagRoute | None:
    """A folder in which something is named ``bagit.txt``, whatever it holds."""
    real = Path(os.path.realpath(path))
    if not os.path.lexists(real / "bagit.txt") or not _is_folder(real):
        return None
    return BagRoute(real, skip)
