"""Witnesses: only the partner's key over one of our heads counts, and each is checked again."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from daylight.catalogue.models import Entry, Head, Subtree, Witness
from daylight.catalogue.queries.overview import witnessing
from daylight.catalogue.queries.vault import custodian_here
from daylight.crypto.signing import SigningKey
from daylight.crypto.sshsig import BEGIN, END, SshKey
from daylight.domain.principal import Principal, Right, Role, rights_of
from daylight.domain.progress import Silent
from daylight.errors import Forbidden, HeadRefused, UsageError, WitnessRefused
from daylight.ledger.head import SignedHead, sign
from daylight.services import heads, ledger
from daylight.services.record import record
from daylight.services.verify import VerifyRequest, verify
from daylight.services.witness import witness, witness_faults

AGENT = "cd" * 16
OFFICE = "office:Berlin"


def act(ws, count=1):
    for number in range(count):
        with transaction.atomic():
            record(ws, AGENT, "tested", details={"n": number})


def string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


class Partner:
    """Somebody outside with a key of OpenSSH's kind."""

    def __init__(self, seed: int) -> None:
        self.secret = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        form = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        line = self.secret.public_key().public_bytes(*form)
        self.key = SshKey("ssh-ed25519", base64.b64decode(line.split()[1]))

    def signs(self, head: SignedHead, namespace: bytes = b"daylight-head") -> bytes:
        digest = hashlib.sha512(heads.to_file(head)).digest()
        said = (namespace, b"", b"sha512")
        body = b"SSHSIG" + b"".join(map(string, (*said, digest)))
        inner = string(b"ssh-ed25519") + string(self.secret.sign(body))
        blob = b"SSHSIG\0\0\0\1" + b"".join(map(string, (self.key.blob, *said, inner)))
        return f"{BEGIN}\n{base64.b64encode(blob).decode()}\n{END}\n".encode()


ANNA, BORIS = Partner(1), Partner(2)


def take(ws, partner=ANNA, name=OFFICE, head=None, *, keys=None, **more):
    head = head or heads.current()
    given = (partner.key,) if keys is None else keys
    signature = partner.signs(head)
    return witness(ws, custodian_here(), name, head, signature, keys=given, **more)


def names(ws) -> list[str]:
    return [one.name for one in witness_faults(ws)]


def test_a_countersignature_is_taken_and_entered(any_ws):
    act(any_ws, 3)
    head = heads.current()
    done = take(any_ws)
    assert (done.name, done.size, done.again) == (OFFICE, 4, False)
    assert done.fingerprint == ANNA.key.fingerprint
    assert ledger.prove(custodian_here(), done.entry).entry.action == "witnessed"
    assert names(any_ws) == []
    found = witnessing()
    assert (found.size, found.by, found.entries_since) == (4, 1, 0)
    take(any_ws, BORIS, "new", head)
    found = witnessing()
    assert (found.size, found.by, found.entries_since) == (4, 2, 0)
    act(any_ws, 5)
    assert witnessing().entries_since == 5
    take(any_ws, keys=())
    assert (witnessing().by, witnessing().entries_since) == (1, 0)
    assert names(any_ws) == []


def test_the_same_again_changes_nothing(ws):
    head = heads.current()
    first = take(ws)
    again = take(ws, head=head)
    assert (again.again, again.entry) == (True, first.entry)
    assert Witness.objects.count() == 1
    assert heads.current().head.size == 2


def test_a_key_is_given_once_and_remembered(ws):
    with pytest.raises(UsageError, match="--key"):
        take(ws, keys=())
    take(ws)
    act(ws)
    assert take(ws, keys=()).entry == 3
    act(ws)
    with pytest.raises(WitnessRefused, match="another key"):
        take(ws, BORIS)
    with pytest.raises(UsageError, match="--key"):
        take(ws, BORIS, keys=(), new_key=True)
    assert Witness.objects.count() == 2
    take(ws, BORIS, new_key=True)
    act(ws)
    with pytest.raises(WitnessRefused, match="another key"):
        take(ws)  # the old key is the partner's no more
    assert names(ws) == []


def test_one_key_is_one_witness(ws):
    take(ws)
    with pytest.raises(WitnessRefused, match="another witness"):
        take(ws, name="office:Kyiv")


def test_the_signature_must_be_by_the_key_that_was_given(ws):
    with pytest.raises(WitnessRefused, match="key that was given"):
        take(ws, keys=(BORIS.key,))
    assert take(ws, keys=(BORIS.key, ANNA.key)).fingerprint == ANNA.key.fingerprint


