"""What two people signed for is what their entry was done to; spoiled rows are faults, never crashes."""

import pytest

from daylight.ledger.approval import subject_of
from daylight.ledger.leaf import Leaf, canonical, commit, commit_details, commit_objects
from daylight.ledger.recheck import Recheck, Row
from tests.ledger.test_approval import NESTED, VAULT

SALT, OTHER, DIGEST = b"\1" * 32, b"\2" * 32, b"\3" * 32


def row(details: bytes, action="hold-lifted", opened=(SALT, DIGEST, None), subject_salt=OTHER):
    openings = [] if opened is None else [opened]
    held = [commit(SALT, DIGEST)] if openings else []
    leaf = Leaf(
        index=0,
        at="2026-11-24T14:07Z",
        action=action,
        agent="0a" * 16,
        count=len(held),
        object=commit_objects(held),
        details=commit_details(SALT, details),
    )
    return Row(0, leaf.encode(), details, SALT, openings, subject_salt)


def names(one: Row) -> set[str]:
    check = Recheck(VAULT, {})
    check.entry(one)
    unsigned = {"approval-missing", "head-missing", "subtree-changed", "key-history-broken"}
    return {fault.name for fault in check.finish().faults} - unsigned


GOOD = canonical({"subject": subject_of(OTHER, [DIGEST]).hex()})


def test_the_items_that_were_signed_for():
    assert names(row(GOOD)) == set()


@pytest.mark.parametrize(
    "details",
    [
        b"no JSON",
        b"[]",
        b"7",
        b"null",
        b"{}",
        b'{"subject":7}',
        b'{"subject":null}',
        b"\xff",
        NESTED,
        canonical({"subject": subject_of(OTHER, [SALT]).hex()}),
        canonical({"subject": subject_of(SALT, [DIGEST]).hex()}),
    ],
    ids=lambda one: one[:20].hex(),
)
def test_spoiled_details_are_signed_for_nothing(details):
    assert names(row(details)) == {"approval-forged"}


@pytest.mark.parametrize("salt", [b"", OTHER[:31], OTHER + b"\0", SALT, bytes(32)])
def test_a_spoiled_salt_opens_nothing(salt):
    assert names(row(GOOD, subject_salt=salt)) == {"approval-forged"}


def test_a_salt_goes_with_a_purge_alone():
    assert names(row(GOOD, subject_salt=None)) == {"closed-unpurged"}
    closed = (None, None, commit(SALT, DIGEST))
    assert names(row(GOOD, opened=closed, subject_salt=None)) == {"closed-unpurged"}
    assert names(row(GOOD, action="purged", opened=None, subject_salt=None)) == set()


def test_the_hashes_that_a_law_keeps_are_those_that_were_signed_for():
    kept = canonical({"subject": subject_of(OTHER, [DIGEST]).hex(), "digests": DIGEST.hex()})
    assert names(row(kept, action="purged", opened=None)) == set()
    assert names(row(kept, action="purged", opened=None, subject_salt=SALT)) == {"approval-forged"}
    assert names(row(kept, action="purged", opened=None, subject_salt=None)) == {"closed-unpurged"}
    other = canonical({"subject": subject_of(OTHER, [DIGEST]).hex(), "digests": SALT.hex()})
    assert names(row(other, action="purged", opened=None)) == {"approval-forged"}
    for nonsense in (b'{"digests":"xyz"}', b'{"digests":7}', b"[]", NESTED):
        assert names(row(nonsense, action="purged", opened=None)) == set(), "told as no approval"


def test_an_entry_that_was_done_to_nothing_takes_no_openings():
    one = row(GOOD, action="verified", opened=None)
    planted = Row(0, one.leaf, one.details, SALT, [(SALT, DIGEST, None)])
    assert names(planted) == {"objects-changed"}
    assert names(one) == set()
