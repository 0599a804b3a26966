"""Recordings side by side: by one clock or not at all."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.domain.timeline import SECOND, By, Row, Stretch
from daylight.domain.together import MOST, together

HOUR = 3600 * SECOND


def real(item: str, at: int, length: int = 60, media: int = 0, **more) -> Stretch:
    start = at * SECOND
    end = start + length * SECOND
    return Stretch(item, start, end, By.REAL, media * SECOND, real_us=start, **more)


def burnt(item: str, at: int, length: int = 60) -> Stretch:
    start = at * SECOND
    return Stretch(item, start, start + length * SECOND, By.BURNT, burnt_us=start)


def camera(
    number: int, *stretches: Stretch, facility: str = "IK-1", site: int | None = None
) -> Row:
    return Row(f"c{number}", number, f"camera {number}", facility, "", True, stretches, site)


def test_others_lie_on_our_media_time():
    rows = [
        camera(1, real("a", 100)),
        camera(2, real("c", 130)),
        camera(3, real("b", 90, media=5)),
        camera(4, real("d", 160)),
    ]
    found = together(rows, "a", 10 * SECOND)
    assert found.clock_us == 110 * SECOND
    assert [one.item for one in found.shown] == ["a", "b", "c"]  # c begins later
    other = found.shown[1]
    assert other.shift_us == 15 * SECOND  # at our 10 it plays its 25: 20 seconds in, from its 5 on
    assert (other.from_us, other.to_us) == (-10 * SECOND, 50 * SECOND)
    assert [row.number for row in found.silent] == [4]
    assert [one.item for one in together(rows, "a", 40 * SECOND).shown] == ["a", "c", "b"]


def test_only_cameras_of_the_same_place():
    rows = [
        camera(1, real("a", 0)),
        camera(2, real("b", 0), facility="IK-2"),
        camera(3, real("c", 0), facility="", site=1),
    ]
    assert [one.item for one in together(rows, "a", 0).shown] == ["a"]
    unnamed = [replace(row, facility="", site=row.number != 2) for row in rows]
    assert [one.item for one in together(unnamed, "a", 0).shown] == ["a", "c"]
    unknown = [replace(row, facility="", site=None) for row in rows]
    assert [one.item for one in together(unknown, "a", 0).shown] == ["a"]


def test_clocks_are_not_mixed():
    mine = real("a", 100, burnt_us=500 * SECOND)
    rows = [camera(1, mine), camera(2, burnt("b", 495)), camera(3, burnt("c", 100))]
    found = together(rows, "a", 0)
    assert [(one.item, one.by) for one in found.shown[1:]] == [("b", By.BURNT)]
    assert found.shown[1].shift_us == 5 * SECOND
    alone = [camera(1, real("a", 100)), camera(2, burnt("b", 100))]
    assert len(together(alone, "a", 0).shown) == 1
    container = Stretch("x", 0, HOUR, By.CONTAINER, container_us=0)
    assert together([camera(1, container), camera(2, container)], "x", 0) is None
    assert together([camera(0, real("a", 0))], "a", 0) is None


def test_what_was_put_together_from_pieces_is_taken_where_it_plays():
    rows = [
        camera(1, real("a", 0, length=30), real("a", 1000, length=30, media=30)),
        camera(2, real("b", 1000)),
    ]
    assert len(together(rows, "a", 10 * SECOND).shown) == 1
    found = together(rows, "a", 40 * SECOND)
    assert found.shown[1].shift_us == -30 * SECOND


@pytest.mark.parametrize("count", [3, 9, 20])
def test_no_more_than_nine_and_the_rest_is_counted(count):
    rows = [camera(n, real(f"i{n}", 0)) for n in range(1, count + 1)]
    found = together(rows, "i2", 0)
    assert found.shown[0].item == "i2"
    assert len(found.shown) == min(MOST, count)
    assert found.further == max(0, count - MOST)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 59))
def test_both_show_the_same_moment_and_it_holds_the_other_way_round(one, other, at):
    rows = [camera(1, real("a", one)), camera(2, real("b", other))]
    found = together(rows, "a", at * SECOND)
    if len(found.shown) == 2:
        theirs = at * SECOND + found.shown[1].shift_us
        assert one * SECOND + at * SECOND == other * SECOND + theirs
        back = together(rows, "b", theirs)
        assert back.shown[1].shift_us == -found.shown[1].shift_us
    else:
        assert abs(one - other) >= 60
