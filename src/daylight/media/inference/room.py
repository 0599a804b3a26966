"""Memory that parent and worker both see: what is asked and what is answered lies there, and nothing of it goes through a socket.

Neither can make it smaller: whoever read on beyond its end would die of it.
"""

import fcntl
import mmap
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from daylight.errors import SandboxMissing
from daylight.media.inference.arrays import Floats, Numbers, placed, unpacked
from daylight.media.inference.base import MOST_BYTES, Signature, length

_ALIGNED: Final = 64
_SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


def size_of(signature: Signature) -> int:
    """Bytes of what may be asked and answered at most. Memory is taken by what is written only."""
    return _answers_at(signature) + min(MOST_BYTES, length(signature.outputs, signature.most))


def _answers_at(signature: Signature) -> int:
    most = min(MOST_BYTES, length(signature.inputs, signature.most))
    return -(-most // _ALIGNED) * _ALIGNED


@dataclass(frozen=True, slots=True)
class Room:
    """What lies in ``memory``: the arrays of one request, and those of its answer."""

    signature: Signature
    memory: mmap.mmap

    @classmethod
    def behind(cls, descriptor: int, signature: Signature) -> Self:
        return cls(signature, mmap.mmap(descriptor, size_of(signature)))

    def ask(self, free: Sequence[int], arrays: Sequence[Numbers]) -> None:
        """Raises ``ValueError`` where one is not of its port's shape and kind."""
        placed(self.signature.inputs, free, arrays, self.memory)

    def asked(self, free: Sequence[int]) -> list[Floats]:
        return unpacked(self.signature.inputs, free, self.memory)

    def answer(self, free: Sequence[int], arrays: Sequence[Numbers]) -> None:
        """As ``ask``."""
        placed(self.signature.outputs, free, arrays, self.memory, _answers_at(self.signature))

    def untrusted_answer(self, free: Sequence[int]) -> list[Floats]:
        """A copy: the worker may change what it answered while it is read."""
        at = _answers_at(self.signature)
        return [one.copy() for one in unpacked(self.signature.outputs, free, self.memory, at)]


def sealed_memory(signature: Signature) -> int:
    """A descriptor of as much as a room of this signature takes, the caller's to close. Raises ``SandboxMissing``."""
    number = os.memfd_create("room", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(number, size_of(signature))
        fcntl.fcntl(number, fcntl.F_ADD_SEALS, _SEALS)
    except OSError as error:
        os.close(number)
        raise SandboxMissing(
            f"This kernel seals no memory, which a model's worker is asked through: {error}."
        ) from error
    return number
