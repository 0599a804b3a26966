from hypothesis import given
from hypothesis import strategies as st

from daylight.domain.sameness import ActiveSpan
from daylight.domain.timeline import (
    LANES,
    SECOND,
    By,
    Gap,
    Mark,
    Row,
    Stretch,
    coverage,
    extent,
    gaps,
    lanes,
    runs,
)

HOUR = 3600 * SECOND


def stretch(start: int, end: int, by: By = By.REAL, **more) -> Stretch:
    return Stretch(more.pop("item", f"{start}"), start, end, by, **more)


def row(*stretches: Stretch) -> Row:
    return Row("c", 1, "yard", "site", "", True, stretches)


def test_gaps_lie_between_what_one_clock_covers():
    held = row(
        stretch(0, 10 * SECOND), stretch(8 * SECOND, 20 * SECOND), stretch(50 * SECOND, HOUR)
    )
    assert gaps(held) == [Gap(20 * SECOND, 50 * SECOND)]


def test_clocks_are_not_mixed():
    """What the container says does not fill a gap of the burnt-in clock, nor make one."""
    held = row(
        stretch(0, 10, By.BURNT),
        stretch(HOUR, HOUR + 10, By.BURNT),
        stretch(10, HOUR, By.CONTAINER),
        stretch(9 * HOUR, 9 * HOUR + 1, By.CONTAINER),
    )
    assert held.by is By.BURNT
    assert gaps(held) == [Gap(10, HOUR)]


def test_overlaps_get_lanes():
    held = [stretch(0, 10), stretch(5, 15), stretch(6, 20), stretch(7, 30), stretch(12, 40)]
    assert [lane for lane, _ in lanes(held)] == [0, 1, 2, 2, 0]


def test_a_single_one_can_be_opened_and_many_small_ones_become_one():
    held = row(
        stretch(0, HOUR),
        *(stretch(2 * HOUR + n * SECOND, 2 * HOUR + n * SECOND + 1) for n in range(60)),
    )
    found = runs(held, (0, 4 * HOUR), 400)
    assert [(one.first, one.last, one.count) for one in found][0] == (0, 100, 1)
    assert found[0].only == held.stretches[0]
    assert sum(one.count for one in found) == 61
    assert len(found) == 2
    near = runs(held, (2 * HOUR, 2 * HOUR + 60 * SECOND), 6000)
    assert len(near) == 60


def test_marks_of_any_show_and_only_what_all_confirm_is_confirmed():
    sure, broken = Mark.CONFIRMED, Mark.CONFIRMED | Mark.DAMAGED
    one = runs(row(stretch(0, 1, marks=sure), stretch(2, 3, marks=broken)), (0, HOUR), 100)
    assert (len(one), one[0].marks) == (1, broken)
    other = runs(row(stretch(0, 1, marks=sure), stretch(2, 3, By.BURNT)), (0, HOUR), 100)
    assert (other[0].marks, other[0].by) == (Mark.NONE, By.BURNT)


def test_activity_lies_where_it_was():
    seen = stretch(0, 100, activity=(ActiveSpan(20, 30, 1.0), ActiveSpan(90, 10, 0.01)))
    (one,) = runs(row(seen), (0, 100), 10)
    assert one.levels == "0099900001"
    (half,) = runs(row(stretch(0, 100, activity=(ActiveSpan(0, 25, 1.0),))), (0, 100), 2)
    assert half.levels == "44"  # a quarter of all, in columns too few to tell where
    (later,) = runs(row(seen), (50, 150), 10)
    assert (later.first, later.last, later.levels) == (0, 5, "00001")
    (blind,) = runs(row(stretch(0, 100)), (0, 100), 10)
    assert blind.levels == ""


def test_a_piece_of_an_export_shows_the_activity_of_that_piece():
    piece = stretch(1000, 1100, media_us=500, activity=(ActiveSpan(0, 520, 1.0),))
    (one,) = runs(row(piece), (1000, 1100), 10)
    assert one.levels == "9900000000"


def test_nothing_has_no_extent():
    assert extent([]) is None
    assert extent([row()]) is None
    assert row().by is None


STRETCHES = st.lists(
    st.tuples(st.integers(-1000, 1000), st.integers(1, 400), st.sampled_from(By)), max_size=30
)


@given(STRETCHES, st.integers(-1100, 1100), st.integers(1, 2000), st.integers(1, 300))
def test_every_stretch_in_the_window_is_drawn_once(drawn, begin, length, columns):
    held = sorted(
        (
            stretch(start, start + long, by, item=str(n))
            for n, (start, long, by) in enumerate(drawn)
        ),
        key=lambda one: one.start,
    )
    window = (begin, begin + length)
    found = runs(row(*held), window, columns)
    inside = [one for one in held if one.end > window[0] and one.start < window[1]]
    assert sum(one.count for one in found) == len(inside)
    for one in found:
        assert 0 <= one.first < one.last <= columns
        assert 0 <= one.lane < LANES
        assert (one.only is not None) == (one.count == 1)
        assert one.levels == ""


@given(STRETCHES)
def test_cover_and_gaps_fill_the_extent(drawn):
    held = row(*(stretch(start, start + long, by) for start, long, by in drawn))
    if held.by is None:
        return
    covered = coverage(held.stretches, held.by)
    assert all(one[0] < one[1] < other[0] for one, other in zip(covered, covered[1:], strict=False))
    between = gaps(held, 1)
    total = sum(b - a for a, b in covered) + sum(one.end - one.start for one in between)
    assert total == covered[-1][1] - covered[0][0]
