"""Saying what one saw: nothing is lost, nobody confirms themselves, copies inherit."""

import json
from dataclasses import replace

import pytest

from daylight.catalogue.models import Entry, Mark, MarkVersion, Relation, Segment
from daylight.catalogue.queries.marks import inherited, mark, marks_of, waiting_calls
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.digest import Digest
from daylight.domain.marks import Key, Kind, Said, Span, Sureness, digest
from daylight.domain.principal import Right, Role
from daylight.domain.progress import Silent
from daylight.errors import Forbidden, MarkChanged, MarkRefused, UsageError
from daylight.services import ledger, marks
from tests.recordings import recording
from tests.services.persons import person

SAID = Said(
    "Two men hold a third; the camera turns away.",
    Span(2_000_000, 5_500_000),
    (Key(2_000_000, 1000, 1000, 2000, 3000), Key(5_000_000, 3000, 1000, 2000, 3000)),
    ("beating", "ward 4"),
    Sureness.LIKELY,
)


@pytest.fixture
def item(any_ws):
    return recording(any_ws, 1)


def test_a_mark_is_kept_as_it_was_said_and_the_ledger_commits_to_it(any_ws, item):
    ada = person("a", "Everything")
    made = marks.make(any_ws, ada, item.public_id, Kind.MARK, SAID)
    found = mark(ada, made.mark)
    assert found.said == SAID
    assert found.newest.agent == ada.agent
    assert not found.confirmed
    entry = Entry.objects.get(index=made.entry)
    told = json.loads(bytes(entry.details))
    assert told["sha256"] == digest(bytes(item.sha256), made.mark, Kind.MARK, SAID)
    assert json.loads(bytes(entry.leaf))["action"] == "mark-made"
    faults = ledger.recheck(any_ws, custodian_here(), {}, Silent()).faults
    assert not [one for one in faults if one.object == f"entry {made.entry}"]


def test_every_version_stays_and_nobody_writes_over_another(any_ws, item):
    ada, boris = person("a", "Everything"), person("b", "Everything")
    made = marks.make(any_ws, ada, item.public_id, Kind.MARK, SAID)
    marks.change(any_ws, boris, made.mark, 1, replace(SAID, words="Three men."))
    with pytest.raises(MarkChanged):
        marks.change(any_ws, ada, made.mark, 1, replace(SAID, words="Four men."))
    versions = mark(ada, made.mark).versions
    assert [one.said.words for one in versions] == [SAID.words, "Three men."]
    assert [one.agent for one in versions] == [ada.agent, boris.agent]
    assert MarkVersion.objects.count() == 2


def test_nobody_confirms_their_own_words_and_a_change_needs_another_look(any_ws, item):
    ada, boris = person("a", "Everything"), person("b", "Everything")
    made = marks.make(any_ws, ada, item.public_id, Kind.MARK, SAID)
    with pytest.raises(MarkRefused):
        marks.confirm(any_ws, ada, made.mark, 1)
    marks.confirm(any_ws, boris, made.mark, 1)
    with pytest.raises(MarkRefused):
        marks.confirm(any_ws, boris, made.mark, 1)
    assert mark(ada, made.mark).confirmed
    marks.change(any_ws, ada, made.mark, 1, replace(SAID, words="Otherwise."))
    assert not mark(ada, made.mark).confirmed
    with pytest.raises(MarkChanged):
        marks.confirm(any_ws, boris, made.mark, 1)


def test_a_withdrawn_mark_is_kept_and_no_longer_found(any_ws, item):
    ada = person("a", "Everything")
    made = marks.make(any_ws, ada, item.public_id, Kind.MARK, SAID)
    marks.withdraw(any_ws, ada, made.mark, "it was a mop")
    assert marks_of(ada, item.public_id) == ()
    kept = mark(ada, made.mark)
    assert kept.withdrawn == ada.agent
    assert kept.said == SAID
    assert [one.words for one in kept.comments] == ["it was a mop"]
    assert not Segment.objects.exists()
    for refused in (
        lambda: marks.change(any_ws, ada, made.mark, 1, SAID),
        lambda: marks.withdraw(any_ws, ada, made.mark, "again"),
        lambda: marks.call(any_ws, ada, made.mark, "now"),
    ):
        with pytest.raises(MarkRefused):
            refused()


def test_a_call_for_help_waits_until_somebody_says_what_was_done(any_ws, item):
    ada, boris = person("a", "Everything"), person("b", "Everything")
    made = marks.make(any_ws, ada, item.public_id, Kind.MARK, SAID)
    call = marks.call(any_ws, ada, made.mark, "he is to be moved on Friday")
    with pytest.raises(MarkRefused):
        marks.call(any_ws, boris, made.mark, "twice")
    assert [one.public_id for one in waiting_calls(boris)] == [call]
    marks.settle(any_ws, boris, call, "told the lawyer at 14:10")
    assert waiting_calls(boris) == ()
    with pytest.raises(KeyError):
        marks.settle(any_ws, ada, call, "again")
    assert mark(ada, made.mark).calls[0].settled_words == "told the lawyer at 14:10"


