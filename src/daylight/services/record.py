"""Writing to the ledger: inside the transaction of the change that the entries record.

The head over them is signed in the same transaction, so that there is never an entry that no head
covers, nor a head over what was rolled back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection

from daylight.catalogue.ledger_rows import frontier, key_of, lock_writers, signing_key
from daylight.catalogue.models import Entry, Head, Item, Opening, Subtree
from daylight.crypto.signing import SigningKey
from daylight.domain.clock import coarse
from daylight.domain.digest import Digest
from daylight.ledger.head import sign
from daylight.ledger.leaf import (
    Leaf,
    Value,
    canonical,
    commit,
    commit_details,
    commit_objects,
    new_salt,
)
from daylight.ledger.merkle import Frontier, Growing, leaf_hash
from daylight.services.bulk import insert
from daylight.services.workspace import Workspace

_NO_TIME = "1970-01-01"
_Row = tuple[int, bytes, bytes, bytes]  # index, leaf, details, details_salt


@dataclass(frozen=True, slots=True)
class Act:
    """What an entry says: ``agent`` did ``action`` to ``objects``, which are items.

    ``keep_openings``: whether their salts are kept here; else whoever records keeps them.
    """

    agent: str
    action: str
    details: Mapping[str, Value]
    objects: Sequence[Digest] = ()
    keep_openings: bool = True


@dataclass(frozen=True, slots=True)
class Recorded:
    """The entry's index, and the salt of each object's commitment, in their order."""

    index: int
    salts: tuple[bytes, ...]


class Prepared(NamedTuple):
    """An entry but for its place and minute: salts and commitments, made in a bulk writer's own time.

    ``leaf``: with a place and a time that do not count.
    """

    act: Act
    salts: tuple[bytes, ...]
    leaf: Leaf
    body: bytes
    details_salt: bytes


def record(
    ws: Workspace,
    agent: str,
    action: str,
    *,
    objects: Sequence[Digest] = (),
    details: Mapping[str, Value],
    keep_openings: bool = True,
) -> Recorded:
    """Append one entry; the caller owns the transaction. See :class:`Act`.

    Raises ``KeyLocked`` and its like: without the vault's key nothing is recorded, nothing changed.
    """
    return record_many(ws, [Act(agent, action, details, objects, keep_openings)])[0]


def record_many(ws: Workspace, acts: Sequence[Act]) -> list[Recorded]:
    """Append entries under one head."""
    return enter(ws, prepare(acts))


def prepare(acts: Sequence[Act]) -> list[Prepared]:
    """All of their entries that does not depend on the ledger: before the transaction, where there
    are many, so that others wait less for the write lock.
    """
    return [_prepared(act) for act in acts]


def _prepared(act: Act) -> Prepared:
    salts, details_salt = tuple(new_salt() for _ in act.objects), new_salt()
    body = canonical(act.details)
    held = [commit(salt, digest) for salt, digest in zip(salts, act.objects, strict=True)]
    leaf = Leaf(
        index=0,
        at=_NO_TIME,
        action=act.action,
        agent=act.agent,
        count=len(act.objects),
        object=commit_objects(held),
        details=commit_details(details_salt, body),
    )
    return Prepared(act, salts, leaf, body, details_salt)


def enter(ws: Workspace, prepared: Sequence[Prepared]) -> list[Recorded]:
    """Append what was prepared, once, under one head; as :func:`record`."""
    if not connection.in_atomic_block:
        raise AssertionError("an entry belongs into the transaction of what it records")
    lock_writers()
    signer = ws.keyring.signer_of(signing_key())
    at, growing = coarse(ws.clock()), Growing(frontier())
    first = growing.size
    leaves = [one.leaf.encode_as(index, at) for index, one in enumerate(prepared, first)]
    done = growing.extend(map(leaf_hash, leaves))
    rows: list[_Row] = [
        (index, leaf, one.body, one.details_salt)
        for index, (leaf, one) in enumerate(zip(leaves, prepared, strict=True), first)
    ]
    insert(Entry, ("index", "leaf", "details", "details_salt"), rows)
    nodes = [(key_of(level, position), hashed) for level, position, hashed in done]
    insert(Subtree, ("key", "hash"), nodes)
    told = [Recorded(index, one.salts) for index, one in enumerate(prepared, first)]
    _keep_openings([one.act for one in prepared], told)
    _sign(ws, signer, growing.frontier(), at)
    return told


def _keep_openings(acts: Sequence[Act], told: Sequence[Recorded]) -> None:
    kept = [(act, one) for act, one in zip(acts, told, strict=True) if act.keep_openings]
    wanted = {bytes(digest) for act, _ in kept for digest in act.objects}
    if not wanted:
        return
    found = Item.objects.filter(sha256__in=wanted).values_list("sha256", "pk")
    keys = {bytes(digest): key for digest, key in found}
    insert(
        Opening,
        ("entry", "position", "item_id", "salt"),
        [
            (one.index, position, keys[bytes(digest)], salt)
            for act, one in kept
            for position, (digest, salt) in enumerate(zip(act.objects, one.salts, strict=True))
        ],
    )


def _sign(ws: Workspace, signer: SigningKey, growing: Frontier, at: str) -> None:
    signed = sign(signer, ws.layout.vault_id, growing.size, growing.root(), at)
    Head.objects.create(size=growing.size, body=signed.body(), signature=signed.signature)
