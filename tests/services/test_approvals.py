"""Who may sign as one of two, and what becomes of a request."""

from dataclasses import replace
from datetime import timedelta

import pytest

from daylight.catalogue.models import Entry, Opening, PersonalKey, Request, RequestItem
from daylight.catalogue.queries.holds import hold_on
from daylight.catalogue.queries.requests import open_requests
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.principal import Principal, Role
from daylight.domain.progress import Silent
from daylight.errors import (
    ApprovalRefused,
    Forbidden,
    ItemHeld,
    KeyLocked,
    KeyWrong,
    UsageError,
)
from daylight.services import approvals, approve, hold, ledger, people, personal_keys
from daylight.services.personal_keys import signer
from tests.services.signing import PHRASES, add, approved, asked, asked_to_lift, two_people
from tests.services.test_purge import digest_of, disk, take


@pytest.fixture
def item(ws, tmp_path):
    folder = disk(tmp_path)
    take(ws, folder)
    return digest_of(folder, 0)


def faults(ws):
    return {one.name for one in ledger.recheck(ws, custodian_here(), {}, Silent()).faults}


def test_a_key_is_made_once_and_opens_with_its_own_passphrase_alone(any_ws):
    two_people(any_ws)
    with pytest.raises(UsageError, match="retire"):
        personal_keys.add(any_ws, custodian_here(), "ada", "another phrase")
    for phrase, error in (
        ("wrong phrase", KeyWrong),
        ("", KeyLocked),
        (PHRASES["boris"], KeyWrong),
    ):
        with pytest.raises(error):
            signer("ada").sign(phrase, b"body")
    assert signer("ada").sign(PHRASES["ada"], b"body").key == signer("ada").key
    first = signer("ada").key
    personal_keys.retire(any_ws, custodian_here(), "ada")
    assert PersonalKey.objects.get(public=first).locked == {}
    personal_keys.add(any_ws, custodian_here(), "ada", "another phrase")
    assert signer("ada").key != first
    assert faults(any_ws) == set()


def test_a_poor_passphrase_and_an_unknown_user_are_refused(ws):
    add(ws, "ada", Role.COUNSEL, key=False)
    for name, phrase in (("ada", "short"), ("ada", ""), ("nobody", "long enough")):
        with pytest.raises(UsageError):
            personal_keys.add(ws, custodian_here(), name, phrase)
    with pytest.raises(UsageError):
        personal_keys.retire(ws, custodian_here(), "ada")
    with pytest.raises(Forbidden):
        personal_keys.add(ws, Principal("a" * 32, frozenset(), None), "ada", "long enough")
    assert not PersonalKey.objects.exists()


def test_who_cannot_sign(ws, item):
    two_people(ws)
    add(ws, "vera", Role.ANALYST, Role.EDITOR)
    add(ws, "keyless", Role.COUNSEL, key=False)
    waiting = asked(ws, item)
    for name in ("vera", "keyless", "nobody"):
        with pytest.raises(ApprovalRefused):
            approved(ws, waiting, by=name)
    with pytest.raises(ApprovalRefused, match="same person"):
        approved(ws, waiting, by="ada")
    people.disable(ws, custodian_here(), "boris")
    with pytest.raises(ApprovalRefused):
        approved(ws, waiting)
    with pytest.raises(KeyWrong):
        approve.approve(ws, custodian_here(), asked(ws, item), _second(ws), "not the phrase")
    assert RequestItem.objects.count() == 2


def _second(ws):
    add(ws, "carl", Role.ADMINISTRATOR)
    return signer("carl")


@pytest.mark.parametrize("how", ["retired", "disabled", "role"])
def test_the_first_signature_must_still_stand(ws, item, how):
    two_people(ws)
    waiting = asked(ws, item)
    if how == "retired":
        personal_keys.retire(ws, custodian_here(), "ada")
    elif how == "disabled":
        people.disable(ws, custodian_here(), "ada")
    else:
        Request.objects.get().first.grants.all().delete()
    before = Entry.objects.count()
    with pytest.raises(ApprovalRefused):
        approved(ws, waiting)
    assert Entry.objects.count() == before


