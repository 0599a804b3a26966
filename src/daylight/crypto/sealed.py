"""Streams that leave the machine: AES-256-GCM in 1 MiB pieces, and names that tell nothing.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015, as in age): each piece is sealed
under the nonce ``counter (11 bytes, big-endian) ‖ last (1 byte)``, so that pieces that were dropped,
swapped, repeated or appended are found. Every file has a key of its own, made by HKDF-SHA-256
(RFC 5869) from the vault's key, a random salt and the file's name; so two files that a host swaps
do not open either. A sealed file is random bytes from the first to the last: ``salt ‖ pieces``.
"""

import hmac
import os
from collections.abc import Iterable, Iterator
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from daylight.errors import ReplicaDamaged

PIECE: Final = 1 << 20  # bytes of plain text
SALT: Final = 32
TAG: Final = 16
_SEALED = b"daylight sealed/1\0"
_NAMES = b"daylight names/1\0"


def sealed_size(size: int) -> int:
    """Bytes that ``size`` bytes take when sealed: there is no padding."""
    return SALT + size + TAG * max(1, -(-size // PIECE))


def seal(chunks: Iterable[bytes], key: bytes, name: str) -> Iterator[bytes]:
    """Seal a stream under the vault's 32-byte ``key``, bound to ``name``. Holds two pieces."""
    salt = os.urandom(SALT)
    cipher = _cipher(key, salt, name)
    yield salt
    for counter, (piece, last) in enumerate(_pieces(chunks, PIECE)):
        yield cipher.encrypt(_nonce(counter, last=last), piece, None)


def unseal(chunks: Iterable[bytes], key: bytes, name: str) -> Iterator[bytes]:
    """Open what :func:`seal` made. Each piece is true when it is given, the whole only at the end:
    ``ReplicaDamaged`` may come after many of them, so nothing is published before the stream ends.
    """
    stream = iter(chunks)
    head = b""
    for chunk in stream:
        head += chunk
        if len(head) >= SALT:
            break
    cipher = _cipher(key, head[:SALT], name)
    rest = _chained(head[SALT:], stream)
    for counter, (piece, last) in enumerate(_pieces(rest, PIECE + TAG)):
        try:
            opened = cipher.decrypt(_nonce(counter, last=last), piece, None)
        except InvalidTag:
            raise ReplicaDamaged(
                "a sealed file is cut short, changed, or not what its name says"
            ) from None
        if last and counter and not opened:
            raise ReplicaDamaged("a sealed file ends in an empty piece")
        yield opened


def name_key(key: bytes) -> bytes:
    """The key of names, made of the vault's 32-byte ``key``."""
    return HKDF(SHA256(), 32, salt=None, info=_NAMES).derive(key)


def sealed_name(names: bytes, kind: str, what: bytes) -> str:
    """64 hexadecimal digits: HMAC-SHA-256 under :func:`name_key`. Candidates can't be matched."""
    return hmac.digest(names, kind.encode() + b"\0" + what, "sha256").hex()


def _cipher(key: bytes, salt: bytes, name: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=salt, info=_SEALED + name.encode()).derive(key))


def _nonce(counter: int, *, last: bool) -> bytes:
    return counter.to_bytes(11, "big") + bytes([last])


def _chained(first: bytes, stream: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from stream


def _pieces(chunks: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Cut anew into pieces of ``size``, each with whether it is the last; there is at least one."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) > size:  # not >=: a full piece may be the last one
            yield bytes(held[:size]), False
            del held[:size]
    yield bytes(held), True
