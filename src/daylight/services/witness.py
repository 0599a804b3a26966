"""Witnesses: partners outside who countersign a head with a key of their own, and what that proves.

A signature made outside over a head is what the keeper of the vault cannot make anew: from then on
the ledger up to there is as it is.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction

from daylight.catalogue.ledger_rows import (
    WitnessView,
    entries_at,
    head_at,
    indices_of,
    nodes,
    size,
    witnesses,
)
from daylight.catalogue.models import Witness
from daylight.crypto import sshsig
from daylight.crypto.sshsig import SshKey, SshSignature
from daylight.domain.custody import DRAW, check_witness, new_codename
from daylight.domain.fault import Fault
from daylight.domain.principal import Principal, Right
from daylight.errors import HeadRefused, UsageError, WitnessRefused
from daylight.ledger.head import SignedHead
from daylight.ledger.leaf import Value
from daylight.ledger.proofs import root_at
from daylight.services import heads
from daylight.services.record import record
from daylight.services.workspace import Workspace

NAMESPACE = (
    "daylight-head"  # of ``ssh-keygen -Y sign -n``: a signature over mail is none over a head
)
WITNESSED = "witnessed"


@dataclass(frozen=True, slots=True)
class Witnessed:
    """``entry``: where the ledger says so; ``again``: it had been taken before."""

    name: str
    size: int
    fingerprint: str
    entry: int
    again: bool


def witness(
    ws: Workspace,
    principal: Principal,
    name: str,
    head: SignedHead,
    armored: bytes,
    *,
    keys: Sequence[SshKey] = (),
    new_key: bool = False,
) -> Witnessed:
    """Take a partner's countersignature over one of our heads.

    ``keys``: those that the partner gave by another way; needed the first time, and with
    ``new_key``. Raises ``HeadRefused`` for a head that is not ours, ``WitnessRefused`` for a
    signature that does not hold or is by another key than the partner's, ``UsageError``.
    """
    principal.require(Right.MANAGE_KEYS)
    name = new_codename() if name == DRAW else check_witness(name)
    _require_ours(ws, head)
    signature = sshsig.parse(armored)
    if signature.namespace != NAMESPACE:
        raise WitnessRefused(f"the signature was not made for a head: use -n {NAMESPACE}")
    if not signature.holds(heads.to_file(head)):
        raise WitnessRefused("the signature does not hold over this head's file")
    with transaction.atomic():
        known = witnesses()
        state = _accept(known, name, signature.key, keys, new_key=new_key)
        for one in known:
            if (one.name, one.size, one.key) == (name, head.head.size, signature.key.line):
                return Witnessed(name, one.size, signature.key.fingerprint, one.entry, again=True)
        taken = _keep(ws, principal, name, head, armored, signature.key, state)
    heads.keep(ws)
    return taken


def _require_ours(ws: Workspace, head: SignedHead) -> None:
    if head.head.vault != ws.layout.vault_id:
        raise HeadRefused("this is a head of another vault")
    if head_at(head.head.size) != head or not _stands(head):
        raise HeadRefused(
            "this is no head of the ledger as it stands; `daylight ledger check --against` it"
        )


def _stands(head: SignedHead) -> bool:
    """Whether the stored hashes give the head's root; whether they are the entries', recheck tells."""
    try:
        return head.head.size <= size() and root_at(head.head.size, nodes) == head.head.root
    except KeyError:  # a hash is gone
        return False


def _accept(
    known: Sequence[WitnessView],
    name: str,
    key: SshKey,
    given: Sequence[SshKey],
    *,
    new_key: bool,
) -> str:
    """What the key is to this partner: ``first``, ``known`` or ``new``."""
    if any(one.key == key.line and one.name != name for one in known):
        raise WitnessRefused("this key is that of another witness: one key is one witness")
    if given and key not in given:
        raise WitnessRefused("the signature is not by the key that was given")
    before = [one.key for one in known if one.name == name]
    if before and before[-1] == key.line:
        return "known"
    if before and not new_key:
        raise WitnessRefused(
            "the signature is by another key than this partner's; if the partner says by another "
            "way that it is theirs, --new-key with --key takes it"
        )
    if not given:
        raise UsageError("a key that is new here is given with --key, by another way than the head")
    return "new" if before else "first"


def _keep(
    ws: Workspace,
    principal: Principal,
    name: str,
    head: SignedHead,
    armored: bytes,
    key: SshKey,
    state: str,
) -> Witnessed:
    text, count = armored.decode("ascii"), head.head.size
    details: dict[str, Value] = {
        "name": name,
        "size": count,
        "key": key.fingerprint,
        "key_is": state,
        "signature": _digest(text),
    }
    made = record(ws, principal.agent, "witnessed", details=details)
    Witness.objects.create(
        size=count,
        name=name,
        key=key.line,
        signature=text,
        created=ws.clock(),
        entry=made.index,
    )
    return Witnessed(name, count, key.fingerprint, made.index, again=False)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def witness_faults(ws: Workspace) -> Iterator[Fault]:
    """Every countersignature again: ``witness-forged``, ``-contradicted`` and ``-missing``."""
    kept = witnesses()
    for lost in sorted(set(indices_of({WITNESSED})) - {one.entry for one in kept}):
        yield Fault("witness-missing", f"entry {lost}", "the countersignature that it took is gone")
    for number, one in enumerate(kept, 1):
        what = f"witness {number} of head {one.size}"
        signature = _as_entered(one)
        if signature is None:
            yield Fault("witness-forged", what, "it is not what the ledger's entry says was taken")
            continue
        head = head_at(one.size)
        ours = head is not None and head.head.vault == ws.layout.vault_id
        if head is None or not ours or not signature.holds(heads.to_file(head)):
            yield Fault(
                "witness-contradicted", what, "the head of this size is not the one that was signed"
            )
        elif not _stands(head):
            yield Fault(
                "witness-contradicted", what, "the entries are not those that were witnessed"
            )


def _as_entered(one: WitnessView) -> SshSignature | None:
    """The signature of a row, if the row is what its entry says; else None."""
    said = _details(one.entry)
    try:
        signature = sshsig.parse(one.signature.encode())
    except WitnessRefused:
        return None
    expected = {
        "name": one.name,
        "size": one.size,
        "key": signature.key.fingerprint,
        "signature": _digest(one.signature),
    }
    same = all(said.get(name) == value for name, value in expected.items())
    whole = one.key == signature.key.line and signature.namespace == NAMESPACE
    return signature if same and whole else None


def _details(index: int) -> dict[str, object]:
    try:
        found = entries_at([index])
        if not found or found[0].action != WITNESSED or found[0].details is None:
            return {}
        said = json.loads(found[0].details)
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}  # the ledger's own check names what is wrong with the entry
    return said if isinstance(said, dict) else {}