def test_a_request_ends(ws, item):
    two_people(ws)
    waiting = asked(ws, item)
    (view,) = open_requests(ws.clock())
    assert (view.public_id, view.digests, view.first_name) == (waiting, (item,), "ada")
    late = replace(ws, clock=lambda: ws.clock() + timedelta(days=30, minutes=1))
    assert open_requests(late.clock()) == []
    with pytest.raises(ApprovalRefused, match="30 days"):
        approved(late, waiting)
    approvals.withdraw(ws, custodian_here(), waiting)
    assert open_requests(ws.clock()) == []
    for again in (waiting, "no such request"):
        with pytest.raises(ApprovalRefused):
            approved(ws, again)
        with pytest.raises(ApprovalRefused):
            approvals.withdraw(ws, custodian_here(), again)


def test_a_request_about_other_items_than_were_signed_is_refused(ws, tmp_path):
    folder = disk(tmp_path)
    take(ws, folder)
    two_people(ws)
    waiting = asked(ws, digest_of(folder, 0))
    other = asked(ws, digest_of(folder, 1))
    RequestItem.objects.filter(request__public_id=waiting).update(
        item=RequestItem.objects.get(request__public_id=other).item
    )
    with pytest.raises(ApprovalRefused, match="changed"):
        approved(ws, waiting)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001, "a\x1b[0m"])
def test_a_reason_is_text(ws, item, reason):
    two_people(ws)
    with pytest.raises(UsageError):
        asked(ws, item, reason=reason)
    with pytest.raises(UsageError):
        hold.place(ws, custodian_here(), [item], reason)
    assert not Request.objects.exists()


def test_one_places_a_hold_and_two_lift_it(any_ws, tmp_path):
    folder = disk(tmp_path)
    take(any_ws, folder)
    item = digest_of(folder, 0)
    two_people(any_ws)
    with pytest.raises(UsageError):
        asked_to_lift(any_ws, item)
    entry = hold.place(any_ws, custodian_here(), [item], "case 12/26")
    assert hold_on(item).entry == entry
    with pytest.raises(UsageError):
        hold.place(any_ws, custodian_here(), [item], "again")
    with pytest.raises(Forbidden):
        hold.place(any_ws, Principal("a" * 32, frozenset(), None), [item], "mine")
    done = approved(any_ws, asked_to_lift(any_ws, item))
    assert done.act == "hold-lifted"
    assert hold_on(item) is None
    assert faults(any_ws) == set()


def test_a_lifted_hold_is_bound_to_its_items(ws, tmp_path):
    folder = disk(tmp_path)
    take(ws, folder)
    one, two = digest_of(folder, 0), digest_of(folder, 1)
    two_people(ws)
    hold.place(ws, custodian_here(), [one], "case 12/26")
    entry = approved(ws, asked_to_lift(ws, one)).entry
    salt = bytes(Opening.objects.get(entry=entry).salt)
    kept = bytes(Request.objects.get().salt)
    for spoiled in (bytes(32), kept[:31], b"", b"\xff" * 64):
        Request.objects.update(salt=spoiled)
        assert faults(ws) == {"approval-forged"}
    Request.objects.update(salt=None)
    assert faults(ws) == {"closed-unpurged"}, "no purge took it"
    Request.objects.all().delete()
    assert faults(ws) == {"closed-unpurged"}
    assert salt
    assert two != one


def test_a_purge_that_keeps_its_hashes_is_bound_to_them(ws, item):
    two_people(ws)
    approved(ws, asked(ws, item, law="Criminal Procedure Code, art. 81"))
    assert faults(ws) == set()
    kept = bytes(Request.objects.get().salt)
    Request.objects.update(salt=bytes(32))
    assert faults(ws) == {"approval-forged"}
    Request.objects.update(salt=None)
    assert faults(ws) == {"closed-unpurged"}
    Request.objects.update(salt=kept)
    assert faults(ws) == set()


def test_a_key_that_no_entry_introduced_is_found(ws):
    two_people(ws)
    assert faults(ws) == set()
    PersonalKey.objects.filter(user__username="ada").update(public=b"\5" * 32)
    assert faults(ws) == {"personal-key-unknown"}


def test_details_of_two_signatures_cannot_be_closed(ws, item):
    two_people(ws)
    hold.place(ws, custodian_here(), [item], "case 12/26")
    entry = approved(ws, asked_to_lift(ws, item)).entry
    Entry.objects.filter(index=entry).update(details=None, details_salt=None)
    assert faults(ws) == {"approval-missing", "closed-unpurged"}


def test_held_items_are_refused_when_asked(ws, item):
    two_people(ws)
    hold.place(ws, custodian_here(), [item], "case 12/26")
    with pytest.raises(ItemHeld) as refused:
        asked(ws, item)
    assert item.hex() in str(refused.value)
