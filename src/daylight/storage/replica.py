"""A vault's replica: sealed files under keyed names, and the states that were finished.

docs/format.md is the normative text. There are two slots, written in turn: a run writes the state
(catalogue, heads, keys) of its slot, then the slot's manifest, which is sealed too; so a run that is
cut short leaves the state before it. Objects lie beside them, each once.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Final

from daylight.crypto.sealed import name_key, seal, sealed_name, unseal
from daylight.domain.digest import Digest
from daylight.errors import (
    DaylightError,
    ReplicaDamaged,
    ReplicaForeign,
    ReplicaMissing,
    ReplicaVersion,
)
from daylight.storage.remote import Listed, Remote

SCHEMA: Final = "replica/1"
SLOTS: Final = 2
_MANIFEST_MAX: Final = 1 << 16  # bytes


@dataclass(frozen=True, slots=True)
class Manifest:
    """A finished state. ``number`` counts up from 1; 0 says that nothing was finished yet.

    ``replica``: a random id, what the ledger calls this place. ``at``: the minute before the state
    was taken. ``state_sha256``, ``state_bytes``: the archive of catalogue, heads and keys. ``objects``: how many the vault had.
    """

    vault: str
    replica: str
    number: int
    at: str
    state_sha256: str
    state_bytes: int
    objects: int

    @property
    def slot(self) -> int:
        return self.number % SLOTS


def object_names(key: bytes) -> Callable[[bytes], str]:
    """What objects are called in the replicas of a vault with this 32-byte ``key``, by their digest."""
    names = name_key(key)
    return lambda digest: sealed_name(names, "object", digest)


class Replica:
    """``remote`` seen through a vault's 32-byte ``key``. Nothing is asked of it until it is used."""

    def __init__(self, remote: Remote, key: bytes) -> None:
        self._remote, self._key, self._names = remote, key, name_key(key)
        self.name = object_names(key)

    def listing(self) -> Iterator[Listed]:
        return self._remote.list()

    def put_object(self, digest: Digest, chunks: Iterable[bytes]) -> None:
        self._put("object", digest, chunks)

    def object(self, digest: Digest) -> Iterator[bytes]:
        """An object's bytes; ``ReplicaDamaged`` at their end if they are not those of ``digest``."""
        return _hashed(self._get("object", digest), digest.hex())

    def forget(self, name: str) -> None:
        """Take an object away by its name there: of what was purged nothing else is known."""
        self._remote.delete(name)

    def forget_other_state(self, current: Manifest) -> None:
        """Take away the state before ``current``: it may name what was purged."""
        other = bytes([(current.slot + 1) % SLOTS])
        self._remote.delete(sealed_name(self._names, "manifest", other))
        self._remote.delete(sealed_name(self._names, "state", other))

    def flush(self) -> None:
        self._remote.flush()

    def newest(self) -> Manifest:
        """The last state that was finished. ``ReplicaMissing``, ``ReplicaForeign``,
        ``ReplicaDamaged``, ``ReplicaVersion``.
        """
        found, damage = self._manifests()
        if found:
            return max(found, key=lambda one: one.number)
        if damage is not None:
            raise damage
        if next(self._remote.list(), None) is None:
            raise ReplicaMissing("there is no replica at the place named")
        raise ReplicaForeign("what lies at the place named is not for this vault's key")

    def begin(self, vault: str, known: Iterable[Digest] = ()) -> Manifest:
        """As :meth:`newest`, for the vault ``vault``; makes a replica of an empty place.

        Where the manifests are damaged, or gone and one of the ``known`` objects is there, it begins
        anew: the names and seals show that the place is this vault's.
        """
        try:
            manifest = self.newest()
        except (ReplicaMissing, ReplicaDamaged):
            manifest = self._anew(vault)
        except ReplicaForeign:
            if not any(map(self._holds, known)):
                raise
            manifest = self._anew(vault)
        if manifest.vault != vault:
            raise ReplicaForeign("the replica is of another vault")
        return manifest

    def _anew(self, vault: str) -> Manifest:
        manifest = Manifest(vault, secrets.token_hex(8), 0, "", "", 0, 0)
        self.finish(manifest)
        return manifest

    def _holds(self, digest: Digest) -> bool:
        try:
            next(self._get("object", digest))
        except (KeyError, ReplicaDamaged):
            return False
        return True

    def put_state(self, slot: int, chunks: Iterable[bytes]) -> tuple[str, int]:
        """Write a slot's state; gives the SHA-256 (hexadecimal) and the bytes for its manifest."""
        hasher, size = hashlib.sha256(), 0

        def counted() -> Iterator[bytes]:
            nonlocal size
            for chunk in chunks:
                hasher.update(chunk)
                size += len(chunk)
                yield chunk

        self._put("state", bytes([slot]), counted())
        return hasher.hexdigest(), size

    def state(self, manifest: Manifest) -> Iterator[bytes]:
        """The archive of a finished state; ``ReplicaDamaged`` at its end if it is another one."""
        if manifest.number == 0:
            raise ReplicaMissing("no run of `daylight replicate` to this place was finished")
        return _hashed(self._get("state", bytes([manifest.slot])), manifest.state_sha256)

    def finish(self, manifest: Manifest) -> None:
        """Publish a state: with this its slot is the newest."""
        body = json.dumps({"schema": SCHEMA, **asdict(manifest)}).encode()
        self._remote.flush()
        self._put("manifest", bytes([manifest.slot]), [body])
        self._remote.flush()

    def _manifests(self) -> tuple[list[Manifest], DaylightError | None]:
        found: list[Manifest] = []
        damage: DaylightError | None = None
        for slot in range(SLOTS):
            try:
                found.append(_manifest(self._get("manifest", bytes([slot]))))
            except KeyError:
                continue
            except ReplicaDamaged as error:
                damage = error
        return found, damage

    def _put(self, kind: str, what: bytes, chunks: Iterable[bytes]) -> None:
        name = sealed_name(self._names, kind, what)
        self._remote.put(name, seal(chunks, self._key, name))

    def _get(self, kind: str, what: bytes) -> Iterator[bytes]:
        name = sealed_name(self._names, kind, what)
        return unseal(self._remote.get(name), self._key, name)


def _manifest(chunks: Iterable[bytes]) -> Manifest:
    body = b""
    for chunk in chunks:
        body += chunk
        if len(body) > _MANIFEST_MAX:
            raise ReplicaDamaged("the replica's manifest is too long")
    values = json.loads(body)  # sealed with our key: it is what we wrote
    if values.pop("schema") != SCHEMA:
        raise ReplicaVersion("a newer version of Daylight wrote this replica")
    return Manifest(**values)


def _hashed(chunks: Iterable[bytes], wanted: str) -> Iterator[bytes]:
    hasher = hashlib.sha256()
    for chunk in chunks:
        hasher.update(chunk)
        yield chunk
    if hasher.hexdigest() != wanted:
        raise ReplicaDamaged("a file of the replica is whole, but of another time")
