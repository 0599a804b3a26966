import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.detectors.series import (
    Series,
    joined,
    pack,
    pack_spans,
    seconds_of,
    spans,
    unpack,
)
from daylight.domain.series import MAGIC
from daylight.errors import MediaRefused

times = st.integers(-(1 << 62), 1 << 62)


def series(rows: list[tuple[int, int, int]]) -> Series:
    table = np.array(rows, np.int64).reshape(-1, 3)
    return Series(table[:, 0], table[:, 1], table[:, 2:].astype(np.uint8))


@given(st.lists(st.tuples(times, times, st.integers(0, 255)), max_size=20))
def test_what_is_packed_is_unpacked(rows):
    made = series(rows)
    back = unpack(pack(made))
    assert back.starts.tolist() == made.starts.tolist()
    assert back.ends.tolist() == made.ends.tolist()
    assert back.values.tolist() == made.values.tolist()


@given(st.binary(max_size=80))
def test_anything_else_is_refused(data):
    for lie in (data, MAGIC + data):
        try:
            unpack(lie)
        except MediaRefused:
            continue
        assert pack(unpack(lie)) == lie


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_series_cut_short_is_refused(cut):
    data = pack(series([(0, 1, 2), (1, 2, 3)]))
    with pytest.raises(MediaRefused):
        unpack(data[:-cut])
    with pytest.raises(MediaRefused):
        unpack(data + b"x" * cut)


def test_a_series_that_says_it_is_huge_is_refused_before_it_is_read():
    with pytest.raises(MediaRefused, match="larger"):
        unpack(MAGIC + b"\xff\xff\xff\xff\x01\x00")


def test_times_and_rows_must_be_as_many():
    with pytest.raises(ValueError, match="as many"):
        pack(Series(np.zeros(1, np.int64), np.zeros(2, np.int64), np.zeros((2, 1), np.uint8)))


def test_neighbours_are_one_span_and_what_runs_back_is_none():
    made = series([(0, 10, 1), (10, 20, 1), (20, 30, 0), (33, 40, 1), (50, 45, 1)])
    chosen = made.values[:, 0] > 0
    assert spans(made, chosen) == [(0, 20), (33, 40)]
    assert spans(made, chosen, gap_us=15) == [(0, 40)]
    assert seconds_of([(0, 1_500_000), (2_000_000, 2_250_000)]) == 1.75


def test_parts_end_to_end_and_none_at_all():
    one, other = series([(0, 1, 2)]), series([(1, 2, 3)])
    assert joined([one, other], 1).values.tolist() == [[2], [3]]
    assert len(joined([], 7).values) == 0
    assert unpack(pack_spans([(1, 2)])).ends.tolist() == [2]
    assert len(unpack(pack_spans([])).ends) == 0
