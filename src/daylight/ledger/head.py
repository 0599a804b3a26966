"""A head: how many entries the ledger has and their root, signed. It is what others hold against us."""

import json
import re
from dataclasses import dataclass
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from daylight.errors import HeadRefused
from daylight.ledger.leaf import canonical

MAX_FILE = 1 << 20  # bytes that are read of a head's file
_MINUTE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z")
_HEX = re.compile(r"(?:[0-9a-f]{2})+")


class Signer(Protocol):
    """``public``: an Ed25519 public key, 32 bytes."""

    @property
    def public(self) -> bytes: ...

    def sign(self, data: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Head:
    """``vault``: its id; ``size`` entries have ``root`` (32 bytes); ``key`` (32 bytes) signs."""

    vault: str
    size: int
    root: bytes
    at: str
    key: bytes

    def encode(self) -> bytes:
        """What is signed and sealed: RFC 8785 JSON."""
        return canonical(
            {
                "schema": "head/1",
                "vault": self.vault,
                "size": self.size,
                "root": self.root.hex(),
                "at": self.at,
                "key": self.key.hex(),
            }
        )


@dataclass(frozen=True, slots=True)
class SignedHead:
    head: Head
    signature: bytes

    def body(self) -> bytes:
        return self.head.encode()

    def is_signed(self) -> bool:
        """Whether the key that the head names has signed it; whose key that is, is another matter."""
        try:
            Ed25519PublicKey.from_public_bytes(self.head.key).verify(self.signature, self.body())
        except (InvalidSignature, ValueError):
            return False
        return True

    def document(self) -> dict[str, Any]:
        """The head's file: docs/format.md."""
        return {
            "schema": "signed-head/1",
            "head": json.loads(self.body()),
            "signature": self.signature.hex(),
        }


def sign(signer: Signer, vault: str, size: int, root: bytes, at: str) -> SignedHead:
    head = Head(vault, size, root, at, signer.public)
    return SignedHead(head, signer.sign(head.encode()))


def from_body(body: bytes, signature: bytes) -> SignedHead:
    """``HeadRefused`` for what is no head, or not in its one canonical form."""
    try:
        said = json.loads(body)
        head = Head(
            vault=_hex(said["vault"], 16).hex(),
            size=_size(said["size"]),
            root=_hex(said["root"], 32),
            at=_minute(said["at"]),
            key=_hex(said["key"], 32),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise HeadRefused("this is no head of a ledger") from error
    if head.encode() != body or len(signature) != 64:
        raise HeadRefused("this head is not in its canonical form")
    return SignedHead(head, signature)


def parse(data: bytes) -> SignedHead:
    """A head's file as :meth:`SignedHead.document` wrote it. The signature is not checked here."""
    try:
        said = json.loads(data)
        body = {"signed-head/1": said["head"]}[said["schema"]]
        return from_body(canonical(body), _hex(said["signature"], 64))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise HeadRefused("this is no head of a ledger") from error


def _hex(value: object, length: int) -> bytes:
    if not isinstance(value, str) or not _HEX.fullmatch(value) or len(value) != 2 * length:
        raise ValueError("not that many bytes in hexadecimal")
    return bytes.fromhex(value)


def _size(value: object) -> int:
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise ValueError("not a size")
    return value


def _minute(value: object) -> str:
    if not isinstance(value, str) or not _MINUTE.fullmatch(value):
        raise ValueError("not a minute")
    return value