def test_need_to_know_holds_for_everything_that_is_said(any_ws, item):
    recording(any_ws, 2, home="Elsewhere")
    ada, stranger = person("a", "Everything"), person("b", "Elsewhere")
    made = marks.make(any_ws, ada, item.public_id, Kind.MARK, SAID)
    call = marks.call(any_ws, ada, made.mark, "now")
    assert mark(stranger, made.mark) is None
    assert marks_of(stranger, item.public_id) == ()
    assert waiting_calls(stranger) == ()
    for hidden in (
        lambda: marks.make(any_ws, stranger, item.public_id, Kind.MARK, SAID),
        lambda: marks.change(any_ws, stranger, made.mark, 1, SAID),
        lambda: marks.confirm(any_ws, stranger, made.mark, 1),
        lambda: marks.comment(any_ws, stranger, made.mark, "hm"),
        lambda: marks.settle(any_ws, stranger, call, "hm"),
    ):
        with pytest.raises(KeyError):
            hidden()
    counsel = person("c", "Everything", role=Role.COUNSEL)
    assert mark(counsel, made.mark) is not None
    assert not counsel.may(Right.MARK)
    with pytest.raises(Forbidden):
        marks.comment(any_ws, counsel, made.mark, "hm")


def test_copies_inherit_what_was_said_as_it_lies_in_them(any_ws, item):
    other = recording(any_ws, 2)
    Relation.objects.create(
        item_a=item,
        item_b=other,
        kind="contained",
        a_start_us=1_000_000,
        b_start_us=61_000_000,
        length_us=30_000_000,
        score=0.9,
        analysis="sameness/1",
        version=1,
        facts={},
    )
    ada = person("a", "Everything")
    marks.make(any_ws, ada, item.public_id, Kind.MARK, SAID)
    severe = Said("worse than it sounds", None, (), ("beating",), severity=3)
    marks.make(any_ws, ada, item.public_id, Kind.SEVERITY, severe)
    marks.make(any_ws, ada, item.public_id, Kind.MARK, Said("before it", Span(0, 900_000)))
    found = inherited(ada, other.public_id, Digest(bytes(other.sha256)))
    spans = {(one.mark.kind, one.span) for one in found}
    assert spans == {
        (Kind.MARK, Span(62_000_000, 65_500_000)),
        (Kind.SEVERITY, Span(61_000_000, 91_000_000)),
    }


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Kind.MARK, Said()),
        (Kind.DESCRIPTION, Said(tags=("beating",))),
        (Kind.MARK, Said("x", Span(5, 4))),
        (Kind.MARK, Said("x", Span(-1, 4))),
        (Kind.MARK, Said("x\0y")),
        (Kind.MARK, Said("x", region=(Key(0, 9000, 0, 2000, 10),))),
        (Kind.MARK, Said("x", region=(Key(5, 0, 0, 1, 1), Key(5, 0, 0, 1, 1)))),
        (Kind.MARK, Said("x", tags=("a,b",))),
        (Kind.MARK, Said("x", severity=2)),
        (Kind.SEVERITY, Said("x", severity=5)),
        (Kind.SEVERITY, Said("x", tags=("kittens",), severity=1)),
        (Kind.MARK, Said("x" * 20_001)),
    ],
)
def test_what_is_no_mark_is_refused_and_leaves_nothing(ws, kind, said):
    item = recording(ws, 1)
    with pytest.raises(UsageError):
        marks.make(ws, person("a", "Everything"), item.public_id, kind, said)
    assert not Mark.objects.exists()


def test_a_database_that_was_changed_by_hand_is_found_out(any_ws, item):
    from daylight.catalogue.mark_accounts import mark_accounts
    from daylight.catalogue.models import Confirmation

    ada, boris = person("a", "Everything"), person("b", "Everything")
    kept = marks.make(any_ws, ada, item.public_id, Kind.MARK, SAID)
    gone = marks.make(any_ws, ada, item.public_id, Kind.MARK, replace(SAID, words="other"))
    marks.confirm(any_ws, boris, kept.mark, 1)
    marks.withdraw(any_ws, ada, gone.mark, "no")
    assert list(mark_accounts()) == []
    found = set()
    rows = MarkVersion.objects.filter(mark__public_id=kept.mark)
    for change, back in (
        ({"words": "One man falls."}, {"words": SAID.words}),
        ({"start_us": 1}, {"start_us": SAID.span.start_us}),
        (
            {"region": [[0, 0, 0, 1, 1]]},
            {"region": [[k.at_us, k.left, k.top, k.width, k.height] for k in SAID.region]},
        ),
        (
            {"region": "nonsense"},
            {"region": [[k.at_us, k.left, k.top, k.width, k.height] for k in SAID.region]},
        ),
        ({"sureness": "sure"}, {"sureness": "likely"}),
        ({"number": 7}, {"number": 1}),
        ({"entry": 99}, {"entry": kept.entry}),
    ):
        rows.update(**change)
        faults = list(mark_accounts())
        assert faults, change
        found |= {one.name for one in faults}
        rows.update(**back)
        assert list(mark_accounts()) == []
    Mark.objects.filter(public_id=gone.mark).update(withdrawn="")
    assert {one.name for one in mark_accounts()} == {"mark-contradicted"}
    Mark.objects.update(withdrawn="b" * 32)
    assert {one.name for one in mark_accounts()} == {"row-unrecorded"}
    Mark.objects.filter(public_id=kept.mark).update(withdrawn="")
    Confirmation.objects.all().delete()
    assert {one.name for one in mark_accounts()} == {"row-missing"}
    rows.delete()
    assert {one.object for one in mark_accounts()} == {f"mark {kept.mark}, version 1"}
