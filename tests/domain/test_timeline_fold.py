from hypothesis import given
from hypothesis import strategies as st

from daylight.domain.timeline import SECOND, By, Row, Stretch, extent
from daylight.domain.timeline_fold import folded, folding, is_sparse

MINUTE, DAY = 60 * SECOND, 86400 * SECOND


def row(*spans: tuple[int, int]) -> Row:
    made = (Stretch(str(n), start, end, By.REAL) for n, (start, end) in enumerate(spans))
    return Row("c", 1, "yard", "", "", True, tuple(made))


def test_long_gaps_go_and_what_is_recorded_keeps_its_scale():
    rows = [row((0, 10 * MINUTE), (30 * DAY, 30 * DAY + 5 * MINUTE)), row((MINUTE, 11 * MINUTE))]
    how = folding(rows)
    assert [one.length for one in how.pieces] == [11 * MINUTE, 5 * MINUTE]
    assert how.end < 30 * MINUTE
    (one, later), (beside,) = (made.stretches for made in folded(rows, how))
    assert one.end - one.start == 10 * MINUTE
    assert beside.start - one.start == MINUTE
    assert later.start - beside.end == how.width
    assert is_sparse(rows)


def test_short_gaps_stay():
    rows = [row((0, 10 * MINUTE), (10 * MINUTE + SECOND, 20 * MINUTE))]
    assert len(folding(rows).pieces) == 1
    assert not is_sparse(rows)


def test_nothing_folds_to_nothing():
    assert folding([]).pieces == ()
    assert folding([]).end > 0
    assert folded([], folding([])) == []
    assert not is_sparse([row()])


SPANS = st.lists(st.tuples(st.integers(0, 400 * DAY), st.integers(1, DAY)), min_size=1, max_size=25)


@given(st.lists(SPANS, min_size=1, max_size=3))
def test_order_lengths_and_overlaps_stay_as_they_were(drawn):
    rows = [row(*((start, start + long) for start, long in spans)) for spans in drawn]
    how = folding(rows)
    before = [one for made in rows for one in made.stretches]
    after = [one for made in folded(rows, how) for one in made.stretches]
    for one, other in zip(before, after, strict=True):
        assert other.end - other.start == one.end - one.start
        assert 0 <= other.start <= other.end <= how.end
    for (one, other), (again, third) in zip(
        zip(before, after, strict=True), zip(before[1:], after[1:], strict=True), strict=False
    ):
        assert (one.start < again.start) == (other.start < third.start)
        assert (one.end <= again.start) == (other.end <= third.start)
    covered = sum(one.length for one in how.pieces)
    assert how.end <= covered * 2 + how.width
    told = extent(rows)
    assert how.at(told[0]) == how.width
