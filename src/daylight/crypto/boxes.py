"""Small messages for named keys: age (X25519) through pyrage, padded so that their length tells little.

A message does not say whom it is for: whoever holds a key tries it.
"""

from collections.abc import Sequence
from typing import Final

import pyrage

STEP: Final = 1024  # bytes to whose multiple a message is padded, with spaces: it is JSON


def new_pair() -> tuple[str, str]:
    """The secret half and the public one, as age writes them."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def public_of(secret: str) -> str:
    return str(pyrage.x25519.Identity.from_str(secret).to_public())


def seal(data: bytes, publics: Sequence[str], step: int = STEP) -> bytes:
    """``data``, JSON, for whoever holds one of the secret halves of ``publics``."""
    padded = data + b" " * (-len(data) % step)
    keys = [pyrage.x25519.Recipient.from_str(one) for one in publics]
    sealed: bytes = pyrage.encrypt(padded, keys)
    return sealed


def unseal(box: bytes, secrets: Sequence[str]) -> bytes | None:
    """What is in it; None for what is not for these keys, or is damaged."""
    keys = [pyrage.x25519.Identity.from_str(one) for one in secrets]
    try:
        opened: bytes = pyrage.decrypt(box, keys)
    except pyrage.DecryptError:
        return None
    return opened.rstrip(b" ")
