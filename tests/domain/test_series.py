import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.domain.sameness import ActiveSpan
from daylight.domain.series import MAGIC, MOST, active_spans


def series(rows: list[tuple[int, int, int]], columns: int = 3) -> bytes:
    starts, ends = [r[0] for r in rows], [r[1] for r in rows]
    head = struct.pack(f"<IH{2 * len(rows)}q", len(rows), columns, *starts, *ends)
    return MAGIC + head + b"".join(bytes([r[2]]) + bytes(columns - 1) for r in rows)


def test_what_moves_is_told_and_what_is_still_is_not():
    rows = [(0, 10, 3), (10, 20, 60), (20, 30, 62), (30, 40, 0), (40, 50, 120)]
    assert active_spans(series(rows)) == [ActiveSpan(10, 20, 62 / 120), ActiveSpan(40, 10, 1.0)]


def test_a_clock_that_runs_back_makes_no_span():
    assert active_spans(series([(50, 20, 100)])) == []


def test_very_many_become_few():
    rows = [(n * 10_000_000, n * 10_000_000 + 1_000_000, 100) for n in range(5000)]
    found = active_spans(series(rows))
    assert 0 < len(found) <= MOST
    assert found[0].media_us == 0
    assert found[-1].media_us + found[-1].length_us == rows[-1][1]


@pytest.mark.parametrize("cut", [0, 5, len(MAGIC), len(MAGIC) + 6, -1])
def test_what_is_cut_is_refused(cut):
    whole = series([(0, 10, 30), (10, 20, 30)])
    with pytest.raises(ValueError):
        active_spans(whole[:cut])


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_or_read(data):
    for blob in (data, MAGIC + data):
        try:
            active_spans(blob)
        except ValueError:
            continue
        assert blob == MAGIC + data
