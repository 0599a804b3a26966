"""Arrays in memory, of the shapes that a signature says."""

import math
import mmap
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daylight.errors import InferenceFailed
from daylight.media.inference.base import Port

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Numbers = Floats | Pixels
Memory = bytearray | mmap.mmap


def placed(
    ports: Sequence[Port],
    free: Sequence[int],
    arrays: Sequence[Numbers],
    data: Memory,
    at: int = 0,
) -> None:
    """Arrays end to end, from there on in ``data``; raises ``ValueError`` where one is not of its port's shape and kind."""
    for port, one in zip(ports, arrays, strict=True):
        if one.dtype != kind(port) or one.shape != port.sized(free):
            wanted = f"{kind(port)} {port.sized(free)}"
            raise ValueError(f"{port.name} is {one.dtype} {one.shape}, not {wanted}")
    for place, one in zip(unpacked(ports, free, data, at), arrays, strict=True):
        np.copyto(place, one)


def kind(port: Port) -> np.dtype[np.float32] | np.dtype[np.uint8]:
    return np.dtype(np.uint8) if port.pixels else np.dtype(np.float32)


def unpacked(ports: Sequence[Port], free: Sequence[int], data: Memory, at: int = 0) -> list[Floats]:
    """The arrays that lie there, not copied; behind ``at`` are at least as many bytes as ``length`` says."""
    arrays: list[Floats] = []
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
