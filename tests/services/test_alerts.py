"""Alerts: the number of different items within a rolling hour, told once, and to whom."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from daylight.catalogue.models import Alert
from daylight.catalogue.queries.alerts import alerts as shown
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.access import Policy
from daylight.domain.principal import Principal, Role, rights_of
from daylight.errors import Forbidden
from daylight.services import alerts
from daylight.services.policy import set_policy
from daylight.services.record import record

LIMIT = 3


def somebody(role: Role, agent: str = "a" * 32) -> Principal:
    return Principal(agent, rights_of(frozenset({role})), frozenset())


class Watched:
    def __init__(self, ws):
        self.now = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
        self.ws = dataclasses.replace(ws, clock=lambda: self.now)
        self.vigil = alerts.Vigil()
        set_policy(self.ws, custodian_here(), Policy(alert_opened=LIMIT, alert_exported=LIMIT))

    def open(self, *items: int, who: str = "a" * 32) -> None:
        for item in items:
            alerts.opened(self.ws, somebody(Role.ANALYST, who), self.vigil, f"{item:032}")

    def export(self, count: int, who: str = "a" * 32) -> None:
        from django.db import transaction

        digests = [bytes([number]) * 32 for number in range(count)]
        with transaction.atomic():
            record(
                self.ws,
                "c" * 32,
                "originals-exported",
                objects=digests,
                details={"first_agent": who},
                keep_openings=False,
            )
        alerts.exported(self.ws, who)


@pytest.fixture
def watched(ws):
    return Watched(ws)


def counts() -> list[tuple[str, int]]:
    return [(row.kind, row.count) for row in Alert.objects.order_by("pk")]


def test_the_limit_is_no_alert_and_one_more_is(watched):
    watched.open(1, 2, 3)
    assert counts() == []
    watched.open(4)
    assert counts() == [("opened", 4)]
    watched.open(5, 6)
    assert counts() == [("opened", 6)]  # one rise, one alert


def test_the_same_item_again_counts_once(watched):
    watched.open(*[1, 2, 3] * 20)
    assert counts() == []


def test_the_hour_rolls(watched):
    for number in range(40):
        watched.open(number)
        watched.now += timedelta(minutes=20)
    assert counts() == []
    watched.open(*range(50, 54))
    assert [kind for kind, _ in counts()] == ["opened"]


def test_people_are_counted_apart(watched):
    watched.open(1, 2, 3)
    watched.open(4, 5, 6, who="b" * 32)
    assert counts() == []


def test_a_new_rise_after_it_was_looked_into_is_a_new_alert(watched):
    watched.open(*range(5))
    alert = Alert.objects.get()
    assert not alerts.settle(watched.ws, somebody(Role.COUNSEL, alert.agent), alert.public_id)
    assert alerts.settle(watched.ws, somebody(Role.COUNSEL, "d" * 32), alert.public_id)
    assert not alerts.settle(watched.ws, somebody(Role.COUNSEL, "d" * 32), alert.public_id)
    watched.open(9)
    assert len(counts()) == 2


def test_exports_are_counted_by_who_asked_over_several(watched):
    watched.export(2)
    watched.export(1)
    watched.export(3, who="b" * 32)
    assert counts() == []
    watched.export(1)
    assert counts() == [("exported", 4)]
    assert Alert.objects.get().agent == "a" * 32
    watched.now += timedelta(minutes=61)
    watched.export(3)
    assert counts() == [("exported", 4)]


def test_only_administrators_and_counsel_see_them(watched):
    watched.open(*range(5))
    for role in Role:
        if role in (Role.ADMINISTRATOR, Role.COUNSEL):
            assert [one.count for one in shown(somebody(role))] == [5]
        else:
            with pytest.raises(Forbidden):
                shown(somebody(role))
            with pytest.raises(Forbidden):
                alerts.settle(watched.ws, somebody(role), "x")


def test_no_row_says_which_items(watched):
    watched.open(*range(5))
    row = Alert.objects.get()
    said = " ".join(str(value) for value in row.__dict__.values())
    assert not any(f"{item:032}" in said for item in range(5))
