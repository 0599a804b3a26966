"""Totals of all together: nothing below ten people, nothing of a week that goes on."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import transaction

from daylight.catalogue.models import Totals
from daylight.catalogue.queries.vault import custodian_here
from daylight.crypto.vault_keys import new_keys
from daylight.domain.principal import Principal
from daylight.errors import Forbidden
from daylight.services import totals

DAY = date(2026, 11, 26)
LATER = DAY + timedelta(days=7)


def watched(ws, people, day=DAY):
    for number in range(people):
        with transaction.atomic():
            totals.add(ws, f"{number:032x}", day, [("4", 60), ("unknown", 1)])


def test_nothing_below_ten_people(any_ws):
    watched(any_ws, 9)
    watched(any_ws, 9)
    assert totals.told(any_ws, custodian_here(), LATER) == []
    watched(any_ws, 10)
    (week,) = totals.told(any_ws, custodian_here(), LATER)
    assert (week.week, week.people) == ("2026-W48", 10)
    assert week.spent["4"] == 28 * 60
    assert week.spent["unknown"] == 28


def test_nothing_of_a_week_that_goes_on(ws):
    watched(ws, 12)
    assert totals.told(ws, custodian_here(), DAY) == []
    assert totals.told(ws, custodian_here(), DAY + timedelta(days=3)) == []  # Sunday
    assert len(totals.told(ws, custodian_here(), DAY + timedelta(days=4))) == 1


def test_only_who_manages_users_and_nobody_reads_it_from_the_database(ws):
    watched(ws, 10)
    with pytest.raises(Forbidden):
        totals.told(ws, Principal("a" * 32, frozenset(), frozenset()), LATER)
    sealed = bytes(Totals.objects.get().sealed)
    assert b"2026" not in sealed
    size = len(sealed)
    watched(ws, 12)
    assert len(bytes(Totals.objects.get().sealed)) == size


def test_keys_that_were_replaced_begin_anew(ws):
    watched(ws, 10)
    ws.keyring.take(new_keys())
    watched(ws, 11)
    (week,) = totals.told(ws, custodian_here(), LATER)
    assert week.people == 11


def test_old_weeks_go(ws):
    for week in range(totals.KEPT + 2):
        watched(ws, 10, DAY + timedelta(weeks=week))
    late = replace(ws)
    found = totals.told(late, custodian_here(), DAY + timedelta(weeks=100))
    assert len(found) == totals.KEPT
    assert found[-1].week == totals.week_of(DAY + timedelta(weeks=2))
