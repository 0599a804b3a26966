"""What a power cut leaves: a model of a disk that keeps only what it was told to keep.

After POSIX (fsync(2), syncfs(2)) and nothing kinder: bytes last once their file is flushed, a name
once its folder is flushed, both once the filesystem is. ext4 is kinder; a vault must not need it.
The model follows the calls of a traced import (``ptrace``), names orders that are wrong, and
``lose`` makes of the vault what a power cut at that moment may leave of it.
"""

import os
import shutil
from pathlib import Path

from tests.faults.ptrace import Step

WHOLE = (0, 1 << 62)


class Medium:
    """``acks`` is where the import says what it has acknowledged; not part of the vault."""

    def __init__(self, vault: Path, acks: Path) -> None:
        self._root, self._acks = os.fsencode(vault), os.fsencode(acks)
        self._objects, self._wal = self._root + b"/objects/", self._root + b"/catalogue.sqlite-wal"
        self._bytes: dict[
            bytes, list[tuple[int, int]]
        ] = {}  # of a file: offset, length not flushed
        self._names: set[bytes] = set()  # whose folder is not flushed
        self.wrong: list[str] = []

    def follow(self, step: Step) -> None:
        """A call that is done."""
        if step.path == self._acks:
            self._acknowledged()
        elif step.result is not None and step.result >= 0:
            getattr(self, f"_{step.call}", self._nothing)(step)

    def _nothing(self, step: Step) -> None:
        assert step.call in ("rmdir", "fallocate"), f"the model does not know {step.call}"

    def _create(self, step: Step) -> None:
        if not step.existed:
            self._names.add(step.path)

    _mkdir = _create

    def _pwrite(self, step: Step) -> None:
        if step.path == self._wal:
            self._before_rows()
        self._bytes.setdefault(step.path, []).append((step.offset, step.result or 0))

    def _write(self, step: Step) -> None:
        self._bytes.setdefault(step.path, []).append(WHOLE)

    def _ftruncate(self, step: Step) -> None:
        if step.path.startswith(self._root + b"/spool/"):
            self._bytes.setdefault(step.path, []).append(WHOLE)

    def _fsync(self, step: Step) -> None:
        self._bytes.pop(step.path, None)
        self._names = {name for name in self._names if os.path.dirname(name) != step.path}

    _fdatasync = _fsync

    def _syncfs(self, step: Step) -> None:
        self._bytes.clear()
        self._names.clear()

    def _unlink(self, step: Step) -> None:
        self._bytes.pop(step.path, None)
        self._names.discard(step.path)

    def _rename(self, step: Step) -> None:
        if step.target.startswith(self._objects) and step.path in self._bytes:
            self.wrong.append("an object got its name before its bytes were flushed")
        self._names.discard(step.path)
        self._names.add(step.target)
        if step.path in self._bytes:
            self._bytes[step.target] = self._bytes.pop(step.path)

    def _before_rows(self) -> None:
        if any(name.startswith(self._objects) for name in self._names):
            self.wrong.append("the catalogue was written before an object's name was flushed")

    def _acknowledged(self) -> None:
        if self._bytes.get(self._wal):
            self.wrong.append("it was acknowledged before the catalogue's log was flushed")

    def lose(self, *, names: bool) -> None:
        """Do to the vault what a power cut may: unflushed bytes become zeros, unflushed names go.

        Without ``names`` those stay, as a journal may have it. SQLite's shared memory is always lost.
        """
        for path, ranges in self._bytes.items():
            if os.path.exists(path):
                _zero(path, ranges)
        for path in sorted(self._names, key=len, reverse=True) if names else ():
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.lexists(path):
                os.unlink(path)
        if os.path.exists(self._root + b"/catalogue.sqlite-shm"):
            os.unlink(self._root + b"/catalogue.sqlite-shm")


def _zero(path: bytes, ranges: list[tuple[int, int]]) -> None:
    size = os.path.getsize(path)
    mode = os.stat(path).st_mode
    os.chmod(path, 0o600)
    with open(path, "r+b") as file:
        for offset, length in ranges:
            file.seek(offset)
            file.write(bytes(min(length, size - offset)))
    os.chmod(path, mode)
