"""Small graphs, written byte by byte: there is no library for making them here."""

import sys
from pathlib import Path

from daylight.domain.digest import Digest, digest_of
from daylight.media.inference.base import Free, Port, Signature
from daylight.media.inference.client import InferenceLimits, ModelWorker

COMMAND = [sys.executable, "-I", "-m", "daylight.media.inference.worker"]
PROBES = [sys.executable, str(Path(__file__).parent / "probing_worker.py")]
DOUBLING = Signature((Port("x", (Free(0), 4)),), (Port("y", (Free(0), 4)),), (1 << 20,))


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def value_info(name: bytes) -> bytes:
    shape = field(1, field(2, b"n")) + field(1, field(1, 4))
    tensor = field(1, 1) + field(2, shape)  # float
    return field(1, name) + field(2, field(1, tensor))


def doubling() -> bytes:
    """y = x + x, of shape (n, 4)."""
    node = field(1, b"x") * 2 + field(2, b"y") + field(4, b"Add")
    graph = (
        field(1, node) + field(2, b"g") + field(11, value_info(b"x")) + field(12, value_info(b"y"))
    )
    return field(1, 8) + field(8, field(1, b"") + field(2, 13)) + field(7, graph)


def worker(
    model: bytes | None = None,
    *,
    command: list[str] = COMMAND,
    digest: Digest | None = None,
    signature: Signature = DOUBLING,
    limits: InferenceLimits = InferenceLimits(),
) -> ModelWorker:
    model = doubling() if model is None else model
    return ModelWorker(command, model, digest or digest_of(model), signature, limits)
