"""Preparing a release: its tree is planted, its root entered; what may be published comes out.

Nothing goes out by it: whoever publishes records that two people have signed for this very tree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from daylight.catalogue.ledger_rows import lock_writers
from daylight.catalogue.models import Item, Release, ReleaseOpening
from daylight.catalogue.queries.access import items_seen_by
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal, Right
from daylight.errors import ApprovalRefused, UsageError
from daylight.ledger.leaf import Value
from daylight.ledger.release import ReleaseTree, plant
from daylight.services import approvals
from daylight.services.approvals import Approved, Asked
from daylight.services.personal_keys import Signer
from daylight.services.record import record
from daylight.services.workspace import Workspace

RELEASED = "released"


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


def ask_to_release(
    ws: Workspace, principal: Principal, public_id: str, reason: str, first: Signer, passphrase: str
) -> str:
    """Sign as the first of two that a prepared release goes out; the request's id.

    Both sign its root as well as its items. As ``approvals.ask``, and ``UsageError``.
    """
    principal.require(Right.EXPORT)
    root, digests = _prepared(public_id)
    asked = Asked(RELEASED, digests, reason, about=root.hex())
    return approvals.ask(ws, principal, asked, first, passphrase)


def record_release(
    ws: Workspace,
    principal: Principal,
    public_id: str,
    approved: Approved,
    said: Mapping[str, Value],
) -> int:
    """The entry with both signatures, and the request closed, at once; the entry's index.

    Before the publication gets its name, as for ``export_approval.record_export``. ``said``: what
    is published. ``ApprovalRefused`` where two people signed for another release.
    """
    principal.require(Right.EXPORT)
    with transaction.atomic():
        lock_writers()  # no purge comes between
        root, digests = _prepared(public_id)
        statement = approved.approval.statement
        signed = (statement.act, statement.about, approved.digests)
        if signed != (RELEASED, root.hex(), tuple(digests)):
            raise ApprovalRefused("two people have signed for something else than this release")
        details = {**said, **approved.approval.details()}
        made = record(ws, principal.agent, "released", objects=digests, details=details)
        approvals.close(approved, made.index, keep_salt=True)
    return made.index


def _prepared(public_id: str) -> tuple[bytes, list[Digest]]:
    """A release's root and its items, in the order of its tree."""
    row = Release.objects.filter(public_id=public_id).first()
    if row is None:
        raise UsageError("no release of this name was prepared")
    items = row.openings.order_by("position").values_list("item__sha256", flat=True)
    if any(digest is None for digest in items):
        raise UsageError("an item of this release was purged; prepare it anew")
    return bytes(row.root), [Digest(bytes(digest)) for digest in items]


def _openings(row: Release, tree: ReleaseTree, keys: dict[Digest, Item]) -> list[ReleaseOpening]:
    opened = zip(tree.digests, tree.salts, tree.commitments, strict=True)
    return [
        ReleaseOpening(
            release=row, position=at, item=keys[digest], salt=salt, commitment=commitment
        )
        for at, (digest, salt, commitment) in enumerate(opened)
    ]
