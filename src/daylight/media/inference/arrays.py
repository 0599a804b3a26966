"""Arrays as bytes, of the shapes that a signature says."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from daylight.errors import InferenceFailed
from daylight.media.inference.base import Port

Floats = NDArray[np.float32]


def packed(ports: Sequence[Port], free: Sequence[int], arrays: Sequence[Floats]) -> bytes:
    """Arrays end to end; raises ``ValueError`` where one is not of its port's shape and float32."""
    for port, one in zip(ports, arrays, strict=True):
        if one.dtype != np.float32 or one.shape != port.sized(free):
            raise ValueError(f"{port.name} is {one.dtype} {one.shape}, not {port.sized(free)}")
    return b"".join(np.ascontiguousarray(one).tobytes() for one in arrays)


def unpacked(ports: Sequence[Port], free: Sequence[int], data: bytes | bytearray) -> list[Floats]:
    """The reverse; ``data`` has the length that ``length`` says. The arrays cannot be written to."""
    arrays, at = [], 0
    for port in ports:
        shape = port.sized(free)
        count = math.prod(shape)
        arrays.append(np.frombuffer(data, np.float32, count, at).reshape(shape))
        at += 4 * count
    return arrays


def believed(untrusted: list[Floats]) -> list[Floats]:
    """Raises ``InferenceFailed`` unless every number is finite."""
    if not all(bool(np.isfinite(one).all()) for one in untrusted):
        raise InferenceFailed("the model answered with what is no number")
    return untrusted
