"""The ledger as a whole: proofs, its re-check, and the change of the key that signs it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.db import transaction

from daylight.catalogue import ledger_scan
from daylight.catalogue.ledger_rows import EntryView, entries_at, signing_key, with_nodes
from daylight.catalogue.models import PersonalKey, Purge, Purged, Vault
from daylight.catalogue.snapshot import snapshot
from daylight.crypto.vault_keys import VaultKeys, new_keys, to_file
from daylight.domain.fault import Fault
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.errors import HeadRefused, UsageError
from daylight.ledger import keys as key_history
from daylight.ledger.head import SignedHead
from daylight.ledger.merkle import leaf_hash
from daylight.ledger.proofs import consistency, inclusion, is_consistent, root_at
from daylight.ledger.recheck import Recheck, Result
from daylight.services import heads
from daylight.services.record import record
from daylight.services.workspace import Workspace

_NO_MORE: tuple[int, SignedHead | None] = (1 << 63, None)
TELL_EVERY = 5000  # entries between two steps of progress


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry stands under a head: its audit path (RFC 6962 2.1.1)."""

    entry: EntryView
    head: SignedHead
    path: tuple[bytes, ...]


def prove(principal: Principal, index: int) -> Proof:
    """The proof of one entry under the head that stands. ``UsageError`` if there is no such entry."""
    principal.require(Right.SEE_CUSTODY)
    head = heads.current()
    found = entries_at([index])
    if not found or index >= head.head.size:
        raise UsageError(f"the ledger has no entry {index}")
    path = with_nodes(lambda nodes: inclusion(index, head.head.size, nodes))
    return Proof(found[0], head, tuple(path))


@dataclass(frozen=True, slots=True)
class Growth:
    """Whether the ledger grew out of the one an earlier head was signed over, and the proof of it."""

    earlier: SignedHead
    now: SignedHead
    path: tuple[bytes, ...]
    holds: bool


def growth(ws: Workspace, principal: Principal, earlier: SignedHead) -> Growth:
    """Consistency with a head that somebody kept. ``HeadRefused`` for a head of another vault."""
    principal.require(Right.SEE_CUSTODY)
    if earlier.head.vault != ws.layout.vault_id:
        raise HeadRefused("this is a head of another vault")
    now = heads.current()
    old, new = earlier.head.size, now.head.size
    if not 0 < old <= new:
        return Growth(earlier, now, (), holds=False)
    try:
        path = tuple(with_nodes(lambda nodes: consistency(old, new, nodes)))
        root = with_nodes(lambda nodes: root_at(new, nodes))
    except KeyError:  # a hash is gone: nothing can be proved
        return Growth(earlier, now, (), holds=False)
    # The proof is over the stored hashes; whether they are those of the entries, recheck tells.
    holds = is_consistent(old, new, earlier.head.root, root, path)
    return Growth(earlier, now, path, holds)


def recheck(
    ws: Workspace, principal: Principal, outside: Mapping[str, SignedHead], progress: Progress
) -> Result:
    """Every entry, opening, stored hash and head again. ``outside``: heads that others kept."""
    principal.require(Right.SEE_CUSTODY)
    kept, faults = _kept(ws)
    check = Recheck(ws.layout.vault_id, {**kept, **outside})
    with snapshot():
        _feed(check, progress)
    found = check.finish()
    return replace(found, faults=(*faults, *found.faults, *_strangers(check)))


def _strangers(check: Recheck) -> list[Fault]:
    """Personal keys in the catalogue that no entry has introduced."""
    rows = PersonalKey.objects.order_by("pk").values_list("public", flat=True)
    said = "no entry of the ledger introduced this personal key"
    return [
        Fault("personal-key-unknown", f"key {bytes(public).hex()}", said)
        for public in rows
        if bytes(public) not in check.people.known
    ]


def _feed(check: Recheck, progress: Progress) -> None:
    own = ledger_scan.heads()
    size, head = next(own, _NO_MORE)
    for row in ledger_scan.rows():
        check.entry(row)
        while size <= check.size:
            _feed_head(check, size, head)
            size, head = next(own, _NO_MORE)
        if check.size % TELL_EVERY == 0:
            progress.advance(steps=TELL_EVERY)
    while size < _NO_MORE[0]:
        _feed_head(check, size, head)
        size, head = next(own, _NO_MORE)
    for node in ledger_scan.subtrees():
        check.stored(node)


def _feed_head(check: Recheck, size: int, head: SignedHead | None) -> None:
    if head is None:
        check.no_head(size)
    else:
        check.head(head)


def _kept(ws: Workspace) -> tuple[dict[str, SignedHead], list[Fault]]:
    """The heads in files of the vault, and the files among them that are none."""
    found, faults = {}, []
    for path in heads.files(ws.layout):
        try:
            found[path.name] = heads.from_file(path)
        except HeadRefused as error:
            faults.append(Fault("head-forged", f"head {path.name}", str(error)))
    return found, faults


def rotate_key(ws: Workspace, principal: Principal, passphrase: str) -> bytes:
    """A new key signs from here on; the entry bears the signatures of both. Its public half."""
    principal.require(Right.MANAGE_KEYS)
    old = ws.keyring.signer_of(signing_key())
    # The key file first: it holds the old key as well, until the ledger names the new one.
    fresh = ws.keyring.keys.rotated(old.public)
    new = fresh.signer
    body = key_history.rotation(ws.layout.vault_id, old.public, new.public)
    _put(ws, fresh, passphrase)
    with transaction.atomic():
        details = {
            "old": old.public.hex(),
            "new": new.public.hex(),
            "old_signature": old.sign(body).hex(),
            "new_signature": new.sign(body).hex(),
        }
        record(ws, principal.agent, "key-rotated", details=details)
        Vault.objects.update(key=new.public)
    heads.keep(ws)
    return new.public


def replace_lost_key(ws: Workspace, principal: Principal, passphrase: str, reason: str) -> bytes:
    """Go on without a key that is lost: what it signed stays good, and the ledger says so openly.

    The key of replicas is made anew as well: those made so far open with their shares alone. What
    is kept of purges goes, since nobody can match or open it any more.
    """
    principal.require(Right.MANAGE_KEYS)
    if not reason.strip():
        raise UsageError("a lost key is replaced for a reason, which the ledger keeps")
    old, fresh = signing_key(), new_keys()
    _put(ws, fresh, passphrase)
    with transaction.atomic():
        Vault.objects.update(key=fresh.signer.public)
        Purged.objects.all().delete()
        Purge.objects.all().delete()
        details = {"old": old.hex(), "new": fresh.signer.public.hex(), "reason": reason}
        record(ws, principal.agent, "key-replaced", details=details)
    heads.keep(ws)
    return fresh.signer.public


def _put(ws: Workspace, keys: VaultKeys, passphrase: str) -> None:
    ws.layout.write_keys(to_file(keys, passphrase))
    ws.keyring.take(keys)


def proof_document(proof: Proof) -> dict[str, object]:
    """docs/format.md, "Proof"."""
    return {
        "schema": "inclusion/1",
        "index": proof.entry.index,
        "leaf": proof.entry.leaf.decode(),
        "leaf_hash": leaf_hash(proof.entry.leaf).hex(),
        "path": [step.hex() for step in proof.path],
        "signed_head": proof.head.document(),
    }
