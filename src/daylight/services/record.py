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
from daylight.ledger.merkle import Frontier, Node, leaf_hash
from daylight.services.workspace import Workspace


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
    at, growing = coarse(ws.clock()), frontier()
    rows: list[Entry] = []
    nodes: list[Node] = []
    told: list[Recorded] = []
    for act in acts:
        row, recorded = _entry(growing.size, at, act)
        growing, done = growing.append(leaf_hash(bytes(row.leaf)))
        rows.append(row)
        nodes += done
        told.append(recorded)
    Entry.objects.bulk_create(rows)
    Subtree.objects.bulk_create([_subtree(node) for node in nodes])
    _keep_openings(acts, told)
    _sign(ws, signer, growing, at)
    return told


def _entry(index: int, at: str, act: Act) -> tuple[Entry, Recorded]:
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
    row = Entry(index=index, leaf=leaf, details=body, details_salt=details_salt)
    return row, Recorded(index, salts)


def _keep_openings(acts: Sequence[Act], told: Sequence[Recorded]) -> None:
    kept = [(act, one) for act, one in zip(acts, told, strict=True) if act.keep_openings]
    wanted = {bytes(digest) for act, _ in kept for digest in act.objects}
    if not wanted:
        return
    found = Item.objects.filter(sha256__in=wanted).values_list("sha256", "pk")
    keys = {bytes(digest): key for digest, key in found}
    Opening.objects.bulk_create(
        Opening(entry=one.index, position=position, item_id=keys[bytes(digest)], salt=salt)
        for act, one in kept
        for position, (digest, salt) in enumerate(zip(act.objects, one.salts, strict=True))
    )


def _subtree(node: Node) -> Subtree:
    return Subtree(key=key_of(node.level, node.position), hash=node.hash)


def _sign(ws: Workspace, signer: SigningKey, growing: Frontier, at: str) -> None:
    signed = sign(signer, ws.layout.vault_id, growing.size, growing.root(), at)
    Head.objects.create(size=growing.size, body=signed.body(), signature=signed.signature)
