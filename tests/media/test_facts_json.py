import json
from dataclasses import fields
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daylight.domain.media import Kind, MediaFacts, State, StreamFacts
from daylight.errors import MediaRefused
from daylight.media.facts_json import MAX_STREAMS, MAX_TEXT, from_json, to_json

TEXT = st.text(max_size=30)
RATIO = st.fractions(min_value=-1000, max_value=1000, max_denominator=90_000)
COUNT = st.integers(0, (1 << 63) - 1)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)


def maybe(strategy):
    return st.none() | strategy


STREAMS = st.builds(
    StreamFacts,
    index=COUNT,
    media=TEXT,
    codec=TEXT,
    time_base=st.fractions(Fraction(1, 90_000), 10, max_denominator=10**9),
    duration=maybe(st.integers(-(1 << 63), (1 << 63) - 1)),
    start=maybe(st.integers(-(1 << 63), (1 << 63) - 1)),
    frames=maybe(COUNT),
    width=maybe(COUNT),
    height=maybe(COUNT),
    pixel_format=maybe(TEXT),
    frame_rate=maybe(RATIO),
    variable_rate=maybe(st.booleans()),
    rotation=st.sampled_from([0, 90, 180, 270]),
    sample_rate=maybe(COUNT),
    channels=maybe(COUNT),
    untrusted_metadata=PAIRS,
)
FACTS = st.builds(
    MediaFacts,
    kind=st.sampled_from(Kind),
    state=st.sampled_from(State),
    reason=TEXT,
    container=TEXT,
    demuxer=TEXT,
    duration=maybe(RATIO),
    start=maybe(RATIO),
    streams=st.lists(STREAMS, max_size=3).map(tuple),
    key_frames=COUNT,
    corrupt_key_frames=COUNT,
    assumed_rate=st.booleans(),
    encoder=TEXT,
    untrusted_metadata=PAIRS,
)
NONSENSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(FACTS)
def test_facts_survive_json(facts):
    assert from_json(json.loads(json.dumps(to_json(facts)))) == facts


def test_every_field_is_carried():
    made = to_json(MediaFacts(Kind.VIDEO, State.OK, streams=(StreamFacts(0, "", "", Fraction(1)),)))
    names = {one.name.removeprefix("untrusted_") for one in fields(MediaFacts)}
    assert names == set(made) - {"schema"}
    inner = {one.name.removeprefix("untrusted_") for one in fields(StreamFacts)}
    assert inner == set(made["streams"][0])


@settings(deadline=None)
@given(FACTS, st.data())
def test_a_changed_value_is_refused_or_of_the_same_kind(facts, data):
    raw = to_json(facts)
    place = data.draw(st.sampled_from([raw, *raw["streams"]]))
    key = data.draw(st.sampled_from(sorted(place)))
    place[key] = data.draw(NONSENSE)
    try:
        again = from_json(raw)
    except MediaRefused:
        return
    assert isinstance(again.kind, Kind)
    assert all(len(text) <= MAX_TEXT for text in (again.reason, again.container, again.encoder))
    assert again.duration is None or isinstance(again.duration, Fraction)


@given(NONSENSE)
def test_nonsense_is_refused(raw):
    with pytest.raises(MediaRefused):
        from_json(raw)


def test_what_is_too_long_is_refused():
    raw = to_json(MediaFacts(Kind.VIDEO, State.OK))
    stream = to_json(
        MediaFacts(Kind.VIDEO, State.OK, streams=(StreamFacts(0, "", "", Fraction(1)),))
    )["streams"][0]
    for change in (
        {"reason": "x" * (MAX_TEXT + 1)},
        {"streams": [stream] * (MAX_STREAMS + 1)},
        {"key_frames": 1 << 63},
        {"key_frames": -1},
        {"key_frames": True},
        {"duration": [1, 0]},
        {"duration": [1]},
        {"streams": [stream | {"time_base": [0, 1]}]},
        {"streams": [stream | {"time_base": [-1, 1]}]},
    ):
        with pytest.raises(MediaRefused):
            from_json(raw | change)
