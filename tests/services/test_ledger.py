"""The ledger as a whole: whoever holds an earlier head sees every way of telling it otherwise."""

from dataclasses import replace

import pytest
from django.db import transaction

from daylight.catalogue.ledger_rows import key_of
from daylight.catalogue.models import Entry, Head, Opening, Subtree, Vault
from daylight.catalogue.queries.items import Filter, items
from daylight.catalogue.queries.vault import custodian_here
from daylight.crypto.signing import SigningKey
from daylight.crypto.vault_keys import from_file, new_keys, to_file
from daylight.domain.principal import Principal
from daylight.domain.progress import Silent
from daylight.errors import Forbidden, HeadRefused, KeyLocked, KeyMissing, KeyWrong, UsageError
from daylight.ledger.head import SignedHead, sign
from daylight.ledger.leaf import commit
from daylight.ledger.merkle import EMPTY, grow, leaf_hash
from daylight.ledger.proofs import includes
from daylight.services import heads, ledger
from daylight.services.intake import ImportRequest, import_material
from daylight.services.keyring import Keyring
from daylight.services.record import Act, record, record_many
from tests.canonical import check

AGENT = "cd" * 16


def act(ws, count=1):
    for _ in range(count):
        with transaction.atomic():
            record(ws, AGENT, "tested", details={"place": "Tbilisi"})


def faults(ws, **outside: SignedHead):
    return {one.name for one in ledger.recheck(ws, custodian_here(), outside, Silent()).faults}


def test_every_transaction_leaves_a_signed_head(any_ws):
    act(any_ws, 3)
    with transaction.atomic():
        record_many(any_ws, [Act(AGENT, "tested", {"n": n}) for n in range(4)])
    assert list(Head.objects.order_by("size").values_list("size", flat=True)) == [1, 2, 3, 4, 8]
    head = heads.current()
    assert head.is_signed()
    assert head.head.vault == any_ws.layout.vault_id
    check(any_ws)


def test_every_entry_is_proved_under_the_head(ws):
    act(ws, 12)
    for index in range(13):
        proof = ledger.prove(custodian_here(), index)
        head = proof.head.head
        assert includes(index, head.size, leaf_hash(proof.entry.leaf), proof.path, head.root)
    with pytest.raises(UsageError):
        ledger.prove(custodian_here(), 13)
    with pytest.raises(Forbidden):
        ledger.prove(Principal("a" * 32, frozenset(), None), 1)


def test_an_earlier_head_is_what_the_ledger_grew_from(ws):
    act(ws, 4)
    earlier = heads.current()
    act(ws, 9)
    assert ledger.growth(ws, custodian_here(), earlier).holds
    assert faults(ws, earlier=earlier) == set()
    other = replace(earlier.head, root=bytes(32))
    forged = SignedHead(other, ws.keyring.signer.sign(other.encode()))
    assert not ledger.growth(ws, custodian_here(), forged).holds
    assert faults(ws, forged=forged) == {"head-contradicted"}
    foreign = SignedHead(replace(earlier.head, vault="ef" * 16), earlier.signature)
    with pytest.raises(HeadRefused):
        ledger.growth(ws, custodian_here(), foreign)
    assert faults(ws, foreign=foreign) == {"head-foreign"}
    assert faults(ws, unsigned=SignedHead(earlier.head, bytes(64))) == {"head-forged"}


def test_who_rewrites_the_ledger_with_its_own_key_is_found_by_an_earlier_head(ws):
    act(ws, 5)
    earlier = heads.current()
    kept = list(Entry.objects.filter(index__lt=3).order_by("index"))
    for model in (Entry, Subtree, Head):
        model.objects.all().delete()
    _rebuild(ws, kept)
    act(ws, 8)
    assert faults(ws) == set()  # without a witness it holds together
    assert faults(ws, earlier=earlier) == {"head-contradicted"}


def _rebuild(ws, rows):
    """What an insider with database and key can do."""
    Entry.objects.bulk_create(rows)
    tree, nodes = grow(EMPTY, [bytes(row.leaf) for row in rows])
    for node in nodes:
        Subtree.objects.create(key=key_of(node.level, node.position), hash=node.hash)
    at = "2026-11-24T14:07Z"
    signed = sign(ws.keyring.signer, ws.layout.vault_id, tree.size, tree.root(), at)
    Head.objects.create(size=tree.size, body=signed.body(), signature=signed.signature)


def test_a_head_by_a_key_that_never_was_the_ledgers_is_found(ws):
    act(ws, 2)
    now = heads.current().head
    stranger = SigningKey.from_seed(b"\1" * 32)
    forged = sign(stranger, now.vault, now.size, now.root, now.at)
    assert faults(ws, forged=forged) == {"head-key-unknown"}


