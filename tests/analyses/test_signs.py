"""What strikes the eye in a clock and in a name, and what does not."""

import pytest

from daylight.analyses.clock_signs import clock_signs
from daylight.analyses.name_signs import name_signs
from daylight.domain.burnt_clock import BurntClock, ClockPiece, Ticking
from daylight.domain.media import Kind

SECOND = 1_000_000


def clock(*starts: tuple[float, float], ticking=Ticking.PIECES, pace: float = 1.0) -> BurntClock:
    """Of pieces by (media seconds, what the clock shows there)."""
    pieces = tuple(
        ClockPiece(int(at * SECOND), SECOND, int(shows * SECOND)) for at, shows in starts
    )
    return BurntClock(ticking=ticking, pieces=pieces, pace=pace)


def test_a_clock_that_goes_evenly_says_nothing():
    assert not [*clock_signs(clock((0, 100), ticking=Ticking.EVEN))]
    assert not [*clock_signs(BurntClock(ticking=Ticking.NONE))]
    assert not [*clock_signs(BurntClock(ticking=Ticking.UNREAD, seen=9))]


def test_jumps_are_counted_and_the_largest_is_named():
    [told] = clock_signs(clock((0, 1000), (10, 1013), (20, 900), (30, 912)))
    assert told.sign == "clock-jumps"
    assert told.values == ("3", "-0:02:03", "20.0")
    assert "-0:02:03" in told.text


def test_what_the_pace_explains_is_no_jump():
    signs = {one.sign: one for one in clock_signs(clock((0, 0), (10, 21), pace=2.0))}
    assert signs["clock-jumps"].values[1] == "+0:00:01"
    assert signs["clock-off-pace"].values == ("2.00",)


def test_a_clock_that_stands():
    assert [one.sign for one in clock_signs(BurntClock(ticking=Ticking.FROZEN))] == ["clock-frozen"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Kind.OTHER, b"RECOVERED/lost.dir/recovered_08.mp4"),
        (Kind.EMPTY, b"a.MP4"),
        (Kind.VIDEO, b"night/215542.jpg"),
        (Kind.IMAGE, b"x.avi"),
        (Kind.DOCUMENT, b"x.wav"),
    ],
)
def test_a_name_that_promises_something_else(kind, name):
    [told] = name_signs(kind, [b"harmless.bin", name])
    assert told.sign == "name-differs"
    assert b"lost" not in told.text.encode()
    assert told.values[1] == kind.value


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Kind.VIDEO, b"FILE0019"),
        (Kind.VIDEO, b"x.dat"),
        (Kind.VIDEO, b"x.mp4"),
        (Kind.AUDIO, b"x.mp4"),
        (Kind.IMAGE, b"x.jpeg"),
        (Kind.OTHER, b".mp4"),
        (Kind.OTHER, b"a.mp4/notes"),
        (Kind.OTHER, b"x.\xff\xfe"),
        (Kind.OTHER, b"x.mp4\xff"),
        (Kind.OTHER, b""),
    ],
)
def test_names_that_promise_nothing_or_the_truth(kind, name):
    told = [*name_signs(kind, [name])]
    assert not told
