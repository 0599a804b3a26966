"""The programs together, as the coordinator uses them, and lies in place of what they send."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daylight.detectors import examining
from daylight.detectors.programs import PROGRAMS
from daylight.detectors.registry import Wants, listed
from daylight.detectors.results import Results, parse
from daylight.domain.media import Kind, State
from daylight.errors import MediaRefused
from daylight.media.executor import End, Message, Task
from daylight.media.facts_json import to_json
from daylight.media.inline import InlineExecutor
from tests.media.films import film, opened, sine

ALL = sorted(listed())
PICTURED = [name for name in ALL if listed()[name].wants is Wants.KEY_FRAMES]
READ = [name for name in ALL if listed()[name].wants is Wants.CONTAINER]
HEARD = [name for name in ALL if listed()[name].wants is Wants.SAMPLES]


def run(program: str, request: dict, files: Sequence[int]) -> Results:
    task = Task(program, request, files)
    outcome = InlineExecutor(PROGRAMS, i_am_a_test=True).run(task)
    assert outcome.end is End.DONE, outcome.untrusted_reason
    return parse(outcome.messages)


def in_spans(data: bytes) -> Results:
    """As the coordinator does it with a long item."""
    with opened(data) as media:
        began = run("examine", {"detectors": ALL}, [media])
        assert began.spans
        facts = to_json(began.facts)
        partials = []
        with opened(began.index) as index:
            for number, (first, last) in enumerate(began.spans):
                names = [*PICTURED, *(HEARD if number == 0 else [])]
                request = {"facts": facts, "first": first, "last": last, "detectors": names}
                partials += run("look", request, [media, index]).partials
            said = [
                {"detector": p.detector, "facts": dict(p.facts), "size": len(p.data)}
                for p in partials
            ]
            with opened(b"".join(p.data for p in partials)) as blobs:
                merged = run("merge", {"facts": facts, "partials": said}, [index, blobs])
    return replace(merged, findings=(*began.findings, *merged.findings))


def by_name(results: Results) -> dict:
    return {one.detector: one for one in results.findings}


@pytest.mark.parametrize(
    ("container", "codec"),
    [("matroska", "libx264"), ("mpegts", "libx264"), ("vob", "mpeg2video"), ("h264", "libx264")],
)
def test_long_and_short_end_in_the_same_findings(monkeypatch, container, codec):
    data = film(container, codec, frames=60, gop=5, sound=container in ("matroska", "mpegts"))
    with opened(data) as media:
        whole = run("examine", {"detectors": ALL}, [media])
    monkeypatch.setattr(examining, "SPAN_WORK", 3)
    parts = in_spans(data)
    assert not whole.spans
    assert by_name(parts) == by_name(whole)
    assert "filmstrip" in by_name(whole)
    assert not any(one.failed for one in whole.findings)


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (film("mp4", "libx264"), {*PICTURED, *READ}),
        (film("mp4", "libx264", sound=True), {*PICTURED, *HEARD, *READ}),
        (sine(), {*HEARD, *READ}),
        (b"words\n", set()),
        (b"", set()),
    ],
)
def test_an_item_gets_the_findings_that_fit_it(data, names):
    with opened(data) as media:
        results = run("examine", {"detectors": ALL}, [media])
    assert set(by_name(results)) == names
    assert bool(results.index) == (results.facts.kind is Kind.VIDEO)


def test_sound_that_cannot_be_decoded_does_not_take_the_pictures_with_it():
    data = film("matroska", "libx264", sound=True).replace(b"A_AAC", b"A_XXX")
    with opened(data) as media:
        results = run("examine", {"detectors": ALL}, [media])
    found = by_name(results)
    assert not found["filmstrip"].failed
    assert found["waveform"].failed or not found["waveform"].blobs


FILM = film("mp4", "libx264", frames=12, sound=True)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(FILM)), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 7))))
def test_broken_films_end_in_something_that_can_be_parsed(cut, flips):
    data = bytearray(FILM[: len(FILM) if cut % 2 else cut])
    for at, bit in flips if data else ():
        data[at % len(data)] ^= 1 << bit
    with opened(bytes(data)) as media:
        outcome = InlineExecutor(PROGRAMS, i_am_a_test=True).run(
            Task("examine", {"detectors": ALL}, [media])
        )
    results = parse(outcome.messages)
    assert results.facts is not None
    assert results.facts.state in State


def said() -> list[Message]:
    with opened(film("mp4", "libx264", sound=True)) as media:
        task = Task("examine", {"detectors": ALL}, [media])
        return list(InlineExecutor(PROGRAMS, i_am_a_test=True).run(task).messages)


SAID = said()
NONSENSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)
KINDS = st.sampled_from(["facts", "spans", "seen", "finding", "failed", "partial", "other", ""])


@given(KINDS, NONSENSE, st.binary(max_size=40))
def test_nonsense_is_refused(kind, facts, payload):
    with pytest.raises(MediaRefused):
        parse([Message(kind, facts, payload)])


@settings(max_examples=300)
@given(st.data())
def test_a_changed_message_is_refused_or_still_checked(data):
    number = data.draw(st.integers(0, len(SAID) - 1))
    one = SAID[number]
    facts = dict(one.untrusted_facts)
    facts[data.draw(st.sampled_from(sorted(facts)))] = data.draw(NONSENSE)
    payload = one.untrusted_payload[: data.draw(st.integers(0, len(one.untrusted_payload)))]
    lie = Message(one.untrusted_kind, facts, payload)
    try:
        results = parse([*SAID[:number], lie, *SAID[number + 1 :]])
    except MediaRefused:
        return
    for finding in results.findings:
        assert finding.detector in ALL
        assert all(blob.name.replace("-", "").isalnum() for blob in finding.blobs)
    if results.seen is not None:
        assert results.seen.decoded >= 0


@pytest.mark.parametrize(
    "change",
    [
        {"detector": "no-such"},
        {"version": 2},
        {"blobs": [{"name": "../x", "media_type": "image/jpeg", "facts": {}, "size": 0}]},
        {"blobs": [{"name": "x", "media_type": "text/html", "facts": {}, "size": 0}]},
        {"blobs": [{"name": "x" * 41, "media_type": "image/jpeg", "facts": {}, "size": 0}]},
        {"blobs": [{"name": "x", "media_type": "image/jpeg", "facts": {}, "size": 1}]},
        {"blobs": [{"name": "x", "media_type": "image/jpeg", "facts": {}, "size": 0}] * 17},
    ],
)
def test_lies_about_findings(change):
    good = {"detector": "still", "version": 1, "facts": {}, "blobs": []}
    assert parse([Message("finding", good, b"")]).findings[0].detector == "still"
    with pytest.raises(MediaRefused):
        parse([Message("finding", good | change, b"")])


@pytest.mark.parametrize(
    "bounds", [[], [[1, 1]], [[2, 1]], [[-1, 3]], [[0]], [["0", 1]], "x", [[0, 1 << 63]]]
)
def test_lies_about_spans(bounds):
    with pytest.raises(MediaRefused):
        parse([Message("spans", {"bounds": bounds}, b"")])


def test_memory_of_a_partial_is_bounded():
    """120 tiles at most, whatever the item: what the coordinator holds for a long one."""
    data = film("matroska", "libx264", frames=800, gop=5)
    with opened(data) as media:
        began = run("examine", {"detectors": []}, [media])
        with opened(began.index) as index:
            request = {
                "facts": to_json(began.facts),
                "first": 0,
                "last": began.facts.key_frames,
                "detectors": ["filmstrip"],
            }
            (partial,) = run("look", request, [media, index]).partials
    assert len(partial.data) <= 120 * 160 * 120 * 3