def test_a_changed_head_file_is_found(ws):
    act(ws)
    heads.keep(ws)
    path = ws.layout.heads / "2.json"
    path.write_bytes(path.read_bytes().replace(b'"size": 2', b'"size": 1'))
    assert faults(ws) == {"head-forged"}


def test_a_rotated_key_signs_on_and_the_past_stays_good(ws):
    act(ws, 2)
    before = heads.current()
    new = ledger.rotate_key(ws, custodian_here(), "")
    act(ws, 2)
    assert heads.current().head.key == new != before.head.key
    assert faults(ws, before=before) == set()
    assert ledger.rotate_key(ws, custodian_here(), "") != new
    act(ws)
    check(ws)
    now = heads.current().head
    retired = ws.keyring.keys.signer_of(new)
    late = sign(retired, now.vault, now.size, now.root, now.at)
    assert faults(ws, late=late) == {"head-key-unknown"}


def test_a_rotation_cut_short_leaves_the_old_key_at_work(ws, monkeypatch):
    def dies(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(ledger, "record", dies)
    with pytest.raises(RuntimeError):
        ledger.rotate_key(ws, custodian_here(), "")
    monkeypatch.undo()
    opened = replace(ws, keyring=Keyring(ws.layout, lambda: ""))
    act(opened, 2)
    ledger.rotate_key(opened, custodian_here(), "")
    act(opened)
    check(opened)


def test_a_rotation_signed_by_the_new_key_alone_is_found(ws):
    stranger = SigningKey.from_seed(b"\3" * 32)
    old = ws.keyring.signer.public
    with transaction.atomic():
        details = {"old": old.hex(), "new": stranger.public.hex()}
        signed = {"old_signature": "00" * 64, "new_signature": "00" * 64}
        record(ws, AGENT, "key-rotated", details={**details, **signed})
    assert "rotation-forged" in faults(ws)


def test_a_lost_key_does_not_lose_the_past(ws):
    act(ws, 2)
    before = heads.current()
    (ws.layout.root / "vault.keys").unlink()
    lost = replace(ws, keyring=Keyring(ws.layout, lambda: ""))
    with pytest.raises(KeyMissing):
        act(lost)
    assert faults(lost, before=before) == set()
    with pytest.raises(UsageError):
        ledger.replace_lost_key(lost, custodian_here(), "", " ")
    ledger.replace_lost_key(lost, custodian_here(), "", "the safe burnt")
    act(lost, 2)
    assert faults(lost, before=before) == set()
    check(lost)


def test_without_the_passphrase_nothing_is_recorded_and_nothing_changed(ws):
    ws.layout.write_keys(to_file(ws.keyring.keys, "right"))
    for phrase, error in (("", KeyLocked), ("wrong", KeyWrong)):
        locked = replace(ws, keyring=Keyring(ws.layout, lambda phrase=phrase: phrase))
        with pytest.raises(error):
            act(locked)
    assert Entry.objects.count() == 1
    act(replace(ws, keyring=Keyring(ws.layout, lambda: "right")))


def test_the_keys_of_another_vault_record_nothing(ws):
    ws.layout.write_keys(to_file(new_keys(), ""))
    with pytest.raises(KeyMissing):
        act(replace(ws, keyring=Keyring(ws.layout, lambda: "")))
    assert Entry.objects.count() == 1


def test_the_key_file_is_for_its_owner_alone(ws):
    assert (ws.layout.root / "vault.keys").stat().st_mode & 0o777 == 0o600
    assert from_file(ws.layout.read_keys()).public == bytes(Vault.objects.get().key)


def test_openings_of_other_acts_are_kept_and_checked(ws, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_bytes(b"one")
    import_material(ws, custodian_here(), ImportRequest(roots=(tmp_path / "in",)), Silent())
    (held,) = items(custodian_here(), Filter())
    with transaction.atomic():
        made = record(ws, AGENT, "tested", objects=[held.digest], details={})
    row = Opening.objects.get(entry=made.index)
    assert commit(bytes(row.salt), held.digest)
    check(ws)
    Opening.objects.update(salt=bytes(32))
    assert faults(ws) == {"objects-changed"}
    Opening.objects.update(salt=None)  # and no purge has closed it
    assert faults(ws) == {"closed-unpurged"}
    Opening.objects.all().delete()
    assert faults(ws) == {"objects-changed"}


def test_two_changes_of_the_key_in_a_row_are_no_fault(ws, principal):
    ledger.rotate_key(ws, principal, "")
    ledger.rotate_key(ws, principal, "")
    ledger.replace_lost_key(ws, principal, "", "the disk is gone")
    ledger.rotate_key(ws, principal, "")
    assert ledger.recheck(ws, principal, {}, Silent()).faults == ()
