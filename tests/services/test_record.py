"""The ledger is written inside the change it records, or not at all."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from daylight.catalogue.ledger_rows import entries, frontier
from daylight.catalogue.models import Entry, Subtree
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.clock import coarse
from daylight.domain.digest import digest_of
from daylight.domain.progress import Silent
from daylight.ledger.leaf import commit, commit_objects
from daylight.services import bulk, ledger
from daylight.services.record import Act, enter, prepare, record
from tests.canonical import check

AGENT = "ab" * 16
NOW = datetime(2026, 11, 24, 14, 7, 59, tzinfo=UTC)


@pytest.fixture
def ws(ws):
    return replace(ws, clock=lambda: NOW)


def write(ws, count=1, **details):
    with transaction.atomic():
        for _ in range(count):
            made = record(ws, AGENT, "tested", details=details)
    return made


def test_outside_a_transaction_nothing_is_recorded(ws):
    with pytest.raises(AssertionError):
        record(ws, AGENT, "tested", details={})
    assert Entry.objects.count() == 1


def test_a_change_that_fails_leaves_no_entry(any_ws):
    before = frontier()
    with pytest.raises(RuntimeError), transaction.atomic():
        record(any_ws, AGENT, "tested", details={})
        raise RuntimeError
    assert frontier() == before
    check(any_ws)


def test_many_entries_make_one_tree(any_ws):
    write(any_ws, 37)
    assert frontier().size == 38
    check(any_ws)


def test_an_entry_says_the_minute_and_nothing_finer(ws):
    made = write(ws, place="Tbilisi")
    (one,) = entries(made.index)
    assert (one.at, one.action, one.agent) == ("2026-11-24T14:07Z", "tested", AGENT)
    assert b"Tbilisi" not in one.leaf
    assert json.loads(one.details) == {"place": "Tbilisi"}


def test_two_entries_of_the_same_thing_cannot_be_matched(ws):
    """Neither with each other nor with the bare hash of a candidate copy."""
    digest = digest_of(b"a copy that leaked")
    with transaction.atomic():
        made = [
            record(ws, AGENT, "tested", objects=[digest], details={"a": 1}, keep_openings=False)
            for _ in "12"
        ]
    leaves = [json.loads(bytes(Entry.objects.get(pk=one.index).leaf)) for one in made]
    assert leaves[0]["object"] != leaves[1]["object"]
    assert leaves[0]["details"] != leaves[1]["details"]
    assert digest.hex() not in {leaf["object"] for leaf in leaves}
    for one, leaf in zip(made, leaves, strict=True):
        assert leaf["object"] == commit(one.salts[0], digest).hex()


def test_many_objects_are_one_commitment(ws):
    digests = [digest_of(b"%d" % n) for n in range(5)]
    with transaction.atomic():
        made = record(ws, AGENT, "tested", objects=digests, details={}, keep_openings=False)
    leaf = json.loads(bytes(Entry.objects.get(pk=made.index).leaf))
    each = [commit(salt, digest) for salt, digest in zip(made.salts, digests, strict=True)]
    assert (leaf["count"], leaf["object"]) == (5, commit_objects(each).hex())
    assert len(set(made.salts)) == 5


@pytest.mark.parametrize("spoil", ["leaf", "hash", "details", "gap"])
def test_the_check_sees_what_was_spoiled(ws, spoil):
    write(ws, 5, place="Tbilisi")
    check(ws)
    if spoil == "leaf":
        row = Entry.objects.get(pk=3)
        Entry.objects.filter(pk=3).update(leaf=bytes(row.leaf).replace(b"tested", b"toasted"))
    elif spoil == "hash":
        Subtree.objects.filter(pk=4).update(hash=bytes(32))
    elif spoil == "details":
        Entry.objects.filter(pk=3).update(details=b'{"place":"Yerevan"}')
    else:
        Entry.objects.filter(pk=3).delete()
    with pytest.raises(AssertionError):
        check(ws)


def test_what_was_prepared_before_others_wrote_is_entered_after_them(any_ws):
    """Salts and commitments are made outside the lock; place, minute and tree inside it."""
    prepared = prepare([Act(AGENT, "tested", {"n": n}) for n in range(5)])
    write(any_ws, 3)
    with transaction.atomic():
        told = enter(replace(any_ws, clock=lambda: NOW), prepared)
    assert [one.index for one in told] == [4, 5, 6, 7, 8]
    made = entries(4)
    assert [json.loads(one.details)["n"] for one in made] == [0, 1, 2, 3, 4]
    assert {one.at for one in made} == {coarse(NOW)}
    check(any_ws)
    assert ledger.recheck(any_ws, custodian_here(), {}, Silent()).faults == ()


def test_turns_leave_others_their_time_and_count_what_is_done_meanwhile(ws, monkeypatch):
    now, slept = [100.0], []

    def sleep(seconds):
        slept.append(round(seconds, 3))
        now[0] += seconds

    monkeypatch.setattr(bulk.time, "sleep", sleep)
    monkeypatch.setattr(bulk.time, "monotonic", lambda: now[0])
    turns = bulk.Turns()
    for between in (0.0, 0.004, 0.05):
        now[0] += between
        with turns.take():
            assert connection.in_atomic_block
            now[0] += 0.02
    with pytest.raises(RuntimeError), turns.take():
        raise RuntimeError
    with turns.take():
        pass
    assert slept == [0.006, 0.01, 0.01]
