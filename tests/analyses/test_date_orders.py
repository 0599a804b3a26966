from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from daylight.analyses.date_orders import order_of, said, told
from daylight.domain.burnt_clock import BurntClock, ClockPiece, Ticking
from daylight.domain.clocks import HOUR, SECOND, Source, iso, parse_naive

DAY_FIRST, MONTH_FIRST = "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S"


def clock(date: str, *, layout: str = MONTH_FIRST, seconds: int = 60) -> BurntClock:
    """As it was read by ``layout``; the other order is as good."""
    other = DAY_FIRST if layout == MONTH_FIRST else MONTH_FIRST
    piece = ClockPiece(0, seconds * SECOND, parse_naive(f"{date} 12:00:00"), 500_000, 9, 0.95)
    return BurntClock(Ticking.EVEN, (piece,), 9, 9, layout, (other,), confidence=0.95)


def at(date: str, hours: int = 12) -> int:
    return parse_naive(f"{date} 00:00:00") + hours * HOUR


def first(clocks, outside, item=1):
    made, source = told(clocks, outside)[item]
    assert made.others == ()
    return iso(made.pieces[0].naive_us, zone=False)[:10], source


def test_another_clock_tells_march_from_april():
    clocks = {1: clock("2021-03-04"), 2: clock("2021-05-06")}
    outside = {1: [(Source.FILE, at("2021-04-03"))]}
    assert first(clocks, outside) == ("2021-04-03", Source.FILE)
    assert first(clocks, outside, 2) == ("2021-06-05", Source.FILE)
    stays = {1: [(Source.CONTAINER, at("2021-03-04", hours=36))]}
    assert first(clocks, stays) == ("2021-03-04", Source.CONTAINER)


def test_a_copy_made_later_says_nothing():
    assert told({1: clock("2021-03-04")}, {1: [(Source.FILE, at("2021-03-16"))]}) == {}
    assert told({1: clock("2021-03-04")}, {}) == {}


def test_a_date_that_reads_alike_both_ways_has_no_vote():
    assert told({1: clock("2021-04-04")}, {1: [(Source.FILE, at("2021-04-04"))]}) == {}


def test_votes_must_agree():
    clocks = {n: clock("2021-03-04") for n in range(1, 11)}
    outside = {n: [(Source.FILE, at("2021-04-03"))] for n in range(1, 11)}
    outside[3] = [(Source.FILE, at("2021-03-04"))]
    assert len(told(clocks, outside)) == 10
    for n in (4, 5, 6):
        outside[n] = [(Source.FILE, at("2021-03-04"))]
    assert told(clocks, outside) == {}


def test_what_was_told_already_is_left_alone():
    sure = replace(clock("2021-03-04"), others=())
    assert told({1: sure}, {1: [(Source.FILE, at("2021-04-03"))]}) == {}


@given(
    st.dictionaries(
        st.integers(0, 9), st.dates().filter(lambda day: day.day <= 12 and day.year > 1)
    ),
    st.dictionaries(st.integers(0, 9), st.integers(-(1 << 55), 1 << 55)),
)
def test_only_the_order_may_change(dates, outside):
    clocks = {n: clock(day.isoformat()) for n, day in dates.items()}
    times = {n: [(Source.FILE, us)] for n, us in outside.items()}
    for n, (made, _) in told(clocks, times).items():
        day = dates[n]
        shown = iso(made.pieces[0].naive_us, zone=False)[:10]
        assert shown in {day.isoformat(), f"{day.year:04}-{day.day:02}-{day.month:02}"}
        assert made.pieces[0].length_us == clocks[n].pieces[0].length_us


def test_a_person_says_the_order():
    clocks = {1: clock("2021-03-04"), 2: replace(clock("2021-05-16"), others=())}
    made = said(clocks, "dmy")
    assert iso(made[1].pieces[0].naive_us, zone=False)[:10] == "2021-04-03"
    assert (list(made), made[1].others) == ([1], ())  # what has one reading only stays
    assert said(clocks, "ymd") == {}


def test_the_order_of_a_form():
    forms = ("%d.%m.%y %H:%M:%S", "%Y-%m-%d %I:%M:%S %p", "%H:%M:%S %m/%d/%Y")
    assert [order_of(one) for one in forms] == ["dmy", "ymd", "mdy"]
