"""Ed25519 (RFC 8032): a private key that signs, and the check of a signature."""

import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SEED_BYTES = 32


@dataclass(frozen=True)
class SigningKey:
    """``public``: 32 bytes; ``sign`` gives 64. The seed shows in no repr."""

    public: bytes
    _private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def from_seed(cls, seed: bytes) -> "SigningKey":
        private = Ed25519PrivateKey.from_private_bytes(seed)
        return cls(private.public_key().public_bytes_raw(), private)

    def sign(self, data: bytes) -> bytes:
        return self._private.sign(data)


def new_seed() -> bytes:
    return os.urandom(SEED_BYTES)


def is_signed(public: bytes, signature: bytes, data: bytes) -> bool:
    """Whether ``signature`` (64 bytes) over ``data`` is by the holder of ``public`` (32 bytes)."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True
