"""Acts that take two people: what both sign, and whether an entry bears two good signatures.

Both sign the same bytes. Which key was whose, and when, the ledger's own entries tell, so that a
re-check needs nothing else.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from daylight.ledger.leaf import Value, canonical, commit

NEEDED = frozenset(
    {
        "purged",
        "hold-lifted",
        "released",
        "gate-overridden",
        "originals-exported",
        "redaction-released",
    }
)
KEY_ADDED, KEY_RETIRED, USER_DISABLED = "key-added", "key-retired", "user-disabled"
CLOSED = "closed"  # the member of a purge's details that names the entries it closed

Found = Iterator[tuple[str, str]]  # a fault's name, and a sentence


@dataclass(frozen=True, slots=True)
class Statement:
    """What two people sign. ``act``: an action's code. ``subject``: see :func:`subject_of`.

    ``at``: the minute of the first signature; ``nonce``: 32 random bytes, so that no signature
    serves twice; ``law``: what demands that the digests of purged items be kept, or empty;
    ``about``: what it is besides its items: a release's root, a gate's code, or empty.
    """

    vault: str
    act: str
    subject: bytes
    reason: str
    at: str
    nonce: bytes
    law: str = ""
    about: str = ""

    def encode(self) -> bytes:
        """RFC 8785 JSON."""
        return canonical(
            {
                "schema": "approval/1",
                "vault": self.vault,
                "act": self.act,
                "subject": self.subject.hex(),
                "reason": self.reason,
                "at": self.at,
                "nonce": self.nonce.hex(),
                "law": self.law,
                "about": self.about,
            }
        )


@dataclass(frozen=True, slots=True)
class Signature:
    """By whom (a ledger agent), with which public key (32 bytes), and the 64 bytes."""

    agent: str
    key: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Approval:
    statement: Statement
    first: Signature
    second: Signature

    def details(self) -> dict[str, Value]:
        """What the entry of the act bears of it: flat text."""
        said: dict[str, Value] = {
            "subject": self.statement.subject.hex(),
            "reason": self.statement.reason,
            "asked_at": self.statement.at,
            "nonce": self.statement.nonce.hex(),
            "law": self.statement.law,
            "about": self.statement.about,
        }
        for name, one in (("first", self.first), ("second", self.second)):
            said[f"{name}_agent"] = one.agent
            said[f"{name}_key"] = one.key.hex()
            said[f"{name}_signature"] = one.signature.hex()
        return said


def subject_of(salt: bytes, digests: Sequence[bytes]) -> bytes:
    """``SHA-256(salt ‖ SHA-256(all digests, in order))``: opens to the items while the salt is kept."""
    return commit(salt, hashlib.sha256(b"".join(digests)).digest())


def from_statement(body: bytes) -> Statement:
    """What :meth:`Statement.encode` wrote. ``ValueError`` for anything else."""
    try:
        said = json.loads(body)
        made = Statement(
            said["vault"],
            said["act"],
            bytes.fromhex(said["subject"]),
            said["reason"],
            said["at"],
            bytes.fromhex(said["nonce"]),
            said["law"],
            said["about"],
        )
        if made.encode() == body:
            return made
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("no statement that two people sign") from error
    raise ValueError("no statement that two people sign")


def from_details(vault: str, act: str, said: Mapping[str, Any]) -> Approval:
    """The approval an entry bears. ``KeyError`` where a part is missing, ``ValueError`` for nonsense."""
    statement = Statement(
        vault,
        act,
        bytes.fromhex(said["subject"]),
        said["reason"],
        said["asked_at"],
        bytes.fromhex(said["nonce"]),
        said["law"],
        said["about"],
    )
    first, second = (
        Signature(
            said[f"{name}_agent"],
            bytes.fromhex(said[f"{name}_key"]),
            bytes.fromhex(said[f"{name}_signature"]),
        )
        for name in ("first", "second")
    )
    return Approval(statement, first, second)


def possession(vault: str, user: str, public: bytes) -> bytes:
    """What a new personal key signs, so that nobody enters the key of somebody else."""
    return canonical(
        {"schema": "personal-key/1", "vault": vault, "user": user, "public": public.hex()}
    )


@dataclass
class People:
    """Take the entries in order: notes whose key is whose, and checks every act that takes two.

    ``explained``: the entries that approved purges say they closed.
    """

    vault: str
    explained: set[int] = field(default_factory=set)
    known: set[bytes] = field(default_factory=set)
    _active: dict[bytes, str] = field(default_factory=dict)
    _nonces: set[bytes] = field(default_factory=set)

    def take(self, action: str, details: bytes | None) -> Found:
        """What is wrong with an entry. ``details`` are None where their salt is gone."""
        if action in (KEY_ADDED, KEY_RETIRED, USER_DISABLED) and details is not None:
            yield from self._keys(action, details)
        if action in NEEDED:
            yield from self._act(action, details)

    def _keys(self, action: str, details: bytes) -> Found:
        try:
            said = json.loads(details)
            user: str = said["user"]
            public = b"" if action == USER_DISABLED else bytes.fromhex(said["public"])
            signature = bytes.fromhex(said["signature"]) if action == KEY_ADDED else b""
        except (ValueError, KeyError, TypeError, RecursionError):
            yield "personal-key-forged", "the entry on a personal key cannot be read"
            return
        if action == USER_DISABLED:
            self._active = {key: one for key, one in self._active.items() if one != user}
        elif action == KEY_RETIRED:
            self._active.pop(public, None)
        elif public in self.known or not _signed(
            public, signature, possession(self.vault, user, public)
        ):
            yield "personal-key-forged", "a personal key is not signed by itself, or not new"
        else:
            self.known.add(public)
            self._active[public] = user

    def _act(self, action: str, details: bytes | None) -> Found:
        if details is None:
            yield "approval-missing", f"'{action}' takes two people, and its details are closed"
            return
        try:
            said = json.loads(details)
            approval = from_details(self.vault, action, said)
            body = approval.statement.encode()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            yield "approval-missing", f"'{action}' takes two people, whose signatures are not there"
            return
        faults = list(self._approval(approval, body))
        yield from faults
        if not faults and action == "purged":
            named = str(said.get(CLOSED, "")).split()
            self.explained.update(int(one) for one in named if one.isdecimal())

    def _approval(self, approval: Approval, body: bytes) -> Found:
        first, second = approval.first, approval.second
        if first.agent == second.agent or first.key == second.key:
            yield "approval-same-person", "one person signed twice"
        for one in (first, second):
            if self._active.get(one.key) != one.agent:
                yield "approval-key-unknown", "a signature is by a key that was not the person's"
            elif not _signed(one.key, one.signature, body):
                yield "approval-forged", "a signature does not hold"
        if approval.statement.nonce in self._nonces:
            yield "approval-forged", "the signatures are those of another act"
        self._nonces.add(approval.statement.nonce)


def _signed(public: bytes, signature: bytes, body: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, body)
    except (InvalidSignature, ValueError):
        return False
    return True
