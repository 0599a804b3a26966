from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.domain.clocks import (
    BILLION,
    SECOND,
    Offset,
    Source,
    iso,
    parse_naive,
    parse_offset,
    parse_reading,
    real_time,
    through,
)

NOON = parse_naive("2021-03-04 12:00:00")
DAY = 86400 * SECOND


def test_nothing_known_is_unknown_and_not_guessed():
    assert real_time(NOON, []) is None
    reckoned = Offset(5 * SECOND, 1, Source.CONTAINER)
    assert real_time(NOON, [reckoned, Offset(1, 1, Source.FILE)]) is None


def test_a_persons_word_makes_real_time_with_its_uncertainty():
    told = real_time(NOON, [Offset(-90 * SECOND, 2 * SECOND)])
    assert told is not None
    assert (told.at_us, told.uncertainty_us) == (NOON - 90 * SECOND, 2 * SECOND)
    assert told.source is Source.PERSON


def test_the_newest_word_that_covers_it_counts():
    old, new = Offset(SECOND, 0, order=1), Offset(2 * SECOND, 0, order=2)
    other = Offset(9 * SECOND, 0, since=NOON + 1, order=3)
    assert real_time(NOON, [new, old, other]).at_us == NOON + 2 * SECOND


def test_between_two_words_both_remain_possible():
    before = Offset(10 * SECOND, SECOND, until=NOON - DAY)
    after = Offset(20 * SECOND, 2 * SECOND, since=NOON + DAY)
    told = real_time(NOON, [before, after])
    assert told.at_us == NOON + 15 * SECOND
    assert told.uncertainty_us == 7 * SECOND
    for offset in (10, 20):  # wherever the clock was set in between
        assert abs(NOON + offset * SECOND - told.at_us) <= told.uncertainty_us
    assert real_time(NOON, [before]) is None
    assert real_time(NOON, [after]) is None


def test_words_of_different_zones_are_not_drawn_into_one():
    before = Offset(0, 0, until=NOON - 1, zone="Europe/Moscow")
    assert real_time(NOON, [before, Offset(0, 0, since=NOON + 1)]) is None


def test_a_zone_is_taken_off():
    told = real_time(NOON, [Offset(0, 0, zone="Europe/Moscow")])
    assert iso(told.at_us, zone=True) == "2021-03-04T09:00:00.000Z"


@pytest.mark.parametrize("naive", ["2021-10-31 02:30:00", "2021-03-28 02:30:00"])
def test_the_hour_that_comes_twice_or_never_is_owned_up_to(naive):
    told = real_time(parse_naive(naive), [Offset(0, SECOND, zone="Europe/Berlin")])
    assert told.uncertainty_us == 3601 * SECOND


def test_drift_counts_from_where_it_was_known():
    told = real_time(NOON + DAY, [Offset(0, 0, drift=10e-6, at_us=NOON)])
    assert told.at_us == NOON + DAY + 864_000


def test_a_drift_that_is_not_sure_is_less_sure_far_away():
    word = Offset(0, SECOND, drift=10e-6, at_us=NOON, drift_doubt=5e-6)
    doubts = [real_time(NOON + days * DAY, [word]).uncertainty_us for days in (-2, 0, 2)]
    assert doubts == [1_864_000, SECOND, 1_864_000]


