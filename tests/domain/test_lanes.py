import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.detectors.series import pack_spans
from daylight.domain.lanes import (
    LEVELS,
    MOST,
    Thing,
    from_moment,
    in_milliseconds,
    lane,
    loudness,
    spans_of,
    to_json,
    unexamined,
)

SPANS = st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 10**12)), max_size=30)


@given(SPANS)
def test_spans_are_read_as_detectors_write_them(spans):
    assert [(one.start_us, one.end_us) for one in spans_of(pack_spans(spans))] == spans


@given(st.binary(max_size=200), st.booleans())
def test_other_bytes_are_refused(data, named):
    blob = (b"daylight series/1\n" if named else b"") + data
    try:
        assert len(spans_of(blob)) * 16 <= len(data)
    except ValueError:
        pass


@given(st.lists(st.integers(-120, 0), min_size=1, max_size=3000), st.integers(1, 600))
def test_loudness_is_the_loudest_of_each_stretch_and_never_more_than_asked(levels, most):
    blob = b"".join(struct.pack("<Ibb", n, level, level) for n, level in enumerate(levels))
    things = loudness(blob, most)
    assert len(things) <= most
    assert all(1 <= one.level <= LEVELS for one in things)
    loudest = max(levels)
    assert bool(things) is (round((loudest + 60) * LEVELS / 60) > 0)
    if things:
        top = max(things, key=lambda one: one.level)
        assert top.start_us <= levels.index(loudest) * 1_000_000 < things[-1].end_us
    with pytest.raises(ValueError, match="sound levels"):
        loudness(blob + b"x", most)


@given(st.recursive(st.none() | st.integers() | st.text(max_size=3), st.lists, max_leaves=20))
def test_facts_that_are_none_give_nothing(rows):
    assert all(one.end_us >= one.start_us for one in in_milliseconds(rows))


def test_moments_have_a_length_and_lanes_an_order_and_an_end():
    assert from_moment([[5, 1.0], []], "loud", 500) == [Thing(5000, 505_000, word="loud")]
    many = lane("marks", "", [Thing(n, n + 1) for n in reversed(range(MOST + 10))])
    assert [one.start_us for one in many.things] == list(range(MOST))
    assert to_json(unexamined("clock"))["examined"] is False
