"""One act at a time on a plan: nothing is uncovered that nobody meant to uncover."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.domain import redaction_edit as edit
from daylight.domain.digest import digest_of
from daylight.domain.marks import Key, Span
from daylight.domain.redaction import Choice, Plan, Region, Shape, Sounding, State, Word
from daylight.domain.redaction_json import decode, encode
from daylight.domain.tracks import Basis, Sort
from daylight.errors import PlanRefused
from daylight.media.mask_regions import Cover

WORD, LENGTH, SECOND = Word("editor", "seen"), 60_000_000, 1_000_000
BOX, OTHER = (1_000, 1_000, 2_000, 2_000), (5_000, 5_000, 2_000, 2_000)
FACE = Region("face-1", Sort.FACE, (Key(0, *BOX), Key(SECOND, *BOX)), (Basis.SEEN,) * 2, 0.9)
PLAN = Plan(digest_of(b"item"), regions=(FACE,))


def drawn(at_us=10 * SECOND, box=BOX):
    made, name = edit.draw(PLAN, box, at_us, shape=Shape.BOX, corners=(), word=WORD)
    assert name == "hand-1"
    return made


def covered(plan, at_us):
    """Whether the region drawn by hand covers anything then."""
    decode(encode(plan))  # it is a plan
    return "hand-1" in {place.name for place in Cover(plan, 640, 360).at(at_us).places}


def test_a_decision_bears_who_and_why_and_touches_one_region():
    other = replace(FACE, name="face-2")
    plan = replace(PLAN, regions=(FACE, other))
    made = edit.decide(plan, "face-2", State.VISIBLE, WORD)
    assert made.regions == (FACE, replace(other, state=State.VISIBLE, word=WORD))
    for word in (Word(), Word("editor", ""), Word("", "why")):
        with pytest.raises(PlanRefused):
            edit.decide(plan, "face-2", State.VISIBLE, word)
    with pytest.raises(PlanRefused):
        edit.decide(plan, "face-9", State.VISIBLE, WORD)


def test_ties_are_a_persons_word():
    assert edit.tie(PLAN, "face-1", "unknown 3").regions[0].person == "unknown 3"


def test_what_is_drawn_once_is_covered_all_the_time():
    plan = drawn()
    assert all(covered(plan, at) for at in (0, 10 * SECOND, LENGTH - 1))


def test_moved_it_stays_covered_before_and_after():
    plan = edit.move(drawn(), "hand-1", OTHER, 20 * SECOND, LENGTH)
    assert all(covered(plan, at) for at in (0, 15 * SECOND, LENGTH + 30 * SECOND))
    one = plan.regions[-1]
    assert [key.at_us for key in one.keys[1:3]] == [10 * SECOND, 20 * SECOND]
    assert edit.at(one, 15 * SECOND) == Key(15 * SECOND, 3_000, 3_000, 2_000, 2_000)
    assert edit.at(one, LENGTH) == Key(LENGTH, *OTHER)
    again = edit.move(plan, "hand-1", BOX, 20 * SECOND, LENGTH)
    assert len(again.regions[-1].keys) == len(one.keys)
    assert edit.at(again.regions[-1], LENGTH) == Key(LENGTH, *BOX)


def test_it_begins_and_ends_only_where_somebody_says_so():
    moved = edit.move(drawn(), "hand-1", OTHER, 20 * SECOND, LENGTH)
    ended = edit.end(moved, "hand-1", 30 * SECOND, LENGTH)
    assert covered(ended, 0)
    assert covered(ended, 30 * SECOND)
    assert not covered(ended, 31 * SECOND)
    both = edit.begin(ended, "hand-1", 15 * SECOND, LENGTH)
    assert not covered(both, 14 * SECOND)
    assert covered(both, 15 * SECOND)
    assert edit.at(both.regions[-1], 15 * SECOND).left == 3_000
    further = edit.move(both, "hand-1", BOX, 40 * SECOND, LENGTH)
    assert covered(further, 40 * SECOND)
    assert not covered(further, 41 * SECOND)


def test_of_what_was_drawn_once_an_end_can_be_said():
    ended = edit.end(drawn(), "hand-1", 12 * SECOND, LENGTH)
    assert covered(ended, 0)
    assert not covered(ended, 13 * SECOND)
    before = edit.end(drawn(), "hand-1", 5 * SECOND, LENGTH)
    assert covered(before, 5 * SECOND)
    assert not covered(before, 6 * SECOND)
    with pytest.raises(PlanRefused):
        edit.end(edit.begin(drawn(), "hand-1", 12 * SECOND, LENGTH), "hand-1", SECOND, LENGTH)
    with pytest.raises(PlanRefused):  # one key frame alone would mean: all the time
        edit.end(drawn(), "hand-1", 0, LENGTH)


@given(
    st.lists(st.tuples(st.sampled_from("mbe"), st.integers(0, 60)), max_size=12), st.integers(0, 60)
)
def test_no_way_of_moving_leaves_a_hole(acts, at):
    """It is covered from where somebody said that it begins, else from 0, to where it ends."""
    plan = drawn()
    for what, second in acts:
        act = {"b": edit.begin, "e": edit.end}.get(what)
        try:
            if act is None:
                plan = edit.move(plan, "hand-1", OTHER, second * SECOND, LENGTH)
            else:
                plan = act(plan, "hand-1", second * SECOND, LENGTH)
        except PlanRefused:
            continue
    one = plan.regions[-1]
    first = 0 if len(one.keys) == 1 else one.keys[0].at_us
    last = LENGTH if len(one.keys) == 1 else one.keys[-1].at_us
    said = {what for what, _ in acts}
    assert first == 0 or said & {"b"}
    assert last >= LENGTH or said & {"e"}
    if first <= at * SECOND <= last:
        assert covered(plan, at * SECOND)


def test_what_a_detector_found_is_not_moved():
    for act in (edit.begin, edit.end):
        with pytest.raises(PlanRefused):
            act(PLAN, "face-1", SECOND, LENGTH)
    with pytest.raises(PlanRefused):
        edit.move(PLAN, "face-1", BOX, SECOND, LENGTH)


def test_a_later_word_on_sound_takes_the_place_of_an_earlier_one():
    plan = edit.sound(PLAN, Span(0, LENGTH), Sounding.SILENCE, WORD)
    plan = edit.sound(plan, Span(10, 20), Sounding.KEEP, Word("other", "harmless"))
    told = [(one.span.start_us, one.span.end_us, one.sounding.value) for one in plan.sound]
    assert told == [(0, 10, "silence"), (10, 20, "keep"), (20, LENGTH, "silence")]
    assert plan.sound_decided(LENGTH)
    assert not edit.no_sound(plan, 1).sound_decided(LENGTH)
    with pytest.raises(PlanRefused):
        edit.no_sound(plan, 3)


def test_spans_without_a_picture_come_and_go():
    plan = edit.show_nothing(PLAN, Span(5, 9), WORD)
    plan = edit.show_nothing(plan, Span(1, 2), WORD)
    assert [one.span.start_us for one in plan.whole] == [1, 5]
    assert edit.show_again(plan, 0).whole == plan.whole[1:]
    with pytest.raises(PlanRefused):
        edit.show_again(plan, -1)


def test_labels_are_chosen_for():
    plan, name = edit.label(PLAN, BOX, Choice.COVER, "", WORD)
    plan = edit.choose(plan, name, Choice.REPLACE, "camera", WORD)
    assert decode(encode(plan)).labels[0].text == "camera"
    with pytest.raises(PlanRefused):
        edit.choose(plan, "label-7", Choice.COVER, "", WORD)


def test_the_least_certain_come_first_and_what_is_decided_last():
    def face(name, score, closed=0, word=Word()):
        bases = (Basis.CLOSED,) * closed + (Basis.SEEN,) * (10 - closed)
        keys = tuple(Key(at, *BOX) for at in range(10))
        return Region(name, Sort.FACE, keys, bases, score, word=word)

    plan = replace(
        drawn(),
        regions=(
            face("sure", 0.95),
            drawn().regions[-1],
            face("gappy", 0.95, closed=8),
            face("decided", 0.1, word=WORD),
            face("weak", 0.3),
        ),
    )
    names = [one.name for one in edit.by_doubt(plan)]
    assert names == ["weak", "gappy", "sure", "decided", "hand-1"]
