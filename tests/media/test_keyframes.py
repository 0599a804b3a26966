from array import array
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.errors import MediaRefused
from daylight.media.keyframes import MAGIC, KeyFrameIndex, looked_at, pack, unpack

TICKS = st.integers(-(1 << 63), (1 << 63) - 1)
ROWS = st.lists(st.tuples(TICKS, TICKS, TICKS, TICKS, TICKS), max_size=50)


def index_of(rows, base=Fraction(1, 90_000)) -> KeyFrameIndex:
    columns = [array("q", column) for column in zip(*rows, strict=True)] or [array("q")] * 5
    return KeyFrameIndex(0, base, *columns)


@given(ROWS, st.integers(0, 2**32 - 1), st.integers(1, 2**31), st.integers(1, 2**31))
def test_what_is_packed_is_unpacked(rows, stream, over, under):
    made = index_of(rows, Fraction(over, under))
    again = unpack(pack(KeyFrameIndex(stream, made.time_base, *made.columns())))
    assert (again.stream, again.time_base) == (stream, Fraction(over, under))
    assert [list(c) for c in again.columns()] == [list(c) for c in made.columns()]


@given(st.binary(max_size=300))
def test_other_bytes_are_refused(data):
    for blob in (data, MAGIC + data):
        try:
            assert len(unpack(blob)) * 40 < len(blob)
        except MediaRefused:
            pass


@given(ROWS, st.integers(0, 3000))
def test_a_cut_index_is_refused(rows, cut):
    blob = pack(index_of(rows))
    with pytest.raises(MediaRefused):
        unpack(blob[: cut % len(blob)])
    with pytest.raises(MediaRefused):
        unpack(blob + b"\0")


def test_sparse_key_frames_are_all_looked_at_and_dense_ones_once_a_second():
    sparse = index_of([(n * 2, 0, 0, 0, 0) for n in range(9)], Fraction(1))
    dense = index_of([(n, 0, 0, 0, 0) for n in range(80)], Fraction(1, 8))
    assert looked_at(sparse) == list(range(9))
    assert looked_at(dense) == list(range(0, 80, 8))
