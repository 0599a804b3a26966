"""Which key signed when: the history of a ledger's signing keys, as its own entries tell it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from daylight.ledger.leaf import canonical

CREATED, ROTATED, REPLACED = "vault-created", "key-rotated", "key-replaced"


def rotation(vault: str, old: bytes, new: bytes) -> bytes:
    """What both keys sign at a rotation: RFC 8785 JSON."""
    return canonical(
        {"schema": "key-rotation/1", "vault": vault, "old": old.hex(), "new": new.hex()}
    )


@dataclass
class KeyHistory:
    """Take the entries in order; ``active(size)`` are the keys that may sign a head of that size."""

    vault: str = ""
    _since: list[tuple[int, bytes]] = field(default_factory=list)  # first size it may sign, key

    def active(self, size: int) -> frozenset[bytes]:
        """One key, or none where the history says nothing."""
        known = [key for since, key in self._since if since <= size]
        return frozenset(known[-1:])

    def take(self, index: int, action: str, details: bytes) -> Iterator[tuple[str, str]]:
        """Note what an entry says of keys; yields (fault's name, sentence)."""
        if action not in (CREATED, ROTATED, REPLACED):
            return
        try:
            said = json.loads(details)
            if action == CREATED and index == 0:
                self.vault = said["vault"]
                self._since.append((index + 1, bytes.fromhex(said["key"])))
                return
            if action == CREATED:
                yield "rotation-forged", "a vault is made once: this entry would bring in a key"
                return
            old, new = bytes.fromhex(said["old"]), bytes.fromhex(said["new"])
            signed = action == REPLACED or self._is_signed(old, new, said)
        except (ValueError, KeyError, TypeError, RecursionError):
            yield "rotation-forged", "the entry on the signing key cannot be read"
            return
        if not signed or old not in self.active(index + 1):
            yield "rotation-forged", "the change of the signing key is not signed by both keys"
        # The head over a rotation is the old key's last; a lost key signs nothing.
        self._since.append((index + (2 if action == ROTATED else 1), new))

    def _is_signed(self, old: bytes, new: bytes, said: dict[str, str]) -> bool:
        body = rotation(self.vault, old, new)
        try:
            Ed25519PublicKey.from_public_bytes(old).verify(
                bytes.fromhex(said["old_signature"]), body
            )
            Ed25519PublicKey.from_public_bytes(new).verify(
                bytes.fromhex(said["new_signature"]), body
            )
        except InvalidSignature:
            return False
        return True