def test_between_words_that_drift_it_goes_from_where_the_one_got_to():
    before = Offset(0, 0, until=NOON, drift=SECOND / DAY, at_us=NOON - 2 * DAY)  # 2 s at its end
    after = Offset(6 * SECOND, 0, since=NOON + DAY)
    told = real_time(NOON + DAY // 2, [before, after])
    assert (told.at_us, told.uncertainty_us) == (NOON + DAY // 2 + 4 * SECOND, 2 * SECOND)


def test_two_readings_tell_a_drift():
    first, second = (NOON, NOON + 10 * SECOND), (NOON + 10 * DAY, NOON + 10 * DAY + 30 * SECOND)
    told = through([second, first], 2 * SECOND)
    assert (told.at_us, told.offset_us) == (NOON + 5 * DAY, 20 * SECOND)
    assert told.ppb == 2 * BILLION // 86400
    assert told.doubt_ppb == -(-4 * BILLION // (10 * 86400))


BURNT = st.integers(0, 1 << 52)
ERROR = st.integers(-3 * SECOND, 3 * SECOND)


@given(
    BURNT, st.integers(3600 * SECOND, 1 << 50), ERROR, ERROR, BURNT, st.integers(-40_000, 40_000)
)
def test_the_truth_is_within_what_two_readings_tell(at, apart, one, other, asked, ppm):
    """Whatever both readings were wrong by, within their uncertainty."""

    def real(burnt):
        return burnt + 7 * SECOND + ppm * (burnt - at) // 1_000_000

    readings = [(at, real(at) + one), (at + apart, real(at + apart) + other)]
    told = through(readings, 3 * SECOND)
    word = Offset(
        told.offset_us, 3 * SECOND, at_us=told.at_us, drift=told.ppb / BILLION,
        drift_doubt=told.doubt_ppb / BILLION,
    )  # fmt: skip
    found = real_time(asked, [word])
    rounding = 10 + abs(asked - at) // (BILLION // 4)
    assert abs(found.at_us - real(asked)) <= found.uncertainty_us + rounding
    for burnt, _ in readings:
        assert real_time(burnt, [word]).uncertainty_us <= 6 * SECOND + 1 + apart // BILLION


def test_readings_of_one_moment_tell_none():
    with pytest.raises(ValueError, match="one moment"):
        through([(NOON, 1), (NOON, 2)], 0)


@pytest.mark.parametrize(
    "text", ["", "2021-03-04", "2021-03-04=", "=2021-03-04", "a=b", "2021-03-04=2021-03-04T00:00Z"]
)
def test_what_is_no_reading_is_refused(text):
    with pytest.raises(ValueError):
        parse_reading(text)


def test_a_reading_is_read():
    assert parse_reading("2021-03-04 12:00 = 2021-03-04 12:00:37.5") == (NOON, NOON + 37_500_000)


@given(st.integers(-(1 << 61), 1 << 61))
def test_no_time_breaks_it(naive):
    told = real_time(naive, [Offset(0, 0, zone="Europe/Moscow")])
    assert told is not None
    iso(told.at_us, zone=True)


OFFSETS = [
    ("+00:00:55.8", 55_800_000),
    ("-3:00:00", -3 * 3600 * SECOND),
    ("90", 90 * SECOND),
    ("-0.25", -250_000),
    ("1:30", 90 * SECOND),
    ("100:00:00", 360_000 * SECOND),
]


@pytest.mark.parametrize(("text", "us"), OFFSETS)
def test_offsets_are_read(text, us):
    assert parse_offset(text) == us


@pytest.mark.parametrize(
    "text", ["", "+", "1:60:00", "1:2:3:4", "a", "1:0x:0", "--1", "1.2.3", "١", "1e5"]
)
def test_what_is_no_offset_is_refused(text):
    with pytest.raises(ValueError):
        parse_offset(text)


@given(st.integers(-(10**12), 10**12))
def test_any_offset_reads_back(us):
    sign, whole = "-" if us < 0 else "+", abs(us)
    seconds, fraction = divmod(whole, SECOND)
    text = f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:06}"
    assert parse_offset(text) == us


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2021-03-04T12:00:00Z", "2021-03-04T12:00:00+03:00"]
)
def test_what_is_no_naive_time_is_refused(text):
    with pytest.raises(ValueError):
        parse_naive(text)


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)))
def test_naive_times_read_back(moment):
    whole = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    us = parse_naive(whole.isoformat(" "))
    assert iso(us, zone=False) == whole.isoformat(timespec="milliseconds")
    assert (
        us
        == round(
            (whole.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000
        )
        * 1000
    )


def test_times_outside_the_calendar_are_none():
    assert iso(1 << 62, zone=True) is None
    assert iso(None, zone=True) is None
