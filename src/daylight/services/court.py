"""The court package: originals, what the ledger says of them, and a programme that checks it all."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from daylight.catalogue.ledger_rows import nodes, signing_key
from daylight.catalogue.models import Seal as SealRow
from daylight.catalogue.models import Witness as WitnessRow
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.errors import HeadRefused
from daylight.exports.base import Sink
from daylight.exports.court import words
from daylight.exports.court.package import write_package
from daylight.exports.court.records import HeldHead, Seal, Witness
from daylight.ledger.head import SignedHead
from daylight.ledger.leaf import Value
from daylight.ledger.proofs import consistency, is_consistent
from daylight.services import heads
from daylight.services.approvals import Approved
from daylight.services.court_copies import Copies, NoCopies
from daylight.services.court_records import Wanted, gather, open_object
from daylight.services.export import chosen
from daylight.services.export_approval import names_in, record_export
from daylight.services.workspace import Workspace


@dataclass(frozen=True, slots=True)
class CourtReport:
    """What went out. ``manifest``: SHA-256 of the manifest, in hexadecimal; ``entry`` names it."""

    items: int
    bytes: int
    manifest: str
    entry: int


def export_court(
    ws: Workspace,
    principal: Principal,
    approved: Approved,
    sink: Sink,
    progress: Progress,
    wanted: Wanted,
    against: Sequence[Path] = (),
) -> CourtReport:
    """A court package of what two people have signed for, into ``sink``; ``against``: heads that others keep.

    Raises ``Forbidden``, ``UsageError``, ``HeadRefused``, ``StoreCorrupt``, ``KeyLocked`` and its
    like, and what the sink and the sandbox raise; nothing is published then.
    """
    _require(principal, wanted)
    views = chosen(principal, names_in(approved, (), principal))
    size = sum(view.size for view in views)
    progress.total(amount=size, steps=len(views))
    signer = ws.keyring.signer_of(signing_key())
    head = heads.keep(ws)
    court = gather(ws, principal, views, wanted, head, _held(ws, head, against))
    copies = Copies(ws, principal) if wanted.working_copies else NoCopies()
    with sink, copies:
        opener = partial(open_object, ws)
        manifest = write_package(sink, court, opener, copies.make, signer, progress)
        sink.seal()
        details: dict[str, Value] = {
            "kind": "court",
            "manifest": manifest,
            "bytes": str(size),
            "paths": _yes(wanted.with_paths),
            "custody": _yes(wanted.with_custody),
            "names": _yes(wanted.with_names),
        }
        entry = record_export(ws, principal, approved, details)
        sink.publish()
    heads.keep(ws)
    return CourtReport(len(views), size, manifest, entry)


def _require(principal: Principal, wanted: Wanted) -> None:
    principal.require(Right.EXPORT)
    principal.require(Right.SEE_CUSTODY)
    if wanted.with_paths:
        principal.require(Right.SEE_LEAKED_PATHS)
    if wanted.working_copies:
        principal.require(Right.WATCH)


def _held(ws: Workspace, head: SignedHead, against: Sequence[Path]) -> tuple[HeldHead, ...]:
    """Heads that somebody outside knows of, each with the way from it to ``head``."""
    known = {one.head.size: one for one in _theirs(ws, head, against)}
    witnesses: dict[int, list[Witness]] = {}
    for row in WitnessRow.objects.filter(size__lte=head.head.size).order_by("size", "pk"):
        witnesses.setdefault(row.size, []).append(Witness(row.name, row.key, row.signature))
    seals = _seals(head)
    held = []
    for size in sorted({*known, *witnesses, *seals}):
        earlier = known.get(size) or heads.at(size)
        if earlier is None:
            raise HeadRefused(f"the head of {size} entries, which others know of, is missing")
        path = tuple(consistency(size, head.head.size, nodes))
        outside = tuple(witnesses.get(size, ())), seals.get(size, ())
        held.append(HeldHead(earlier, path, *outside))
    return tuple(held)


def _theirs(ws: Workspace, head: SignedHead, against: Sequence[Path]) -> list[SignedHead]:
    """Heads from outside; ``HeadRefused`` for one that this ledger did not grow out of."""
    found = [heads.from_file(path) for path in against]
    for one in found:
        old, new = one.head, head.head
        grew = 0 < old.size <= new.size and is_consistent(
            old.size, new.size, old.root, new.root, list(consistency(old.size, new.size, nodes))
        )
        if old.vault != ws.layout.vault_id or not grew:
            raise HeadRefused("the ledger did not grow out of a head that was given")
    return found


def _seals(head: SignedHead) -> dict[int, tuple[Seal, ...]]:
    """All time stamps that were made, by the size of the head that they seal."""
    found: dict[int, tuple[Seal, ...]] = {}
    rows = SealRow.objects.filter(size__lte=head.head.size).exclude(token=None)
    for row in rows.select_related("authority").order_by("size", "pk"):
        made = "" if row.gen_time is None else words.moment(row.gen_time)
        trusted = row.authority.certificate.encode()
        seal = Seal(row.authority.name, bytes(row.token or b""), trusted, made)
        found[row.size] = (*found.get(row.size, ()), seal)
    return found


def _yes(value: bool) -> str:
    return "yes" if value else "no"
