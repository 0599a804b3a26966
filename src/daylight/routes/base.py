"""The contract of a route: where material comes from.

A route turns one place (a folder, an archive file) into a lazy sequence of arrivals, in an order
that is the same each time over the same material. It reads names and sizes; whoever takes the
arrivals reads the bytes. It never writes, never follows a link, and never raises for one bad
entry: that entry arrives as refused, with its reason, and the rest goes on.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class EntryKind(StrEnum):
    FILE = "file"
    LINK = "link"
    REFUSED = "refused"


class Reason(StrEnum):
    """Why an entry was refused; stable names, documented in docs/routes.md."""

    DEVICE = "device"
    FIFO = "fifo"
    SOCKET = "socket"
    UNKNOWN_TYPE = "unknown-type"
    PERMISSION = "permission"
    READ_ERROR = "read-error"
    VANISHED = "vanished"  # listed, then gone
    CHANGED = "changed"  # listed as one thing, met as another
    LOOP = "loop"  # a folder that is its own ancestor (a damaged or hostile file system)
    VAULT = "vault"  # the vault itself lies inside what is imported
    ENCRYPTED = "encrypted"
    COMPRESSION = "compression"
    OVERLAP = "overlap"  # archive members that share bytes
    LINK = "link"  # a link whose target cannot be read or is too long
    SPARSE = "sparse"
    # The last entry of an archive that does not end as it should; its path is empty.
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    TRAILING_DATA = "trailing-data"


class ByteSource(Protocol):
    """The bytes of one arrival, read once, front to back."""

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill ``buffer`` from the front; the number of bytes, 0 at the end.

        Raises ``SourceUnreadable`` on a read error, ``LimitExceeded`` past a limit.
        """
        ...

    def fileno(self) -> int | None:
        """A descriptor of a plain file holding exactly these bytes, if there is one."""
        ...


Declared = tuple[tuple[str, bytes], ...]  # algorithm (a name that hashlib knows) and digest


@dataclass(frozen=True, slots=True)
class Arrival:
    """One entry met on a route.

    ``untrusted_path`` are the raw bytes of its name relative to what was imported, parts joined
    by ``/``; they are data only, never a path to open. ``size`` in bytes is what the place claims,
    -1 if unknown. ``mtime_ns``: UTC nanoseconds since 1970, ``None`` where the place gives no zone.
    ``mode``: permission bits. ``untrusted_target`` is where a link points, as bytes (for a hard link
    in a tar: the other member's name). ``declared``: the digests that came with it, to be compared.
    """

    untrusted_path: bytes
    kind: EntryKind
    size: int = -1
    mtime_ns: int | None = None
    mode: int | None = None
    untrusted_target: bytes = b""
    reason: str = ""  # a ``Reason``, set when refused
    opener: "Opener | None" = None
    declared: Declared = ()

    def open(self) -> AbstractContextManager[ByteSource]:
        """Raises ``SourceUnreadable`` when it cannot be opened any more."""
        if self.opener is None:
            raise AssertionError("only files can be opened")
        return self.opener()


class Opener(Protocol):
    def __call__(self) -> AbstractContextManager[ByteSource]: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What a hostile archive may cost. Raising one is the custodian's decision.

    They hold for an archive together with all archives inside it.
    """

    max_total: int = 4 << 40  # bytes that may come out of one archive
    max_members: int = 2_000_000
    max_ratio: int = 1_000  # bytes out for one byte in, once more than 64 MB have come out
    max_nesting: int = 3  # archives within archives; the outermost counts as the first


class Route(Protocol):
    """``name`` is stable (it goes into the ledger)."""

    name: str
    sequential: bool  # True: arrivals must be read in order, each before the next is asked for

    def arrivals(self) -> Iterator[Arrival]: ...