@pytest.mark.parametrize("name", ["Anna Ivanova", "", "office:", "office:a\nb", "amber-heron"])
def test_a_typed_name_is_refused(ws, name):
    with pytest.raises(UsageError, match="codename"):
        take(ws, name=name)
    assert heads.current().head.size == 1


def test_what_is_not_signed_over_this_head_is_refused(ws):
    head = heads.current()
    act(ws)
    other = ANNA.signs(heads.current())
    mail = ANNA.signs(head, b"file")
    for signature, why in ((other, "does not hold"), (mail, "-n daylight-head"), (b"", "ssh")):
        with pytest.raises(WitnessRefused, match=why):
            witness(ws, custodian_here(), OFFICE, head, signature, keys=(ANNA.key,))
    assert Witness.objects.count() == 0


def test_a_head_that_is_not_ours_is_refused(ws):
    act(ws, 2)
    vault, mine = ws.layout.vault_id, ws.keyring.signer
    root = heads.current().head.root
    minute = heads.current().head.at
    for head in (
        sign(mine, "ef" * 16, 3, root, minute),
        sign(mine, vault, 3, bytes(32), minute),
        sign(mine, vault, 4, root, minute),
        sign(mine, vault, 0, root, minute),
        sign(SigningKey.from_seed(b"\7" * 32), vault, 3, root, minute),
    ):
        with pytest.raises(HeadRefused):
            take(ws, head=head)
    Subtree.objects.filter(key=0).update(hash=bytes(32))
    Subtree.objects.exclude(key=0).update(hash=bytes(32))
    with pytest.raises(HeadRefused, match="as it stands"):
        take(ws)
    Subtree.objects.all().delete()
    with pytest.raises(HeadRefused, match="as it stands"):
        take(ws)


def test_only_who_keeps_the_keys_takes_witnesses(ws):
    archivist = Principal("a" * 32, rights_of(frozenset({Role.ARCHIVIST})), None)
    assert Right.MANAGE_KEYS not in archivist.rights
    head = heads.current()
    with pytest.raises(Forbidden):
        witness(ws, archivist, OFFICE, head, ANNA.signs(head), keys=(ANNA.key,))


def rewrite(ws):
    """The keeper signs another head of the same size, with the vault's own key."""
    row = Head.objects.get(size=1)
    forged = sign(ws.keyring.signer, ws.layout.vault_id, 1, bytes(32), heads.at(1).head.at)
    row.body, row.signature = forged.body(), forged.signature
    row.save()


SPOIL = {
    "signature": (
        lambda ws: Witness.objects.update(signature=BORIS.signs(heads.at(1)).decode()),
        "witness-forged",
    ),
    "no signature": (lambda ws: Witness.objects.update(signature="x"), "witness-forged"),
    "key": (lambda ws: Witness.objects.update(key=BORIS.key.line), "witness-forged"),
    "name": (lambda ws: Witness.objects.update(name="office:Kyiv"), "witness-forged"),
    "size": (lambda ws: Witness.objects.update(size=2), "witness-forged"),
    "entry": (lambda ws: Witness.objects.update(entry=0), "witness-forged"),
    "no entry": (lambda ws: Entry.objects.filter(index=1).delete(), "witness-forged"),
    "details": (
        lambda ws: Entry.objects.filter(index=1).update(details=b"[1]"),
        "witness-forged",
    ),
    "leaf": (lambda ws: Entry.objects.filter(index=1).update(leaf=b"\xff"), "witness-forged"),
    "a leaf of nothing": (
        lambda ws: Entry.objects.filter(index=1).update(leaf=b"[]"),
        "witness-forged",
    ),
    "unreadable details": (
        lambda ws: Entry.objects.filter(index=1).update(details=b"{"),
        "witness-forged",
    ),
    "head": (rewrite, "witness-contradicted"),
    "no head": (lambda ws: Head.objects.filter(size=1).delete(), "witness-contradicted"),
    "no row": (lambda ws: Witness.objects.all().delete(), "witness-missing"),
    "tree": (lambda ws: Subtree.objects.update(hash=bytes(32)), "witness-contradicted"),
    "no tree": (lambda ws: Subtree.objects.all().delete(), "witness-contradicted"),
}


@pytest.mark.parametrize("what", SPOIL)
def test_a_witness_that_was_tampered_with_is_found(ws, what):
    take(ws)
    assert names(ws) == []
    spoil, fault = SPOIL[what]
    spoil(ws)
    # Of the entry that no row belongs to any more it is told as well.
    assert set(names(ws)) == {fault} | ({"witness-missing"} if what == "entry" else set())
    report = verify(ws, custodian_here(), VerifyRequest(), Silent())
    assert fault in {one.name for one in report.faults}
