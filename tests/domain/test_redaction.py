"""Plans of what is covered: written one way, read with suspicion, closed where nobody decided."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.domain.digest import digest_of
from daylight.domain.marks import Key, Span
from daylight.domain.redaction import (
    Choice,
    Codec,
    Demand,
    Growth,
    Label,
    Output,
    Plan,
    Region,
    Shape,
    Sounding,
    SoundSpan,
    State,
    WholeSpan,
    Word,
    body_of,
    check_follows,
    drafted,
    gaps_closed,
)
from daylight.domain.redaction_json import decode, digest, encode, from_json, to_json
from daylight.domain.tracks import Basis, Sort, Track
from daylight.errors import PlanRefused

ITEM = digest_of(b"item")
EDITOR = Word("editor", "public figure")
SECOND = 1_000_000

text = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=20)
words = st.one_of(st.just(Word()), st.builds(Word, text, text))
given_words = st.builds(Word, text, text)


@st.composite
def keys(draw, at=None):
    left, top = draw(st.integers(0, 9999)), draw(st.integers(0, 9999))
    return Key(
        draw(st.integers(0, 10**12)) if at is None else at,
        left,
        top,
        draw(st.integers(1, 10_000 - left)),
        draw(st.integers(1, 10_000 - top)),
    )


@st.composite
def spans(draw):
    start = draw(st.integers(0, 10**12))
    return Span(start, start + draw(st.integers(1, 10**12)))


@st.composite
def regions(draw):
    times = sorted(draw(st.sets(st.integers(0, 10**12), min_size=1, max_size=5)))
    shape = draw(st.sampled_from(Shape))
    corner = st.tuples(st.integers(0, 10_000), st.integers(0, 10_000))
    state = draw(st.sampled_from(State))
    return Region(
        name=draw(text.filter(str.strip)),
        sort=draw(st.sampled_from(Sort)),
        keys=tuple(draw(keys(at)) for at in times),
        bases=tuple(draw(st.sampled_from(Basis)) for _ in times),
        score=draw(st.integers(0, 10_000)) / 10_000,
        shape=shape,
        corners=tuple(draw(st.lists(corner, min_size=3, max_size=6)))
        if shape is Shape.POLYGON
        else (),
        state=state,
        word=draw(words if state is State.COVERED else given_words),
        person=draw(st.sampled_from(["", "unknown 3"])),
    )


plans = st.builds(
    Plan,
    item=st.just(ITEM),
    span=st.one_of(st.none(), spans()),
    regions=st.lists(regions(), max_size=3, unique_by=lambda one: one.name).map(tuple),
    labels=st.lists(st.builds(Label, st.just("/clock"), keys(0)), max_size=1).map(tuple),
    whole=st.lists(st.builds(WholeSpan, spans(), given_words), max_size=2).map(tuple),
    demands=st.lists(
        st.builds(Demand, spans(), given_words, box=st.one_of(st.none(), keys(0))), max_size=2
    ).map(tuple),
    sound=st.lists(
        st.builds(SoundSpan, spans(), st.sampled_from(Sounding), given_words), max_size=2
    ).map(tuple),
    everyone=words,
    bodies=st.booleans(),
    fill=st.tuples(*[st.integers(0, 255)] * 3),
    growth=st.builds(Growth, share=st.integers(0, 10_000)),
    output=st.builds(
        Output,
        codec=st.sampled_from(Codec),
        rate=st.sampled_from([None, (25, 1)]),
        width=st.sampled_from([None, 640]),
    ),
)


@given(plans)
def test_a_plan_comes_back_as_it_was_written(plan):
    assert decode(encode(plan)) == plan
    assert digest(decode(encode(plan))) == digest(plan)


def said() -> dict:
    face = Region("face-1", Sort.FACE, (Key(0, 100, 100, 900, 900),), (Basis.SEEN,), 0.9)
    label = Label("clock", Key(0, 0, 0, 500, 500))
    whole = WholeSpan(Span(0, 5), EDITOR)
    demand = Demand(Span(0, 9), Word("source", "where he stood"), box=Key(0, 1, 1, 5, 5))
    sound = SoundSpan(Span(0, 5), Sounding.TONE, EDITOR)
    plan = Plan(ITEM, Span(0, 10), (face,), (label,), (whole,), (demand,), (sound,))
    return json.loads(encode(plan))


def paths(value, path=()):
    """Every place in a document."""
    yield path
    listed = enumerate(value) if isinstance(value, list) else ()
    for key, one in value.items() if isinstance(value, dict) else listed:
        yield from paths(one, (*path, key))


hostile = st.sampled_from(
    [None, True, -1, 10**400, 1.5, float("nan"), float("inf"), "", "\ud800", "\x00", [], {}, [[]]]
    + [[0] * 9, {"by": 1}, "a" * 100_000, "visible", -0.0]
)


@given(st.data(), hostile)
def test_no_value_anywhere_gets_past_the_reader_but_as_a_plan(data, value):
    """Put anything anywhere: a refusal by name, or a plan that is written and read the same."""
    document = said()
    path = data.draw(st.sampled_from([one for one in paths(document) if one]))
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    try:
        plan = from_json(document)
    except PlanRefused:
        return
    assert decode(encode(plan)) == plan


@given(st.data())
def test_no_key_may_be_missing_or_added(data):
    document = said()
    places = [one for one in paths(document) if one and isinstance(one[-1], str)]
    path = data.draw(st.sampled_from(places))
    place = document
    for key in path[:-1]:
        place = place[key]
    if data.draw(st.booleans()):
        del place[path[-1]]
    else:
        place["surprise"] = 1
    with pytest.raises(PlanRefused):
        from_json(document)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_plan_are_refused(data):
    with pytest.raises(PlanRefused):
        decode(data)


@pytest.mark.parametrize(
    "data",
    [b"[" * 100_000, b'{"schema":"redaction/1","schema":"redaction/1"}', b"NaN", b"9" * 10_000],
)
def test_json_that_is_meant_to_hurt_is_refused(data):
    with pytest.raises(PlanRefused):
        decode(data)


def changed(**wanted):
    document = said()
    document["regions"][0] |= wanted
    return document


@pytest.mark.parametrize(
    "wanted",
    [
        {"state": "visible"},  # by nobody
        {"state": "rejected", "by": "editor"},  # for no reason
        {"keys": []},
        {"keys": [[5, 0, 0, 1, 1], [5, 0, 0, 1, 1]], "bases": []},
        {"keys": [[0, 9_999, 0, 2, 1]]},
        {"keys": [[0, 0, 0, 0, 1]]},
        {"shape": "polygon"},
        {"shape": "polygon", "corners": [[0, 0], [1, 1]]},
        {"corners": [[0, 0], [1, 1], [2, 2]]},
        {"score": float("nan")},
        {"bases": ["seen", "seen"]},
        {"name": "clock"},  # a label has it
        {"name": "  "},
    ],
)
def test_a_region_that_would_show_something_by_mistake_is_refused(wanted):
    with pytest.raises(PlanRefused):
        from_json(changed(**wanted))


def test_a_label_that_stays_says_by_whose_word():
    document = said()
    document["labels"][0]["do"] = "keep"
    with pytest.raises(PlanRefused):
        from_json(document)


FACE = Region("face-1", Sort.FACE, (Key(0, 4_000, 4_000, 500, 1_000),), (Basis.CLOSED,), 0.9)


def test_what_nobody_decided_is_told_by_name():
    hand = replace(FACE, name="hand-1", sort=Sort.HAND)
    shown = replace(FACE, name="face-2", state=State.VISIBLE, word=EDITOR)
    label = Label("clock", Key(0, 0, 0, 500, 500))
    plan = Plan(ITEM, regions=(FACE, hand, shown), labels=(label,))
    assert plan.undecided(SECOND) == ("face-1", "clock", "pictures")
    assert replace(plan, everyone=EDITOR).undecided(SECOND) == ("clock",)
    kept = replace(label, choice=Choice.KEEP, word=EDITOR)
    assert replace(plan, everyone=EDITOR, labels=(kept,)).undecided(SECOND) == ()


@pytest.mark.parametrize(
    ("spans", "decided"),
    [
        ([], False),
        ([(0, 10)], True),
        ([(0, 5), (5, 10)], True),
        ([(5, 10), (0, 6)], True),
        ([(0, 5), (6, 10)], False),
        ([(1, 10)], False),
        ([(0, 9)], False),
    ],
)
def test_sound_is_decided_only_when_every_moment_is(spans, decided):
    sound = tuple(SoundSpan(Span(*one), Sounding.KEEP, EDITOR) for one in spans)
    plan = Plan(ITEM, sound=sound)
    assert plan.sound_decided(10) is decided
    open_still = () if decided or not spans else ("sound",)
    assert plan.undecided(10, pictures=False) == open_still


def test_pictures_are_undecided_until_somebody_says_that_all_are_covered():
    for plan in (Plan(ITEM), Plan(ITEM, regions=(replace(FACE, word=EDITOR),))):
        assert plan.undecided(SECOND) == ("pictures",)
        assert replace(plan, everyone=EDITOR).undecided(SECOND) == ()
        assert plan.undecided(SECOND, pictures=False) == ()


def test_what_others_require_cannot_be_edited_away():
    demand = Demand(Span(0, 9), Word("source", "where he stood"))
    before = Plan(ITEM, demands=(demand,))
    check_follows(before, replace(before, regions=(FACE,)))
    with pytest.raises(PlanRefused, match="source"):
        check_follows(before, Plan(ITEM))
    with pytest.raises(PlanRefused):
        check_follows(before, Plan(ITEM, demands=(replace(demand, picture=False),)))
    with pytest.raises(PlanRefused, match="another item"):
        check_follows(before, Plan(digest_of(b"other"), demands=(demand,)))


@pytest.mark.parametrize(
    ("severity", "notes", "bodies"),
    [
        (None, (), False),
        (2, ("beating",), False),
        (3, (), True),
        (4, (), True),
        (1, ("sexual-violence",), True),
    ],
)
def test_a_draft_covers_all_that_was_found_and_bodies_where_it_is_grave(severity, notes, bodies):
    track = Track("face-1", Sort.FACE, FACE.keys, (Basis.CLOSED,), 0.9)
    plan = drafted(ITEM, (track,), severity=severity, notes=notes)
    assert [one.name for one in plan.covered] == ["face-1"]
    assert plan.undecided(0) == ("face-1", "pictures")
    assert plan.bodies is bodies
    assert gaps_closed(plan) == 1
    assert not plan.sound


def test_a_body_reaches_down_and_to_both_sides_and_stays_in_the_picture():
    (body,) = body_of(FACE, 16 / 9).keys
    assert body.left < 4_000 - 1_000
    assert body.left + body.width > 4_500 + 1_000
    assert body.top <= 3_000
    assert body.top + body.height == 10_000
    assert to_json(Plan(ITEM, regions=(body_of(FACE, 16 / 9),)))["regions"][0]["sort"] == "person"


def test_one_plan_has_one_digest_however_its_numbers_were_given():
    face = Region("face-1", Sort.FACE, (Key(0, 0, 0, 1, 1),), score=1)
    one, two = (Plan(ITEM, regions=(replace(face, score=score),)) for score in (1, 1.0))
    assert digest(one) == digest(two) == digest(decode(encode(one)))
