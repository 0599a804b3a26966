import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.media.executor import End, TaskLimits
from daylight.media.wire import FrameReader, Verdict, end_frame, message_frame

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip
messages = st.lists(
    st.tuples(st.text(max_size=64), json_values, st.binary(max_size=300)), max_size=6
)
SMALL = TaskLimits(message_bytes=1000, total_bytes=5000, facts_bytes=2000)


def feed_in_pieces(reader, data, cuts):
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    for start, stop in zip(places, places[1:]):
        reader.feed(data[start:stop])


def frame(what, text, payload=b""):
    return struct.pack("=BIQ", what, len(text), len(payload)) + text + payload


@given(messages, st.lists(st.integers(0, 3000)))
def test_what_was_sent_arrives_however_it_is_cut(sent, cuts):
    data = b"".join(message_frame(*message) + message[2] for message in sent)
    data += end_frame(Verdict(End.DONE, "why"))
    reader = FrameReader(TaskLimits())
    feed_in_pieces(reader, data, cuts)
    got = [(m.untrusted_kind, m.untrusted_facts, m.untrusted_payload) for m in reader.messages]
    assert got == sent
    assert (reader.fault, reader.said) == (None, Verdict(End.DONE, "why"))


@given(st.binary(max_size=4000), st.lists(st.integers(0, 4000)))
def test_any_bytes_are_taken_without_an_exception(data, cuts):
    reader = FrameReader(SMALL)
    feed_in_pieces(reader, data, cuts)
    assert sum(len(m.untrusted_payload) for m in reader.messages) <= SMALL.total_bytes


@given(st.integers(1, 2), st.binary(max_size=200))
def test_any_json_is_taken_without_an_exception(what, text):
    reader = FrameReader(SMALL)
    reader.feed(frame(what, text))
    assert reader.messages or reader.said or reader.fault


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"kind":1,"facts":1}',
        b'{"kind":"x","facts":NaN}',
        b'{"kind":"x","facts":-Infinity}',
        b'{"kind":"x","facts":' + b"9" * 5000 + b"}",
        b'{"kind":"x","facts":' + b"[" * 100_000 + b"}",
        b'{"kind":"' + b"x" * 65 + b'","facts":1}',
        b"\xff\xfe",
    ],
)
def test_a_lying_message_is_garbage(text):
    reader = FrameReader(TaskLimits())
    reader.feed(frame(1, text))
    assert reader.fault is not None
    assert reader.fault.end is End.CRASHED
    assert reader.messages == []


@pytest.mark.parametrize(
    "data",
    [
        frame(0, b"{}"),
        frame(3, b"{}"),
        frame(2, b"{}"),
        frame(2, b'{"end":"splendid","reason":""}'),
        frame(2, b'{"end":"done","reason":7}'),
        frame(2, b'{"end":["done"],"reason":""}'),
        end_frame(Verdict(End.DONE, "")) + b"x",
        end_frame(Verdict(End.DONE, "")) * 2,
    ],
)
def test_a_lying_end_is_garbage(data):
    reader = FrameReader(TaskLimits())
    reader.feed(data)
    assert reader.fault is not None
    assert reader.fault.end is End.CRASHED


def test_limits_are_held_before_the_bytes_come():
    for facts, payload in ((10, 1 << 62), (2**32 - 1, 0), (10, 991), (10, 1001)):
        reader = FrameReader(SMALL)
        reader.feed(struct.pack("=BIQ", 1, facts, payload))
        assert reader.fault is not None
        assert reader.fault.end is End.OVERSIZE


def test_all_messages_together_are_limited():
    reader = FrameReader(SMALL)
    for _ in range(10):
        reader.feed(message_frame("x", None, bytes(900)) + bytes(900))
    assert reader.fault is not None
    assert (reader.fault.end, len(reader.messages)) == (End.OVERSIZE, 5)


def test_all_facts_together_are_limited():
    reader = FrameReader(SMALL)
    for _ in range(10):
        reader.feed(message_frame("x", "y" * 500, b""))
    assert reader.fault is not None
    assert (reader.fault.end, len(reader.messages)) == (End.OVERSIZE, 3)


def test_the_last_word_is_limited_and_is_not_counted():
    reader = FrameReader(TaskLimits(facts_bytes=0, total_bytes=0))
    reader.feed(end_frame(Verdict(End.FAILED, "\U0001f600\udc80" * 400)))
    assert reader.fault is None
    assert reader.said == Verdict(End.FAILED, ("\U0001f600\udc80" * 400)[:500])
    reader = FrameReader(TaskLimits())
    text = json.dumps({"end": "done", "reason": "x" * 9000}).encode()
    reader.feed(frame(2, text))
    assert reader.fault is not None


def test_facts_that_are_not_json_do_not_leave():
    for facts in (float("nan"), float("inf"), b"bytes", {1, 2}):
        with pytest.raises((ValueError, TypeError)):
            message_frame("x", facts, b"")
    with pytest.raises(ValueError):
        message_frame("x" * 65, None, b"")
