"""The keys of a vault: one signs its ledger's heads, one encrypts what leaves the machine."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from daylight.crypto.locked import lock, needs_passphrase, unlock
from daylight.crypto.signing import SEED_BYTES, SigningKey, new_seed
from daylight.errors import KeyDamaged

SCHEMA = "vault-keys/1"
STORAGE_BYTES = 32


@dataclass(frozen=True)
class VaultKeys:
    """``seeds`` make the signing keys (32 bytes each): the current one, then the one before it, so
    that a rotation that is cut short leaves the key that the ledger names. ``storage`` is the key of
    replicas (32 bytes).
    """

    seeds: tuple[bytes, ...] = field(repr=False)
    storage: bytes = field(repr=False)

    @property
    def signer(self) -> SigningKey:
        return SigningKey.from_seed(self.seeds[0])

    def signer_of(self, public: bytes) -> SigningKey | None:
        signers = map(SigningKey.from_seed, self.seeds)
        return next((one for one in signers if one.public == public), None)

    def rotated(self, old: bytes) -> "VaultKeys":
        """A new signing key, and the one whose public half is ``old``; replicas stay readable."""
        kept = [seed for seed in self.seeds if SigningKey.from_seed(seed).public == old]
        return replace(self, seeds=(new_seed(), *kept))


def new_keys() -> VaultKeys:
    return VaultKeys((new_seed(),), os.urandom(STORAGE_BYTES))


def to_file(keys: VaultKeys, passphrase: str) -> bytes:
    """The key file's bytes: see docs/format.md."""
    public = keys.signer.public
    locked = lock(keys.storage + b"".join(keys.seeds), passphrase, _bound(public))
    return json.dumps({"schema": SCHEMA, "public": public.hex(), **locked}, indent=1).encode()


@dataclass(frozen=True)
class LockedKeys:
    """A key file as it was read; its public half needs no passphrase."""

    public: bytes
    _document: Mapping[str, Any] = field(repr=False)

    @property
    def needs_passphrase(self) -> bool:
        return needs_passphrase(self._document)

    def open(self, passphrase: str) -> VaultKeys:
        """``KeyLocked``, ``KeyWrong``; ``KeyDamaged`` where secret and public half do not belong."""
        secret = unlock(self._document, passphrase, _bound(self.public))
        storage, rest = secret[:STORAGE_BYTES], secret[STORAGE_BYTES:]
        if not rest or len(rest) % SEED_BYTES:
            raise KeyDamaged("the key's file is damaged")
        starts = range(0, len(rest), SEED_BYTES)
        keys = VaultKeys(tuple(rest[at : at + SEED_BYTES] for at in starts), storage)
        if keys.signer.public != self.public:
            raise KeyDamaged("the key's file is damaged: its halves do not belong together")
        return keys


def from_file(data: bytes) -> LockedKeys:
    """``KeyDamaged`` for what is no key file."""
    try:
        document = json.loads(data)
        known = {SCHEMA: document["public"]}[document["schema"]]
        return LockedKeys(bytes.fromhex(known), document)
    except (ValueError, KeyError, TypeError) as error:
        raise KeyDamaged("the key's file is no key file of a vault") from error


def _bound(public: bytes) -> bytes:
    return SCHEMA.encode() + public
