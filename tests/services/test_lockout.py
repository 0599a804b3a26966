"""Guessing: by name, by address, side by side; and who is not kept out by it."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from daylight.catalogue.models import LockOut
from daylight.catalogue.queries.vault import custodian_here
from daylight.errors import Forbidden
from daylight.services import lockout
from daylight.services.lockout import FREE_BY_ADDRESS, FREE_BY_NAME

NOTHING = timedelta()
FAR = "10.1.2.3"


class Guessing:
    def __init__(self, ws):
        self.now = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
        self.ws = dataclasses.replace(ws, clock=lambda: self.now)

    def attempt(self, name="ann", address="127.0.0.1"):
        return lockout.attempt(self.ws, name, address)


@pytest.fixture
def guessing(ws):
    return Guessing(ws)


def test_each_further_failure_doubles_the_wait_up_to_an_hour(guessing):
    assert [guessing.attempt() for _ in range(FREE_BY_NAME)] == [NOTHING] * FREE_BY_NAME
    waits = []
    for _ in range(9):
        wait = guessing.attempt()
        waits.append(wait // timedelta(minutes=1))
        guessing.now += wait
        assert guessing.attempt() == NOTHING
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_waiting_is_not_made_longer_by_asking(guessing):
    for _ in range(FREE_BY_NAME):
        guessing.attempt()
    for _ in range(50):
        assert guessing.attempt() == timedelta(minutes=1)
    assert LockOut.objects.get().failures == FREE_BY_NAME


def test_another_name_is_not_kept_waiting_and_success_forgets(guessing):
    for _ in range(FREE_BY_NAME):
        guessing.attempt()
    assert guessing.attempt("bob") == NOTHING
    lockout.succeeded(guessing.ws, "ann")
    assert guessing.attempt() == NOTHING


def test_an_address_that_tries_many_names_waits(guessing):
    for number in range(FREE_BY_ADDRESS):
        assert guessing.attempt(f"n{number}", FAR) == NOTHING
    assert guessing.attempt("ann", FAR) > NOTHING
    assert guessing.attempt("ann", "10.1.2.4") == NOTHING
    lockout.succeeded(guessing.ws, "n0")  # one's own account does not free the address
    assert guessing.attempt("ann", FAR) > NOTHING


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "127.8.8.8", "", "unix"])
def test_this_machine_is_nobodys_address(guessing, address):
    for number in range(FREE_BY_ADDRESS + 5):
        assert guessing.attempt(f"n{number}", address) == NOTHING


def test_a_day_forgets(guessing):
    for _ in range(FREE_BY_NAME + 3):
        guessing.now += timedelta(minutes=30)
        guessing.attempt()
    guessing.now += timedelta(days=1)
    assert guessing.attempt() == NOTHING
    assert LockOut.objects.get().failures == 1


def test_neither_names_nor_addresses_are_kept(guessing):
    guessing.attempt("a-rare-name", FAR)
    keys = [row.key for row in LockOut.objects.all()]
    assert len(keys) == 2
    assert not any("rare" in key or FAR in key for key in keys)


def test_an_administrator_unlocks(guessing):
    for _ in range(FREE_BY_NAME):
        guessing.attempt()
    assert set(lockout.locked_until(guessing.ws, ["ann", "bob"])) == {"ann"}
    assert lockout.unlock(guessing.ws, custodian_here(), "ann")
    assert not lockout.unlock(guessing.ws, custodian_here(), "ann")
    assert guessing.attempt() == NOTHING
    with pytest.raises(Forbidden):
        nobody = dataclasses.replace(custodian_here(), rights=frozenset())
        lockout.unlock(guessing.ws, nobody, "ann")


def test_guesses_side_by_side_count_each(guessing):
    """They are counted before they are made: none slips through while another is looked at."""

    def guess(_):
        try:
            return guessing.attempt() == NOTHING
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(guess, range(24))) == FREE_BY_NAME


def test_a_key_that_many_ask_for_at_once_is_one(ws):
    """Half of it, read while another wrote it, counted the same guesses under two names."""
    with ThreadPoolExecutor(16) as threads:
        found = set(threads.map(lambda _: ws.layout.web_secret(), range(64)))
    assert len(found) == 1
    assert len(found.pop()) == 64
    assert [path.name for path in ws.layout.root.glob("web.key*")] == ["web.key"]
