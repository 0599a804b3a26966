"""Day or month: told by another recording, by what differs, or not at all."""

from datetime import UTC, datetime

import pytest

from daylight.analyses.clock_orders import reread, settled
from daylight.domain.burnt_clock import BurntClock, ClockPiece, Ticking

DMY, MDY = "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S"


def clock(*dates, layout=DMY, others=(MDY,), confidence=0.99):
    pieces = tuple(
        ClockPiece(0, 1, int(datetime(*date, 12, tzinfo=UTC).timestamp() * 1e6)) for date in dates
    )
    return BurntClock(Ticking.EVEN, pieces, 1, 1, layout, others, confidence=confidence)


def dates(one):
    return [datetime.fromtimestamp(p.naive_us / 1e6, UTC).date().isoformat() for p in one.pieces]


def test_another_recording_tells():
    told = settled({1: clock((2021, 3, 4)), 2: clock((2021, 3, 14), others=())})
    assert {key: dates(one) for key, one in told.items()} == {1: ["2021-03-04"]}
    told = settled({1: clock((2021, 3, 4)), 2: clock((2021, 4, 14), layout=MDY, others=())})
    assert dates(told[1]) == ["2021-04-03"]
    assert (told[1].layout, told[1].others) == (MDY, ())


def test_what_differs_is_the_day():
    days = {n: clock((2021, 3, n)) for n in (4, 5, 8, 9)}
    assert {one.layout for one in settled(days).values()} == {DMY}
    months = {n: clock((2021, n, 3)) for n in (4, 5, 8, 9)}
    assert {one.layout for one in settled(months).values()} == {MDY}
    assert dates(settled(months)[8]) == ["2021-03-08"]


def test_few_recordings_tell_nothing():
    assert settled({n: clock((2021, 3, n)) for n in (4, 5, 8)}) == {}
    assert settled({}) == {}


def test_what_is_not_sure_tells_nothing_of_others():
    doubtful = clock((2021, 3, 14), others=(), confidence=0.5)
    assert settled({1: clock((2021, 3, 4)), 2: doubtful}) == {}


def test_recordings_that_contradict_one_another_tell_nothing():
    both = {
        1: clock((2021, 3, 4)),
        2: clock((2021, 3, 14), others=()),
        3: clock((2021, 3, 14), layout=MDY, others=()),
    }
    assert settled(both) == {}


def test_another_reading_of_the_same_digits():
    one = clock((2021, 3, 4), (2021, 3, 5))
    other = reread(one, MDY)
    assert dates(other) == ["2021-04-03", "2021-05-03"]
    assert reread(other, DMY) == one
    with pytest.raises(ValueError):
        reread(clock((2021, 3, 14)), MDY)
