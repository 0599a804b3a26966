"""A file put together of new bytes and of a range of another, read as if it lay on the disk."""

import os
from dataclasses import dataclass
from typing import Final

LARGEST_PART: Final = 256 << 20  # bytes that are made anew


@dataclass(frozen=True, slots=True)
class Recipe:
    """``head``, then bytes ``first`` to ``last`` (exclusive) of the original, then ``tail``."""

    head: bytes
    first: int
    last: int
    tail: bytes = b""

    @property
    def size(self) -> int:
        return len(self.head) + self.last - self.first + len(self.tail)


class Window:
    """What FFmpeg reads: the file that ``recipe`` makes of the one behind ``descriptor``."""

    def __init__(self, descriptor: int, recipe: Recipe) -> None:
        self._descriptor, self._recipe, self._at = descriptor, recipe, 0

    def read(self, size: int) -> bytes:
        recipe, at = self._recipe, self._at
        middle = len(recipe.head)
        end = middle + recipe.last - recipe.first
        if at < middle:
            data = recipe.head[at : at + size]
        elif at < end:
            data = os.pread(self._descriptor, min(size, end - at), recipe.first + at - middle)
        else:
            data = recipe.tail[at - end : at - end + size]
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._recipe.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at


@dataclass(frozen=True, slots=True)
class Proof:
    """What decoding the first pictures gave. ``broken``: corrupt ones, and packets without any.

    ``clean``: nothing is broken, and the decoder complained of nothing.
    """

    decoded: int
    broken: int
    clean: bool
