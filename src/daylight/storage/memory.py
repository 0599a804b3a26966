"""The fake beside the port: objects in memory, for tests alone."""

import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence

from daylight.domain.digest import Digest
from daylight.storage.base import Readable, Staged


class MemoryStore:
    """Refuses to exist unless it is told that nothing it keeps matters."""

    def __init__(self, *, nothing_kept_here_matters: bool) -> None:
        if not nothing_kept_here_matters:
            raise AssertionError("the memory store forgets everything; it is for tests")
        self._staged: dict[str, bytes] = {}
        self._objects: dict[Digest, bytes] = {}

    def stage(self, source: Readable, size: int) -> Staged:
        del size
        data, buffer = bytearray(), memoryview(bytearray(1 << 16))
        while count := source.readinto(buffer):
            data += buffer[:count]
        token = secrets.token_hex(16)
        self._staged[token] = bytes(data)
        return Staged(token, Digest(hashlib.sha256(data).digest()), len(data), durable=True)

    def settle(self, staged: Sequence[Staged], *, verify: bool) -> None:
        del verify
        for one in staged:
            self._objects[one.digest] = self._staged.pop(one.token)

    def discard(self, staged: Staged) -> None:
        self._staged.pop(staged.token, None)

    def put(self, data: bytes) -> Digest:
        return self.put_many([data])[0]

    def put_many(self, many: Sequence[bytes]) -> list[Digest]:
        digests = [Digest(hashlib.sha256(data).digest()) for data in many]
        self._objects.update(zip(digests, many, strict=True))
        return digests

    def remove(self, digest: Digest) -> None:
        self._objects.pop(digest, None)

    def open_fd(self, digest: Digest) -> int:
        data = self._objects[digest]
        fd = os.memfd_create("object")
        os.write(fd, data)
        os.lseek(fd, 0, os.SEEK_SET)
        return fd

    def size(self, digest: Digest) -> int:
        return len(self._objects[digest])

    def digests(self) -> Iterator[Digest]:
        yield from sorted(self._objects)
