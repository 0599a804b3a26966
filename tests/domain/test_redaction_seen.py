"""What was seen in a draft, in a plan: covered from the look before to the look after; of nothing but a report."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.domain.digest import digest_of
from daylight.domain.marks import MAX_US, Key
from daylight.domain.redaction import Plan, Region, State, Word
from daylight.domain.redaction_json import decode, encode
from daylight.domain.redaction_seen import MAX_BYTES, SeenAgain, seen_in, with_seen
from daylight.domain.tracks import Basis, Sort
from daylight.errors import PlanRefused

ITEM = digest_of(b"item")
SECOND = 1_000_000
PLAN = Plan(ITEM)


def spot(at: int, left: int = 1_000, top: int = 1_000, score: float = 0.3):
    return {"at": at, "box": [left, top, 900, 1_200], "score": score, "hidden": 0.0}


def report(*spots, **more) -> bytes:
    again = {"looked": True, "seen": len(spots), "spots": list(spots)} | more.pop("again", {})
    said = {"schema": "redaction-report/1", "item": ITEM.hex(), "detector_again": again} | more
    return json.dumps(said).encode()


def covered(*spots) -> tuple[Region, ...]:
    return with_seen(PLAN, seen_in(report(*spots), ITEM).spots).regions


def test_it_is_covered_a_second_before_and_after():
    (one,) = covered(spot(5 * SECOND), spot(5 * SECOND + 200_000, left=1_100))
    assert [(key.at_us, key.left) for key in one.keys] == [
        (4 * SECOND, 1_000),
        (5 * SECOND, 1_000),
        (5 * SECOND + 200_000, 1_100),
        (6 * SECOND + 200_000, 1_100),
    ]
    assert one.bases == (Basis.KEPT, Basis.SEEN, Basis.SEEN, Basis.KEPT)
    assert (one.name, one.sort, one.state, one.score) == ("seen-1", Sort.FACE, State.COVERED, 0.3)
    assert not one.decided


def test_what_is_elsewhere_or_much_later_is_another():
    found = covered(spot(0), spot(0, left=7_000), spot(5 * SECOND))
    assert [one.name for one in found] == ["seen-1", "seen-2", "seen-3"]
    assert [one.keys[0].at_us for one in found] == [0, 0, 4 * SECOND]


def test_told_in_any_order_it_is_the_same():
    spots = [spot(n * 200_000, left=1_000 + 10 * n) for n in range(6)]
    assert covered(*spots) == covered(*reversed(spots))


def test_the_same_report_twice_adds_nothing_and_no_name_is_taken_twice():
    spots = seen_in(report(spot(SECOND)), ITEM).spots
    once = with_seen(PLAN, spots)
    assert with_seen(once, spots) == once
    further = with_seen(once, seen_in(report(spot(9 * SECOND)), ITEM).spots)
    assert [one.name for one in further.regions] == ["seen-1", "seen-2"]


def test_that_everyone_is_covered_has_to_be_said_again():
    word, spots = Word("ada", "all"), seen_in(report(spot(SECOND)), ITEM).spots
    plan = with_seen(Plan(ITEM, everyone=word), spots)
    assert plan.undecided(2 * SECOND) == ("seen-1", "pictures")
    said = replace(plan, everyone=word)
    assert said.undecided(2 * SECOND) == ()
    assert with_seen(said, spots) == said  # nobody new


def test_more_than_the_report_tells_is_told():
    assert seen_in(report(spot(0), again={"seen": 350}), ITEM).untold == 349
    assert seen_in(report(), ITEM) == SeenAgain((), 0)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is JSON"),
        (b"[" * 100_000, "is JSON"),
        (b"[]", "no report"),
        (report(schema="redaction/1"), "no report"),
        (report(item="00" * 32), "another item"),
        (report(item=None), "another item"),
        (report(detector_again=None), "not looked at"),
        (report(detector_again={"looked": False}), "not looked at"),
        (report(again={"spots": {}}), "a list"),
        (report(again={"seen": -1}), "whole number"),
        (report(again={"spots": [spot(0)] * 1_001}), "a list"),
        (report(7), "when and in which box"),
        (report(spot(-1)), "whole number"),
        (report(spot(True)), "whole number"),
        (report(spot(0, left=9_500)), "lies in the picture"),
        (report(spot(0) | {"box": [1, 2, 3]}), "5 whole numbers"),
        (report(spot(0) | {"score": 2}), "between 0 and 1"),
        (report(spot(0) | {"score": float("nan")}), "between 0 and 1"),
        (b" " * (MAX_BYTES + 1), "not larger"),
    ],
)
def test_what_is_no_report_of_it_is_refused(data, why):
    with pytest.raises(PlanRefused, match=why):
        seen_in(data, ITEM)


@given(
    st.lists(
        st.tuples(st.integers(0, MAX_US), st.integers(0, 9_000), st.integers(0, 8_000)), max_size=30
    )
)
def test_whatever_is_told_becomes_a_plan_and_covers_it(told):
    spots = seen_in(report(*[spot(at, left, top) for at, left, top in told]), ITEM).spots
    plan = with_seen(PLAN, spots)
    assert decode(encode(plan)) == plan
    keys = {key for one in plan.regions for key in one.keys}
    assert {Key(at, left, top, 900, 1_200) for at, left, top in told} <= keys
    for one in plan.regions:
        assert [key.at_us for key in one.keys] == sorted({key.at_us for key in one.keys})
