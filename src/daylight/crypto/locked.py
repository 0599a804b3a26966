"""A secret under a passphrase: scrypt (RFC 7914) makes the key, ChaCha20-Poly1305 (RFC 8439) locks.

The document is JSON, so that a person sees what it is and which public part belongs to it.
"""

import os
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from daylight.errors import KeyDamaged, KeyLocked, KeyWrong

_N, _R, _P = 1 << 16, 8, 1  # 64 MB and some tenths of a second a guess
_MAX_N: Final = 1 << 20  # what a document may ask of this machine
_SALT, _NONCE = 16, 12  # bytes


def lock(secret: bytes, passphrase: str, bound: bytes) -> dict[str, Any]:
    """``secret`` under ``passphrase``; without one it stands open. ``bound`` is authenticated too."""
    if not passphrase:
        return {"secret": secret.hex()}
    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    kdf = {"name": "scrypt", "n": _N, "r": _R, "p": _P, "salt": salt.hex()}
    sealed = ChaCha20Poly1305(_derive(kdf, passphrase)).encrypt(nonce, secret, bound)
    return {"kdf": kdf, "nonce": nonce.hex(), "sealed": sealed.hex()}


def needs_passphrase(document: Mapping[str, Any]) -> bool:
    return "secret" not in document


def unlock(document: Mapping[str, Any], passphrase: str, bound: bytes) -> bytes:
    """The secret. ``KeyLocked`` without a passphrase, ``KeyWrong``, ``KeyDamaged``."""
    try:
        if not needs_passphrase(document):
            return bytes.fromhex(document["secret"])
        kdf, nonce = document["kdf"], bytes.fromhex(document["nonce"])
        sealed = bytes.fromhex(document["sealed"])
        if not passphrase:
            raise KeyLocked("the key is under a passphrase")
        return ChaCha20Poly1305(_derive(kdf, passphrase)).decrypt(nonce, sealed, bound)
    except InvalidTag:
        raise KeyWrong("this passphrase does not open the key") from None
    except (KeyError, TypeError, ValueError) as error:
        raise KeyDamaged("the key's file is damaged") from error


def _derive(kdf: Mapping[str, Any], passphrase: str) -> bytes:
    if kdf["name"] != "scrypt" or not 2 <= kdf["n"] <= _MAX_N or kdf["r"] != _R or kdf["p"] != _P:
        raise ValueError("an unknown way to make a key of a passphrase")
    stretch = Scrypt(salt=bytes.fromhex(kdf["salt"]), length=32, n=kdf["n"], r=kdf["r"], p=kdf["p"])
    return stretch.derive(passphrase.encode("utf-8", "surrogateescape"))
