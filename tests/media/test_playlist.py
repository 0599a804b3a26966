import re

from hypothesis import given
from hypothesis import strategies as st

from daylight.media.playlist import (
    FIRST,
    LONGEST,
    SHORTEST,
    TICKS,
    Span,
    decode_from,
    plan,
    playlist,
)

times = st.lists(st.integers(0, 3600 * TICKS), max_size=200, unique=True).map(sorted)


@given(times, st.integers(-5, 3600 * TICKS), st.booleans())
def test_spans_cover_the_whole_exactly_and_in_order(keys, duration, anywhere):
    spans = plan(keys, duration, anywhere=anywhere)
    if duration <= 0:
        assert spans == ()
        return
    assert spans[0].start == 0
    assert spans[-1].end == duration
    assert all(span.start < span.end for span in spans)
    assert all(a.end == b.start for a, b in zip(spans, spans[1:], strict=False))


@given(times, st.integers(1, 3600 * TICKS))
def test_what_is_copied_is_cut_at_key_frames_alone(keys, duration):
    assert {span.start for span in plan(keys, duration, anywhere=False)} <= {0, *keys}


@given(times, st.integers(1, 3600 * TICKS))
def test_what_is_encoded_is_never_long_and_begins_short(keys, duration):
    spans = plan(keys, duration, anywhere=True)
    assert all(span.end - span.start <= LONGEST for span in spans)
    assert spans[0].end - spans[0].start <= FIRST


@given(times, st.integers(0, 3600 * TICKS))
def test_decoding_starts_at_the_last_key_frame_before(keys, start):
    position = decode_from(keys, start)
    if keys and keys[0] <= start:
        assert keys[position] <= start
        assert position + 1 == len(keys) or keys[position + 1] > start
    else:
        assert position == 0


def test_a_key_frame_in_reach_is_taken_before_a_cut_through_the_middle():
    keys = [0, 2 * TICKS, 5 * TICKS, 20 * TICKS]
    spans = plan(keys, 22 * TICKS, anywhere=True)
    assert [span.start / TICKS for span in spans] == [0, 2, 5, 9, 13, 17, 20]


@given(times, st.integers(1, 3600 * TICKS), st.integers(1, LONGEST))
def test_a_wanted_length_ends_spans_at_the_first_key_frame_beyond_it(keys, duration, wanted):
    spans = plan(keys, duration, anywhere=True, wanted=wanted)
    assert spans[0].start == 0
    assert spans[-1].end == duration
    for span in spans[:-1]:
        inside = [key for key in keys if span.start + max(wanted, SHORTEST) < key < span.end]
        assert inside == []
    assert all(span.end - span.start <= LONGEST for span in spans)


def test_an_hour_with_one_key_frame_is_one_piece_when_copied():
    assert plan([0], 3600 * TICKS, anywhere=False) == (Span(0, 3600 * TICKS),)


def test_the_playlist_says_the_lengths_and_the_longest_of_them():
    text = playlist([Span(0, 2 * TICKS), Span(2 * TICKS, 601_234)], lambda n: f"s/{n}.ts")
    lengths = [float(found) for found in re.findall(r"#EXTINF:([\d.]+),", text)]
    assert lengths == [2.0, round(421_234 / TICKS, 6)]
    assert int(re.search(r"TARGETDURATION:(\d+)", text)[1]) >= max(lengths)
    assert re.findall(r"^s/.*", text, re.MULTILINE) == ["s/0.ts", "s/1.ts"]
    assert text.startswith("#EXTM3U\n")
    assert text.endswith("#EXT-X-ENDLIST\n")
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in text


@given(times, st.integers(1, 3600 * TICKS), st.booleans())
def test_the_lengths_of_a_playlist_add_up(keys, duration, anywhere):
    text = playlist(plan(keys, duration, anywhere=anywhere), str)
    lengths = [float(found) for found in re.findall(r"#EXTINF:([\d.]+),", text)]
    assert abs(sum(lengths) - duration / TICKS) < 1e-5 * max(1, len(lengths))
    assert max(lengths) <= int(re.search(r"TARGETDURATION:(\d+)", text)[1])
