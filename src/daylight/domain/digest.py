"""The name of an object: the SHA-256 of its bytes, 32 bytes; hexadecimal where people see it."""

import hashlib
import re
from typing import NewType

Digest = NewType("Digest", bytes)

_HEX = re.compile(r"[0-9a-f]{64}")


def parse_digest(text: str) -> Digest:
    """64 lower-case hexadecimal digits to a digest; ``ValueError`` for anything else."""
    if not _HEX.fullmatch(text):
        raise ValueError("not the hexadecimal form of a SHA-256 digest")
    return Digest(bytes.fromhex(text))


def digest_of(data: bytes) -> Digest:
    return Digest(hashlib.sha256(data).digest())
