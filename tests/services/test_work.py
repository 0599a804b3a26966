"""The clock's work: fixed times that nothing in the vault moves, and nothing lost between two rounds."""

import dataclasses
import datetime as dt

import pytest

from daylight.catalogue.models import Seal
from daylight.errors import UsageError, VaultBusy
from daylight.services import authorities, seal, work
from daylight.services.seals_report import seals_report
from daylight.storage.layout import lock
from tests.authority import stamp
from tests.services.test_seal import CHAIN, Authorities, absent, add

MORNING = dt.datetime(2026, 11, 20, 0, 0, tzinfo=dt.UTC)


class Time:
    """A clock that is set by hand."""

    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def clock(ws):
    return Time(dt.datetime.now(dt.UTC))


@pytest.fixture
def at(ws, clock):
    return dataclasses.replace(ws, clock=clock)


@pytest.fixture
def net(clock):
    made = Authorities()
    made.post_honest = lambda query: stamp(CHAIN, query, clock.now)
    for name in ("one", "two"):
        made.answers[f"http://{name}.example/"] = made.post_honest
    return made


def test_the_times_of_day_are_the_same_each_day_and_the_vaults_own(ws):
    seen = set()
    for every in (1, 2, 3, 4, 6, 8, 12, 24):
        times = set()
        for minute in range(0, 3 * 1440, 7):
            now = MORNING + dt.timedelta(minutes=minute, seconds=59)
            last = work.slot(dataclasses.replace(ws, clock=lambda now=now: now), every)
            assert dt.timedelta(0) <= now - last < dt.timedelta(hours=every)
            times.add((last.hour, last.minute))
        assert len(times) == 24 // every
        seen.add(min(times))
    other = dataclasses.replace(ws, layout=dataclasses.replace(ws.layout, vault_id="0" * 32))
    assert work.slot(other, 24) != work.slot(ws, 24)


@pytest.mark.parametrize("every", [0, -1, 5, 7, 23, 25, 48])
def test_only_what_divides_a_day(ws, principal, every):
    with pytest.raises(UsageError):
        work.jobs_of(ws, principal, Authorities(), every)


def test_without_an_authority_nothing_is_due(ws, principal, net):
    jobs = work.jobs_of(ws, principal, net)
    assert work.run_due(ws, jobs) == []
    assert work.next_due(ws, jobs) is None


def test_it_seals_once_in_each_span_whether_or_not_anything_happened(at, clock, principal, net):
    add(at, principal, "one")
    jobs = work.jobs_of(at, principal, net, 24)
    assert len(work.run_due(at, jobs)) == 1
    assert work.run_due(at, jobs) == []
    due = work.next_due(at, jobs)
    for days in range(1, 4):
        clock.now = due - dt.timedelta(minutes=1)
        assert work.run_due(at, jobs) == []
        clock.now = due
        (done,) = work.run_due(at, jobs)
        assert done.error is None
        assert [one["made"] for one in done.report["seals"]] == [True]
        assert Seal.objects.exclude(token=None).count() == days + 1
        due += dt.timedelta(days=1)
        assert work.next_due(at, jobs) == due
    assert seals_report(at).faults == ()


def test_what_is_wanted_is_tried_again_before_the_next_time(at, clock, principal, net):
    add(at, principal, "one")
    net.answers["http://one.example/"] = absent
    jobs = work.jobs_of(at, principal, net)
    (done,) = work.run_due(at, jobs)
    assert done.error.name == "authority-unreachable"
    assert work.run_due(at, jobs) == []
    due = work.next_due(at, jobs)
    assert due <= clock.now + seal.FIRST_PAUSE
    net.answers["http://one.example/"] = net.post_honest
    clock.now = due
    (done,) = work.run_due(at, jobs)
    assert done.error is None


def test_a_new_authority_is_asked_at_once(at, principal, net):
    add(at, principal, "one")
    jobs = work.jobs_of(at, principal, net)
    work.run_due(at, jobs)
    add(at, principal, "two")
    (done,) = work.run_due(at, jobs)
    assert [one["authority"] for one in done.report["seals"]] == ["two"]
    authorities.remove(at, principal, "two")
    assert work.run_due(at, jobs) == []


def test_a_seal_by_hand_does_not_move_the_times(at, clock, principal, net):
    add(at, principal, "one")
    jobs = work.jobs_of(at, principal, net)
    work.run_due(at, jobs)
    due = work.next_due(at, jobs)
    clock.now = due - dt.timedelta(minutes=2)
    seal.want(at, principal)
    seal.make(at, principal, net)
    clock.now = due
    assert len(work.run_due(at, jobs)) == 1


def test_what_another_process_holds_is_left_for_later(at, principal, net):
    add(at, principal, "one")
    jobs = work.jobs_of(at, principal, net)
    with lock(at.layout, seal.LOCK):
        (done,) = work.run_due(at, jobs)
    assert isinstance(done.error, VaultBusy)
    assert work.next_due(at, jobs) == at.clock() + work.AGAIN
    work.rest()
    (done,) = work.run_due(at, jobs)
    assert done.error is None
