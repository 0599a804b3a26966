"""The log of views: sealed to whoever looked and to k of n cards, digested, destroyed, and nothing betrayed."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyrage
import pytest

from daylight.catalogue.ledger_rows import entries
from daylight.catalogue.models import OwnPart, OwnPending, User, ViewSeal
from daylight.catalogue.queries.vault import agents, custodian_here
from daylight.domain.principal import Role
from daylight.domain.progress import Silent
from daylight.domain.views import View
from daylight.errors import SharesRefused, UsageError, ViewsUnwritten
from daylight.services import own, view_audit, view_days, views
from daylight.services.backup import backup
from daylight.services.people import NewUser
from daylight.services.people import add as add_user
from daylight.services.restore import from_backup
from daylight.services.verify import VerifyRequest, verify
from daylight.services.view_setup import set_up
from daylight.services.views import ViewLog
from daylight.services.work import jobs_of, next_due, run_due
from daylight.storage import view_log

NOW = datetime(2026, 11, 26, 14, 7, tzinfo=UTC)
ITEM = "canary-item-4711"


@pytest.fixture
def at(any_ws):
    """The same vault at 14:07."""
    return replace(any_ws, clock=lambda: NOW)


def person(ws, name):
    add_user(ws, custodian_here(), NewUser(name, frozenset({Role.ANALYST})))
    return User.objects.get(username=name).agent


def view(agent, start=0, how="clear", item=ITEM):
    seconds = int(NOW.timestamp())
    return View(agent, item, how, start * 10**6, (start + 4) * 10**6, seconds, seconds)


def wrote(ws, *seen):
    log = ViewLog(ws)
    for one in seen:
        log.note(one)
    log.flush()
    return log


def faults(ws):
    return {one.name for one in verify(ws, custodian_here(), VerifyRequest(), Silent()).faults}


def everything(ws):
    return b"".join(path.read_bytes() for path in ws.layout.root.rglob("*") if path.is_file())


def test_the_audit_key_opens_what_the_cards_allow_and_nothing_lies_open(at):
    cards = set_up(at, custodian_here(), threshold=2, shares=3, days=90)
    ann = person(at, "ann")
    wrote(at, view(ann), view(ann, 4), view(ann, 4), view(ann, 20, "shielded"))
    found = view_audit.audit(at, custodian_here(), cards[1:])
    assert [(one.user, one.view.how, one.view.start_us, one.view.end_us) for one in found.told] == [
        ("ann", "clear", 0, 8_000_000),
        ("ann", "clear", 4_000_000, 8_000_000),
        ("ann", "shielded", 20_000_000, 24_000_000),
    ]
    assert found.closed == 0
    assert ITEM.encode() not in everything(at)
    log = next(at.layout.views.glob("*.log")).read_bytes()
    assert ann.encode() not in log
    with pytest.raises(SharesRefused):
        view_audit.audit(at, custodian_here(), cards[:1])
    assert [one.action for one in entries()][-1] == "views-audited"


def test_cards_of_before_open_what_was_written_before(at):
    old = set_up(at, custodian_here(), threshold=2, shares=2, days=90)
    ann = person(at, "ann")
    wrote(at, view(ann))
    new = set_up(at, custodian_here(), threshold=2, shares=2, days=30)
    wrote(at, view(ann, 8))
    for cards, start in ((old, 0), (new, 8_000_000)):
        found = view_audit.audit(at, custodian_here(), cards)
        assert [one.view.start_us for one in found.told] == [start]
        assert found.closed == 1


def test_each_person_opens_their_own_records_alone(at):
    set_up(at, custodian_here(), threshold=2, shares=2, days=90)
    ann, bob = person(at, "ann"), person(at, "bob")
    secrets = {one: own.opened(at, one, f"password of {one}") for one in (ann, bob)}
    wrote(at, view(ann), view(bob, 8))
    for agent, start in ((ann, 0), (bob, 8_000_000)):
        mine = view_audit.mine(at.layout, secrets[agent], NOW.date())
        assert [(one.agent, one.start_us) for one in mine] == [(agent, start)]
    assert own.opened(at, ann, f"password of {ann}") == secrets[ann]
    assert own.opened(at, ann, "another password") != secrets[ann]


def test_of_a_full_day_the_last_records_are_tried(at, monkeypatch):
    monkeypatch.setattr(view_audit, "TRIED", 2)
    ann = person(at, "ann")
    secret = own.opened(at, ann, "correct horse battery")
    for start in (0, 40, 80):
        wrote(at, view(ann, start))
    mine = view_audit.mine(at.layout, secret, NOW.date())
    assert [one.start_us for one in mine] == [40_000_000, 80_000_000]


def test_whoever_has_no_key_is_written_down_for_the_audit_alone(at):
    ann = person(at, "ann")
    wrote(at, view(ann))
    assert view_log.days(at.layout) == []  # for nobody: nothing was set up
    cards = set_up(at, custodian_here(), threshold=2, shares=2, days=90)
    wrote(at, view(ann))
    assert len(view_audit.audit(at, custodian_here(), cards).told) == 1
    assert not OwnPart.objects.exists()


def test_the_ledger_has_a_digest_and_nobody_in_it(at):
    set_up(at, custodian_here(), threshold=2, shares=2, days=90)
    ann = person(at, "ann")
    wrote(at, view(ann), view(ann, 100)).close()
    last = entries()[-1]
    count, digest = view_log.chain(at.layout, NOW.date())
    said = {"batches": count, "day": "2026-11-26", "digest": digest.hex()}
    assert (last.action, last.agent) == ("views-sealed", agents().software)
    assert json.loads(last.details) == said
    before = len(entries())
    ViewLog(at).close()
    assert len(entries()) == before  # nothing new to say
    assert faults(at) == set()


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        (lambda data: data[:-1], "views-missing"),
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "views-changed"),
        (lambda data: b"", "views-missing"),
    ],
)
def test_what_was_written_down_cannot_be_changed_unseen(at, harm, fault):
    set_up(at, custodian_here(), threshold=2, shares=2, days=90)
    wrote(at, view(person(at, "ann"))).close()
    (path,) = at.layout.views.glob("*.log")
    path.write_bytes(harm(path.read_bytes()))
    assert faults(at) == {fault}


def test_another_audit_key_than_the_one_entered_is_found(at):
    set_up(at, custodian_here(), threshold=2, shares=2, days=90)
    said = view_log.read_setup(at.layout)
    view_log.write_setup(at.layout, said | {"days": 1})
    assert faults(at) == {"views-setup-changed"}
    (at.layout.views / view_log.SETUP).unlink()
    assert faults(at) == {"views-setup-changed"}


def test_what_a_kill_left_without_a_digest_gets_one_at_the_next_start(at):
    set_up(at, custodian_here(), threshold=2, shares=2, days=90)
    wrote(at, view(person(at, "ann")))
    log = ViewLog(at)
    log.start()
    log.close()
    assert ViewSeal.objects.get().batches == 1


def test_after_their_time_records_are_destroyed(at):
    cards = set_up(at, custodian_here(), threshold=2, shares=2, days=30)
    wrote(at, view(person(at, "ann"))).close()
    record = next(at.layout.views.glob("*.log")).read_bytes()
    on = replace(at, clock=lambda: NOW + timedelta(days=30))
    assert view_days.destroy_old(on) == []
    late = replace(at, clock=lambda: NOW + timedelta(days=31))
    jobs = jobs_of(late, custodian_here(), None)
    assert [one.report for one in run_due(late, jobs)] == [{"days": 1}]
    assert next_due(late, jobs) is None
    assert record not in everything(at)
    assert view_audit.audit(late, custodian_here(), cards).told == ()
    assert faults(at) == set()


def test_a_day_that_vanished_before_its_time_is_found_and_not_after(at):
    set_up(at, custodian_here(), threshold=2, shares=2, days=30)
    wrote(at, view(person(at, "ann"))).close()
    next(at.layout.views.glob("*.log")).unlink()
    assert faults(at) == {"views-missing"}
    assert faults(replace(at, clock=lambda: NOW + timedelta(days=31))) == set()


def test_nothing_is_shown_while_it_cannot_be_written_down(at, monkeypatch):
    set_up(at, custodian_here(), threshold=2, shares=2, days=90)
    monkeypatch.setattr(views, "EVERY", 0.01)
    seen = view(person(at, "ann"))
    log = ViewLog(at)
    at.layout.views.rename(at.layout.root / "aside")
    at.layout.views.write_bytes(b"")  # no folder
    log.note(seen)
    log._round()
    with pytest.raises(ViewsUnwritten):
        log.note(seen)
    at.layout.views.unlink()
    (at.layout.root / "aside").rename(at.layout.views)
    log._round()
    log.note(seen)
    log.close()
    assert view_log.chain(at.layout, NOW.date())[0] == 2


def test_a_key_is_open_no_longer_than_a_session_can_last(at):
    log = ViewLog(at)
    log.opened("early", "ann", "secret")
    later = replace(at, clock=lambda: NOW + timedelta(hours=12, seconds=1))
    log._ws = later
    log.opened("late", "bob", "other")
    assert log.secret("early", "ann") is None
    assert log.secret("late", "bob") == "other"


def test_minutes_wait_sealed_until_their_person_comes(at):
    ann = person(at, "ann")
    secret = own.opened(at, ann, "correct horse battery")
    log = wrote(at, view(ann), view(ann, 4, "shielded"))
    assert own.part(ann, secret).days == {}
    assert OwnPending.objects.count() == 1
    own.opened(at, ann, "correct horse battery")
    assert own.part(ann, secret).spent(NOW.date())["unknown"] == 4_000_000
    log.opened("session", ann, secret)
    log.note(view(ann, 8))
    log.flush()
    assert own.part(ann, secret).spent(NOW.date())["unknown"] == 8_000_000
    assert not OwnPending.objects.exists()
    assert log.secret("session", "somebody else") is None
    log.closed("session")
    assert log.secret("session", ann) is None


def test_an_own_part_has_one_size_whatever_it_says(at):
    ann = person(at, "ann")
    secret = own.opened(at, ann, "correct horse battery")
    sizes = set()
    for start in range(3):
        day = replace(at, clock=lambda days=start: NOW + timedelta(days=days))
        log = ViewLog(day)
        log.opened("session", ann, secret)
        log.note(view(ann, start))
        log.flush()
        sizes.add(len(OwnPart.objects.get().sealed))
    assert max(sizes) - min(sizes) < 500  # age's own random stanza, whatever it says


def test_a_backup_has_the_log_and_gives_it_back(ws, tmp_path: Path):
    at = replace(ws, clock=lambda: NOW)
    set_up(at, custodian_here(), threshold=2, shares=2, days=90)
    wrote(at, view(person(at, "ann"))).close()
    identity = pyrage.x25519.Identity.generate()
    backup(at, custodian_here(), tmp_path / "b.age", recipients=[str(identity.to_public())])
    made = from_backup(tmp_path / "b.age", tmp_path / "new", str(identity), lambda: "")
    assert view_log.chain(made, NOW.date()) == view_log.chain(at.layout, NOW.date())
    assert view_log.read_setup(made) == view_log.read_setup(at.layout)


@pytest.mark.parametrize(("threshold", "shares", "days"), [(1, 3, 90), (4, 3, 90), (2, 3, 0)])
def test_no_such_set_up(ws, threshold, shares, days):
    with pytest.raises(UsageError):
        set_up(ws, custodian_here(), threshold=threshold, shares=shares, days=days)
    assert view_log.read_setup(ws.layout) is None
