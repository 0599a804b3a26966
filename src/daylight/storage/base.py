"""The port behind which objects live: bytes named by their SHA-256, written once, never changed."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from daylight.domain.digest import Digest


class Readable(Protocol):
    """Bytes read once, front to back; see ``routes.base.ByteSource``."""

    def readinto(self, buffer: memoryview, /) -> int: ...
    def fileno(self) -> int | None: ...


class Staged(NamedTuple):
    """Bytes that lie in the spool, hashed on the way; not an object yet.

    ``token`` names them to the store that staged them. ``durable``: already on the medium.
    """

    token: str
    digest: Digest
    size: int
    durable: bool


class Store(Protocol):
    """Thread-safe. Every method may raise ``VaultFull`` or ``StoreCorrupt``."""

    def stage(self, source: Readable, size: int) -> Staged:
        """Read ``source`` once, hashing, into the spool. ``size`` in bytes is a hint, -1 unknown.

        Whatever ``source.readinto`` raises passes through, and the spool keeps nothing.
        """
        ...

    def settle(self, staged: Sequence[Staged], *, verify: bool) -> None:
        """Make objects of what was staged: when this returns they are durable under their names.

        With ``verify`` every byte is read back from the medium first and must hash to its name.
        What one process staged another may settle; settling nothing tidies up after the first.
        """
        ...

    def discard(self, staged: Staged) -> None: ...

    def put(self, data: bytes) -> Digest:
        """Keep a small output (a rendition, a feature blob): durable on return."""
        ...

    def put_many(self, many: Sequence[bytes]) -> list[Digest]:
        """As :meth:`put`, with one sync for all of them."""
        ...

    def remove(self, digest: Digest) -> None:
        """Take an object away for good, durably; nothing happens where there is none.

        Overwriting it first would be show: flash, copy-on-write and journals keep the old blocks.
        Only the volume's encryption, and in the end its key, takes those away.
        """
        ...

    def open_fd(self, digest: Digest) -> int:
        """A new read-only descriptor, the caller's to close. ``KeyError`` if there is none."""
        ...

    def size(self, digest: Digest) -> int:
        """Bytes. ``KeyError`` if there is no such object."""
        ...

    def digests(self) -> Iterator[Digest]:
        """Every object, in the order of its name."""
        ...
