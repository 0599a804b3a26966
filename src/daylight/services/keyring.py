"""The vault's keys, unlocked when the first act needs them and kept for the life of the process."""

from collections.abc import Callable
from functools import cached_property

from daylight.crypto.signing import SigningKey
from daylight.crypto.vault_keys import LockedKeys, VaultKeys, from_file
from daylight.errors import KeyMissing
from daylight.storage.layout import Layout

AskPassphrase = Callable[[], str]  # "" where there is none to be had


class Keyring:
    """Opens ``vault.keys``; ``ask`` is called once, and only for keys under a passphrase."""

    def __init__(self, layout: Layout, ask: AskPassphrase) -> None:
        self._layout, self._ask = layout, ask

    @property
    def locked(self) -> LockedKeys:
        """The key file as it lies there. ``KeyMissing``, ``KeyDamaged``."""
        data = self._layout.read_keys()
        if data is None:
            raise KeyMissing("the vault's keys are not in its folder")
        return from_file(data)

    @cached_property
    def keys(self) -> VaultKeys:
        """``KeyLocked``, ``KeyWrong``, ``KeyMissing``, ``KeyDamaged``."""
        locked = self.locked
        return locked.open(self._ask() if locked.needs_passphrase else "")

    def unlock(self) -> None:
        """Open the keys now, while somebody can be asked, and not in the middle of the work."""
        _ = self.keys

    @property
    def signer(self) -> SigningKey:
        return self.keys.signer

    def signer_of(self, public: bytes) -> SigningKey:
        """The one that the ledger names; ``KeyMissing`` where these are the keys of another vault."""
        found = self.keys.signer_of(public)
        if found is None:
            raise KeyMissing("vault.keys does not hold the key that the ledger names")
        return found

    @property
    def storage_key(self) -> bytes:
        """32 bytes: what leaves the machine is encrypted under keys made of it."""
        return self.keys.storage

    def take(self, keys: VaultKeys) -> None:
        """The file was written anew, with these."""
        self.__dict__["keys"] = keys
