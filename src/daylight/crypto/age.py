"""Files for somebody: age (age-encryption.org/v1) through pyrage, to recipients or a passphrase.

Whatever is made here, stock ``age -d`` opens. To recipients it streams, both ways; under a passphrase
pyrage takes bytes alone, so that is for what fits in memory.
"""

import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import IO, Any, Final

import pyrage

from daylight.errors import BackupRefused, UsageError

PIECE: Final = 1 << 20  # bytes
MOST_IN_MEMORY: Final = 256 << 20  # bytes under a passphrase
_MAGIC: Final = b"age-encryption.org/v1\n"
HEAD: Final = len(_MAGIC) + 10  # bytes that tell what a file is


def is_age(head: bytes) -> bool:
    return head.startswith(_MAGIC)


def needs_passphrase(head: bytes) -> bool:
    """Whether a file whose first ``HEAD`` bytes are these was made under a passphrase."""
    return head[len(_MAGIC) :].startswith(b"-> scrypt ")


def encrypt_to(recipients: Sequence[str], chunks: Iterable[bytes], out: IO[bytes]) -> None:
    """To public keys ``age1…``. ``UsageError`` where one is none; what else fails passes through."""
    try:
        keys = [pyrage.x25519.Recipient.from_str(one.strip()) for one in recipients]
    except pyrage.RecipientError:
        raise UsageError("a recipient is a public key that begins with age1") from None
    source, sink = _Source(chunks), _Sink(out)
    try:
        pyrage.encrypt_io(source, sink, keys)
    except pyrage.EncryptError:
        raise source.failure or sink.failure or AssertionError("age failed by itself") from None


def encrypt_under(passphrase: str, chunks: Iterable[bytes], out: IO[bytes]) -> None:
    """Under a passphrase (scrypt). ``UsageError`` for more than ``MOST_IN_MEMORY``."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        if len(held) > MOST_IN_MEMORY:
            raise UsageError(
                f"more than {MOST_IN_MEMORY >> 20} MB do not go under a passphrase: use --recipient"
            )
    out.write(pyrage.passphrase.encrypt(bytes(held), passphrase))


def decrypt_with(identities: str, source: IO[bytes]) -> Iterator[bytes]:
    """With the secret keys of an identity file's text. ``BackupRefused``, perhaps after many pieces:
    nothing is published before the stream ends.
    """
    lines = [line.strip() for line in identities.splitlines()]
    try:
        keys = [pyrage.x25519.Identity.from_str(one) for one in lines if one and one[0] != "#"]
    except pyrage.IdentityError:
        raise UsageError("the identity file is none that age-keygen wrote") from None
    return _pulled(lambda out: pyrage.decrypt_io(source, out, keys))


def decrypt_under(passphrase: str, source: IO[bytes]) -> Iterator[bytes]:
    """As :func:`decrypt_with`; the whole in memory."""
    data = source.read(MOST_IN_MEMORY + (MOST_IN_MEMORY >> 8))
    with _refused():
        yield pyrage.passphrase.decrypt(data, passphrase)


def _pulled(push: Callable[[IO[bytes]], None]) -> Iterator[bytes]:
    """What a thread writes, as pieces; its error comes at their end."""
    read_fd, write_fd = os.pipe()

    def run() -> None:
        with os.fdopen(write_fd, "wb", buffering=0) as out, _refused():
            push(out)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(run)
        with os.fdopen(read_fd, "rb", buffering=0) as pipe:
            while chunk := pipe.read(PIECE):
                yield chunk
        done.result()


@contextmanager
def _refused() -> Iterator[None]:
    """Pyrage says of damaged bytes that they are an ``OSError`` without a number."""
    try:
        yield
    except (pyrage.DecryptError, OSError) as error:
        raise BackupRefused("the backup does not open with this key, or is damaged") from error


class _Source(io.RawIOBase):
    """Pieces as the file that pyrage reads; remembers what they raised, which pyrage does not."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks, self._held = iter(chunks), b""
        self.failure: BaseException | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        try:
            while not self._held:
                self._held = next(self._chunks)
        except StopIteration:
            return 0
        except BaseException as error:
            self.failure = error
            raise
        count = min(len(buffer), len(self._held))
        buffer[:count] = self._held[:count]
        self._held = self._held[count:]
        return count


class _Sink(io.RawIOBase):
    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self.failure: BaseException | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        try:
            return self._out.write(data)
        except OSError as error:
            self.failure = error
            raise
