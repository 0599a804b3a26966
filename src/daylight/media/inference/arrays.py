"""Arrays as bytes, of the shapes that a signature says."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daylight.errors import InferenceFailed
from daylight.media.inference.base import Port

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Numbers = Floats | Pixels


def packed(ports: Sequence[Port], free: Sequence[int], arrays: Sequence[Numbers]) -> bytes:
    """Arrays end to end; raises ``ValueError`` where one is not of its port's shape and kind."""
    for port, one in zip(ports, arrays, strict=True):
        if one.dtype != kind(port) or one.shape != port.sized(free):
            wanted = f"{kind(port)} {port.sized(free)}"
            raise ValueError(f"{port.name} is {one.dtype} {one.shape}, not {wanted}")
    return b"".join(np.ascontiguousarray(one).tobytes() for one in arrays)


def kind(port: Port) -> np.dtype[np.float32] | np.dtype[np.uint8]:
    return np.dtype(np.uint8) if port.pixels else np.dtype(np.float32)


def unpacked(ports: Sequence[Port], free: Sequence[int], data: bytes | bytearray) -> list[Floats]:
    """The reverse; ``data`` has the length that ``length`` says. The arrays cannot be written to."""
    arrays: list[Floats] = []
    at = 0
    for port in ports:
        shape = port.sized(free)
        count = math.prod(shape)
        one: Any = np.frombuffer(data, kind(port), count, at).reshape(shape)
        arrays.append(one)
        at += kind(port).itemsize * count
    return arrays


def believed(untrusted: list[Floats]) -> list[Floats]:
    """Raises ``InferenceFailed`` unless every number is finite."""
    if not all(bool(np.isfinite(one).all()) for one in untrusted):
        raise InferenceFailed("the model answered with what is no number")
    return untrusted
