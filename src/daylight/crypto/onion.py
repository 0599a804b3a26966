"""Keys of onion services of version 3, in the forms that tor reads (rend-spec-v3, control-spec).

The service's key is Ed25519, stored expanded (RFC 8032, section 5.1.5); its address is made of the
public half. A client's key is X25519: without it the service's descriptor does not open.
"""

import base64
import hashlib
import os
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

_SECRET_HEAD: Final = b"== ed25519v1-secret: type0 ==\0\0\0"
_PUBLIC_HEAD: Final = b"== ed25519v1-public: type0 ==\0\0\0"
_KEY_BYTES: Final = 32
_VERSION: Final = b"\x03"


class ServiceKey(NamedTuple):
    """The bytes of ``hs_ed25519_secret_key`` and ``hs_ed25519_public_key``, and the address."""

    secret_file: bytes
    public_file: bytes
    address: str


class ClientKey(NamedTuple):
    """Both halves in base32, without padding, as tor wants them."""

    private: str
    public: str


def new_service() -> ServiceKey:
    seed = os.urandom(_KEY_BYTES)
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    expanded = bytearray(hashlib.sha512(seed).digest())
    expanded[0] &= 248
    expanded[31] = expanded[31] & 63 | 64
    return ServiceKey(_SECRET_HEAD + bytes(expanded), _PUBLIC_HEAD + public, _address(public))


def address_of(public_file: bytes) -> str:
    """``….onion``; ``ValueError`` for what is no such file."""
    head, public = public_file[: len(_PUBLIC_HEAD)], public_file[len(_PUBLIC_HEAD) :]
    if head != _PUBLIC_HEAD or len(public) != _KEY_BYTES:
        raise ValueError("not the public key of an onion service")
    return _address(public)


def _address(public: bytes) -> str:
    check = hashlib.sha3_256(b".onion checksum" + public + _VERSION).digest()[:2]
    return base64.b32encode(public + check + _VERSION).decode().lower() + ".onion"


def new_client() -> ClientKey:
    private = X25519PrivateKey.generate()
    return ClientKey(
        _base32(private.private_bytes_raw()), _base32(private.public_key().public_bytes_raw())
    )


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=")
