"""Tracks as bytes: what goes in comes out, and nothing else is taken for tracks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.domain.marks import MAX_US, WHOLE, Key
from daylight.domain.track_blob import _BASES, MAGIC, pack, unpack
from daylight.domain.tracks import Basis, Sort, Track
from daylight.errors import MediaRefused


@st.composite
def tracks(draw):
    count = draw(st.integers(0, 4))
    return tuple(draw(track(f"face-{number}")) for number in range(count))


@st.composite
def track(draw, name):
    times = sorted(draw(st.sets(st.integers(0, MAX_US), min_size=1, max_size=8)))
    keys = tuple(draw(key(at)) for at in times)
    bases = tuple(draw(st.sampled_from(_BASES)) for _ in keys)
    score = draw(st.integers(0, 10_000)) / 10_000
    return Track(name, draw(st.sampled_from(Sort)), keys, bases, score)


@st.composite
def key(draw, at):
    left, top = draw(st.integers(0, WHOLE - 1)), draw(st.integers(0, WHOLE - 1))
    return Key(at, left, top, draw(st.integers(1, WHOLE - left)), draw(st.integers(1, WHOLE - top)))


ONE = Track("face-1", Sort.FACE, (Key(5, 1, 2, 3, 4), Key(900, 1, 2, 3, 4)), (Basis.SEEN,) * 2, 0.5)


@given(tracks())
def test_what_goes_in_comes_out(many):
    assert unpack(pack(many)) == many


@given(st.binary(max_size=60))
def test_other_bytes_are_refused_by_name(data):
    for untrusted in (data, MAGIC + data):
        try:
            assert pack(unpack(untrusted)).startswith(MAGIC)
        except MediaRefused:
            continue


@pytest.mark.parametrize("cut", range(len(pack([ONE]))))
def test_cut_anywhere_it_is_refused(cut):
    with pytest.raises(MediaRefused):
        unpack(pack([ONE])[:cut])


def test_more_bytes_than_tracks_are_refused():
    with pytest.raises(MediaRefused):
        unpack(pack([ONE]) + b"\0")


def test_two_of_one_name_are_refused():
    with pytest.raises(MediaRefused):
        unpack(pack([ONE, ONE]))


@pytest.mark.parametrize(
    "key",
    [
        Key(900, 0, 0, 0, 5),
        Key(900, 9000, 0, 1001, 5),
        Key(5, 1, 2, 3, 4),
        Key(MAX_US + 1, 0, 0, 1, 1),
    ],
)
def test_what_is_outside_or_out_of_order_is_refused(key):
    with pytest.raises(MediaRefused):
        unpack(pack([Track("face-1", Sort.FACE, (ONE.keys[0], key), ONE.bases, 0.5)]))
