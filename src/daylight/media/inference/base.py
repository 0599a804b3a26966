"""The port through which numbers are shown to a model, and the fixed shapes of what goes in and out.

A model is pinned by the digest of its bytes; its worker sees numbers only: samples or pixels that
another child decoded. What comes back has the shape that the signature says, and is finite.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:  # the command line knows the port, and starts without NumPy
    import numpy as np
    from numpy.typing import NDArray

MOST_BYTES = 256 << 20  # of one request or one answer


@dataclass(frozen=True, slots=True)
class Free:
    """A length that each request chooses: ``times`` the request's number ``which``."""

    which: int
    times: int = 1


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output of a model: its name in the graph, its shape, and what it is made of:
    float32, or (``pixels``) bytes.
    """

    name: str
    shape: tuple[int | Free, ...]
    pixels: bool = False

    def sized(self, free: Sequence[int]) -> tuple[int, ...]:
        return tuple(
            one if isinstance(one, int) else one.times * free[one.which] for one in self.shape
        )


@dataclass(frozen=True, slots=True)
class Signature:
    """``most``: the largest of each free number; the smallest is 1. ``threads``: as many are of use to this model."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    most: tuple[int, ...] = ()
    threads: int = 1

    def check(self, free: Sequence[int]) -> None:
        """Raises ``ValueError`` for numbers outside of what a request may choose."""
        if len(free) != len(self.most):
            raise ValueError(f"{len(self.most)} free numbers are chosen, not {len(free)}")
        if any(not 1 <= one <= most for one, most in zip(free, self.most, strict=True)):
            raise ValueError(f"{tuple(free)} is outside of what the model takes, {self.most}")
        for ports in (self.inputs, self.outputs):
            if length(ports, free) > MOST_BYTES:
                raise ValueError("more bytes than one request or answer may have")


def length(ports: Sequence[Port], free: Sequence[int]) -> int:
    """Bytes of all arrays of one side, end to end."""
    return sum((1 if port.pixels else 4) * math.prod(port.sized(free)) for port in ports)


class Inference(Protocol):
    """One model. Thread-safe; one request at a time.

    ``run`` takes the free numbers and one array an input, of the shapes and kinds of the signature
    (``ValueError`` otherwise: a fault of the caller's), and gives one an output. It raises
    ``InferenceFailed`` when this request cost the worker its life, or was not answered in time or
    sense; the next one gets a new worker. ``SandboxMissing`` or ``HelpMissing`` when there can be
    no worker at all, ``UsageError`` when it was closed.
    """

    @property
    def signature(self) -> Signature: ...

    def run(
        self, free: Sequence[int], inputs: Sequence["NDArray[np.float32] | NDArray[np.uint8]"]
    ) -> list["NDArray[np.float32]"]: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...
