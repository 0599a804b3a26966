"""The fake beside the port: an export in memory, for tests alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from daylight.exports.base import Output, checked


class _Bytes:
    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes | memoryview, /) -> None:
        self.data += data


class MemorySink:
    """Refuses to exist unless it is told that nothing it keeps matters.

    ``files``: what was published, by name; empty before.
    """

    def __init__(self, *, nothing_kept_here_matters: bool) -> None:
        if not nothing_kept_here_matters:
            raise AssertionError("the memory sink forgets everything; it is for tests")
        self.files: dict[str, bytes] = {}
        self._written: dict[str, bytes] = {}
        self._sealed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._written.clear()

    @contextmanager
    def file(self, name: str) -> Iterator[Output]:
        if checked(name) in self._written:
            raise AssertionError("each file is written once")
        made = _Bytes()
        yield made
        self._written[name] = bytes(made.data)

    def seal(self) -> None:
        self._sealed = True

    def publish(self) -> None:
        if not self._sealed:
            raise AssertionError("what is published was sealed before")
        self.files = dict(self._written)
