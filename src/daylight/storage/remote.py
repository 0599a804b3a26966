"""The port behind which a replica lies: opaque files under opaque names, on a disk or a server.

Names are 64 hexadecimal digits and bytes are sealed before they come here (``crypto.sealed``), so
nothing behind this port knows what it holds. A file appears whole or not at all.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

NAME: Final = re.compile(r"[0-9a-f]{64}")


class Listed(NamedTuple):
    """A file that is there, and its size in bytes."""

    name: str
    size: int


class Remote(Protocol):
    """Thread-safe. Every method may raise ``ReplicaUnreachable`` or ``ReplicaFull``."""

    def put(self, name: str, chunks: Iterator[bytes]) -> None:
        """Write a file whole, in the place of one that bears the name already.

        What ``chunks`` raises passes through, and what stood under the name still stands.
        """
        ...

    def get(self, name: str) -> Iterator[bytes]:
        """The file's bytes, in pieces; asking for the first one raises ``KeyError`` if there is none."""
        ...

    def list(self) -> Iterator[Listed]:
        """Every file, in no order; what others keep in the same place is not seen."""
        ...

    def delete(self, name: str) -> None:
        """Take a file away; nothing happens where there is none."""
        ...

    def flush(self) -> None:
        """When this returns, all that was put or deleted survives a loss of power."""
        ...
