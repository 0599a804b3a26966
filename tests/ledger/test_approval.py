"""Two people, two keys, one statement: every way of telling it otherwise is found."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.crypto.signing import SigningKey
from daylight.ledger.approval import (
    NEEDED,
    Approval,
    People,
    Signature,
    Statement,
    from_details,
    from_statement,
    possession,
    subject_of,
)
from daylight.ledger.leaf import canonical

VAULT = "0a" * 16
ADA, BORIS, CARL = (agent * 16 for agent in ("a1", "b2", "c3"))
KEYS = {
    agent: SigningKey.from_seed(bytes([n]) * 32) for n, agent in enumerate((ADA, BORIS, CARL), 1)
}
STATEMENT = Statement(
    VAULT, "purged", bytes(32), "consent withdrawn", "2026-11-24T14:07Z", b"n" * 32
)


def entered(people, agent, key=None, signer=None):
    key = key or KEYS[agent]
    proof = (signer or key).sign(possession(VAULT, agent, key.public))
    said = {"user": agent, "public": key.public.hex(), "signature": proof.hex()}
    return list(people.take("key-added", canonical(said)))


@pytest.fixture
def people():
    made = People(VAULT)
    assert entered(made, ADA) == entered(made, BORIS) == []
    return made


def signed(agent, statement=STATEMENT, key=None):
    key = key or KEYS[agent]
    return Signature(agent, key.public, key.sign(statement.encode()))


def approval(first=ADA, second=BORIS, statement=STATEMENT):
    return Approval(statement, signed(first, statement), signed(second, statement))


def names(people, said, act="purged"):
    details = None if said is None else canonical(said)
    return [name for name, _ in people.take(act, details)]


def test_two_people_are_enough(people):
    assert names(people, {**approval().details(), "closed": "3 7"}) == []
    assert people.explained == {3, 7}
    assert from_statement(STATEMENT.encode()) == STATEMENT
    assert from_details(VAULT, "purged", approval().details()) == approval()


@pytest.mark.parametrize("act", sorted(NEEDED))
def test_every_act_of_two_needs_them(people, act):
    statement = replace(STATEMENT, act=act)
    assert names(people, {"reason": "none"}, act) == ["approval-missing"]
    assert names(people, None, act) == ["approval-missing"]
    assert names(people, approval(statement=statement).details(), act) == []


def test_other_acts_need_nobody(people):
    assert names(people, {"n": 1}, "received") == []


def test_one_person_is_not_two(people):
    assert "approval-same-person" in names(people, approval(ADA, ADA).details())
    other = SigningKey.from_seed(b"\7" * 32)
    assert entered(people, ADA, other) == []
    twice = Approval(STATEMENT, signed(ADA), signed(ADA, key=other))
    assert "approval-same-person" in names(people, twice.details())
    assert people.explained == set()


def test_the_signatures_are_for_this_act_of_this_vault_once(people):
    for other in (
        replace(STATEMENT, act="released"),
        replace(STATEMENT, vault="0b" * 16),
        replace(STATEMENT, subject=b"\1" * 32),
        replace(STATEMENT, reason="another"),
        replace(STATEMENT, law="another"),
    ):
        forged = Approval(STATEMENT, signed(ADA), signed(BORIS, other))
        assert "approval-forged" in names(People_of(people), forged.details())
    assert names(people, approval().details()) == []
    assert names(people, approval().details()) == ["approval-forged"]


def People_of(people):
    """The same people, who have signed nothing yet."""
    return replace(people, _nonces=set(), explained=set())


def test_a_key_counts_while_it_is_the_persons(people):
    assert names(people, approval(ADA, CARL).details()) == ["approval-key-unknown"]
    assert entered(people, CARL) == []
    later = replace(STATEMENT, nonce=b"m" * 32)
    assert names(people, approval(ADA, CARL, later).details()) == []
    lent = Approval(later, signed(ADA, later), Signature(BORIS, KEYS[CARL].public, bytes(64)))
    assert "approval-key-unknown" in names(people, lent.details())
    retired = {"user": ADA, "public": KEYS[ADA].public.hex()}
    assert list(people.take("key-retired", canonical(retired))) == []
    assert list(people.take("user-disabled", canonical({"user": CARL}))) == []
    last = replace(STATEMENT, nonce=b"o" * 32)
    assert names(people, approval(ADA, CARL, last).details()) == ["approval-key-unknown"] * 2


def test_nobody_enters_anothers_key(people):
    stranger = SigningKey.from_seed(b"\x11" * 32)
    ((name, _),) = entered(people, CARL, stranger, signer=KEYS[CARL])
    assert name == "personal-key-forged"
    ((name, _),) = entered(people, CARL, KEYS[ADA])
    assert name == "personal-key-forged"
    assert stranger.public not in people.known


@given(st.binary(max_size=200))
def test_what_is_no_statement_is_refused(data):
    with pytest.raises(ValueError):
        from_statement(data)


DETAILS = approval().details()


@given(st.sampled_from(sorted(DETAILS)), st.text(max_size=70) | st.integers(-5, 5) | st.none())
def test_no_changed_details_pass(member, value):
    people = People(VAULT)
    entered(people, ADA)
    entered(people, BORIS)
    said = {**DETAILS, member: value}
    if value == DETAILS[member]:
        return
    found = [name for name, _ in people.take("purged", json.dumps(said).encode())]
    assert found
    assert people.explained == set()


@given(st.binary(max_size=100))
def test_no_bytes_in_place_of_details_stop_the_check(data):
    for action in ("key-added", "key-retired", "user-disabled", "purged"):
        assert list(People(VAULT).take(action, data))


NESTED = b'{"subject":' * 200_000 + b"[" * 200_000


def test_endless_nesting_is_no_approval_and_no_statement():
    """Deeper than the reader of JSON goes: a fault by name, never a crash of the check."""
    for action in ("key-added", "key-retired", "user-disabled"):
        assert [name for name, _ in People(VAULT).take(action, NESTED)] == ["personal-key-forged"]
    for action in sorted(NEEDED):
        assert [name for name, _ in People(VAULT).take(action, NESTED)] == ["approval-missing"]
    with pytest.raises(ValueError, match="no statement"):
        from_statement(NESTED)


def test_a_subject_is_bound_to_items_and_salt():
    one, two = b"\1" * 32, b"\2" * 32
    assert (
        len({subject_of(one, [one, two]), subject_of(one, [two, one]), subject_of(two, [one])}) == 3
    )
