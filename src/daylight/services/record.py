"""Writing to the ledger: inside the transaction of the change that the entries record.

The head over them is signed in the same transaction, so that there is never an entry that no head
covers, nor a head over what was rolled back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    if not connection.in_atomic_block:
        raise AssertionError("an entry belongs into the transaction of what it records")
    lock_writers()
    signer = ws.keyring.signer_of(signing_key())
    at, growing = coarse(ws.clock()), Growing(frontier())
    rows: list[_Row] = []
    nodes: list[tuple[int, bytes]] = []
    told: list[Recorded] = []
    for act in acts:
        row, recorded = _entry(growing.size, at, act)
        done = growing.append(leaf_hash(row[1]))
        nodes += [(key_of(level, position), hashed) for level, position, hashed in done]
        rows.append(row)
        told.append(recorded)
    insert(Entry, ("index", "leaf", "details", "details_salt"), rows)
    insert(Subtree, ("key", "hash"), nodes)
    _keep_openings(acts, told)
    _sign(ws, signer, growing.frontier(), at)
    return told


def _entry(index: int, at: str, act: Act) -> tuple[_Row, Recorded]:
    salts, details_salt = tuple(new_salt() for _ in act.objects), new_salt()
    body = canonical(act.details)
    held = [commit(salt, digest) for salt, digest in zip(salts, act.objects, strict=True)]
    leaf = Leaf(
        index=index,
        at=at,
        action=act.action,
        agent=act.agent,
        count=len(act.objects),
        object=commit_objects(held),
        details=commit_details(details_salt, body),
    ).encode()
    return (index, leaf, body, details_salt), Recorded(index, salts)


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
