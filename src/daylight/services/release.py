"""Preparing a release: its tree is planted, its root entered; what may be published comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from daylight.catalogue.models import Item, Release, ReleaseOpening
from daylight.catalogue.queries.access import items_seen_by
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal, Right
from daylight.errors import UsageError
from daylight.ledger.leaf import Value
from daylight.ledger.release import ReleaseTree, plant
from daylight.services.record import record
from daylight.services.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Prepared:
    """``documents``: by digest, what may be published beside the file made of that item."""

    public_id: str
    root: bytes
    entry: int
    documents: dict[Digest, dict[str, Any]]


def prepare(ws: Workspace, principal: Principal, digests: Sequence[Digest]) -> Prepared:
    """Plant the tree over these items and enter its root; nothing is published by it.

    Raises ``Forbidden``, ``UsageError`` for no item or one that is not there.
    """
    principal.require(Right.EXPORT)
    wanted = set(digests)
    rows = items_seen_by(principal).filter(sha256__in=wanted)
    keys = {Digest(bytes(row.sha256)): row for row in rows}
    if not wanted or len(keys) != len(wanted):
        raise UsageError("a release holds items of this vault, one at least")
    tree = plant(list(wanted))
    with transaction.atomic():
        details: dict[str, Value] = {"root": tree.root.hex(), "count": len(wanted)}
        entry = record(ws, principal.agent, "release-tree", details=details).index
        row = Release.objects.create(
            root=tree.root, count=len(wanted), created=ws.clock(), entry=entry
        )
        ReleaseOpening.objects.bulk_create(_openings(row, tree, keys))
    documents = {digest: tree.public(at) for at, digest in enumerate(tree.digests)}
    return Prepared(row.public_id, tree.root, entry, documents)


def _openings(row: Release, tree: ReleaseTree, keys: dict[Digest, Item]) -> list[ReleaseOpening]:
    opened = zip(tree.digests, tree.salts, tree.commitments, strict=True)
    return [
        ReleaseOpening(
            release=row, position=at, item=keys[digest], salt=salt, commitment=commitment
        )
        for at, (digest, salt, commitment) in enumerate(opened)
    ]
