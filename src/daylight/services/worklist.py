"""Objects to be hashed, in the order of their digest, on the disk: memory does not grow with them."""

import struct
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from daylight.domain.digest import Digest

LARGE = 64 << 20  # bytes: such objects come first
_RECORD = struct.Struct("<32sq")
_READ = 4096  # records that are read at a time


class Worklist:
    """Fill it with :meth:`add`, then read it as often as need be. Its file has no name."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # closed by __exit__
        self._large: list[tuple[int, Digest]] = []
        self.objects = self.bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    def add(self, digest: Digest, size: int) -> None:
        """``size`` in bytes, -1 unknown."""
        self._file.write(_RECORD.pack(digest, size))
        self.objects += 1
        self.bytes += max(size, 0)
        if size >= LARGE:
            self._large.append((size, digest))

    def clear(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._large = []
        self.objects = self.bytes = 0

    def large(self) -> Iterator[tuple[Digest, int]]:
        """The large ones, the largest first: at the end no core shall wait for one of them."""
        for size, digest in sorted(self._large, reverse=True):
            yield digest, size

    def small(self) -> Iterator[tuple[Digest, int]]:
        """The others, in the order of their digest."""
        return (one for one in self._all() if one[1] < LARGE)

    def at(self, places: Sequence[int]) -> list[tuple[Digest, int]]:
        """Those at the places given, counted from 0."""
        found = []
        for place in places:
            self._file.seek(place * _RECORD.size)
            digest, size = _RECORD.unpack(self._file.read(_RECORD.size))
            found.append((Digest(digest), size))
        return found

    def _all(self) -> Iterator[tuple[Digest, int]]:
        at = 0
        while True:
            self._file.seek(at)
            piece = self._file.read(_READ * _RECORD.size)
            if not piece:
                return
            at += len(piece)
            for digest, size in _RECORD.iter_unpack(piece):
                yield Digest(digest), size
