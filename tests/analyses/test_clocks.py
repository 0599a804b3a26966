"""The whole way from a film to what its clock says, on a font and layouts that everybody has."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import numpy as np
import pytest

from daylight.domain.burnt_clock import Ticking
from tests.analyses.clock_films import START, Look, crops, film, read, right

LAYOUTS = [
    "%d.%m.%Y %H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%m-%d-%Y %I:%M:%S %p",
    "%d.%m.%y %H:%M:%S",
    "%Y/%m/%d %a %H:%M:%S",
    "%H:%M:%S %d-%m-%Y",
]


def ticking(at):
    return START + timedelta(seconds=float(at))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_are_read_exactly(layout):
    reading = read(film(Look(layout=layout)))
    assert reading.clock.ticking is Ticking.EVEN
    assert right(reading, ticking) == reading.clock.seen == 10
    (piece,) = reading.clock.pieces
    assert abs(piece.naive_us - int(START.timestamp() * 1e6)) <= piece.uncertainty_us + 100_000
    assert reading.clock.confidence >= 0.9
    assert not [one for one in reading.clock.others if one.startswith("%m")]  # the 14th is no month


@pytest.mark.parametrize("style", ["halo", "box", "shadow"])
@pytest.mark.parametrize("place", ["tr", "bl", (90, 120)])
def test_styles_and_places(style, place):
    reading = read(film(Look(style=style, place=place, height=20)))
    assert right(reading, ticking) == 10


def test_dark_on_bright():
    look = Look(style="box", ink=16)
    reading = read(film(replace(look, style="bare", ink=10)))
    assert right(reading, ticking) >= 9 or reading.clock.confidence < 0.9


def test_rescaled_and_compressed():
    look = Look(size=(960, 540), height=30)
    reading = read(film(look, crf=32, scale=Fraction(1, 2)))
    assert right(reading, ticking) == 10


def test_a_time_without_a_date():
    reading = read(film(Look(layout="%H:%M:%S")))
    assert (reading.clock.ticking, reading.clock.layout) == (Ticking.EVEN, "%H:%M:%S")
    of_day = int(START.timestamp()) % 86_400
    assert reading.clock.pieces[0].naive_us // 1_000_000 == of_day


def test_day_and_month_are_said_to_be_open_where_they_are():
    other = START.replace(day=4)
    look = Look(layout="%d/%m/%Y %H:%M:%S")
    reading = read(film(look, clock=lambda at: other + timedelta(seconds=float(at))))
    assert reading.clock.layout == look.layout
    assert reading.clock.others == ("%m/%d/%Y %H:%M:%S",)


def test_midnight_tells_the_day_from_the_month():
    late = START.replace(day=4, hour=23, minute=59, second=50)
    look = Look(layout="%d-%m-%Y %H:%M:%S")
    reading = read(film(look, clock=lambda at: late + timedelta(seconds=float(at))))
    assert reading.clock.ticking is Ticking.EVEN
    assert reading.clock.others == ()


def test_jumps_make_pieces():
    def jumps(at):
        away = -3600 if at >= 10 else 0
        return START + timedelta(seconds=float(at) + away)

    reading = read(film(Look(), clock=jumps))
    assert reading.clock.ticking is Ticking.PIECES
    assert [one.media_us for one in reading.clock.pieces] == [0, 10_000_000]
    assert right(reading, jumps) == 10


def test_a_frozen_clock_is_said_to_stand():
    reading = read(film(Look(), clock=lambda at: START))
    assert reading.clock.ticking is Ticking.FROZEN
    assert reading.clock.pieces[0].naive_us // 1_000_000 == int(START.timestamp())


def test_no_clock_is_no_clock():
    assert read(film(Look(), clock=lambda at: None)).clock.ticking is Ticking.NONE
    assert read(film(Look(label=""), clock=lambda at: None)).clock.ticking is Ticking.NONE


def test_one_picture_is_not_believed():
    reading = read(film(Look(), seconds=1, rate=1))
    assert reading.clock.seen == 1
    assert reading.clock.confidence <= 0.5


def test_two_clocks_do_not_mix():
    def drawn(look):
        return film(look, clock=lambda at: START + timedelta(seconds=float(at)))

    reading = read(drawn(Look(label=START.strftime("%d.%m.%Y %H:%M:%S"))))  # the second stands
    assert right(reading, ticking) == 10


@pytest.mark.parametrize("size", [(64, 48), (16, 16), (270, 480)])
def test_small_and_portrait_pictures(size):
    reading = read(film(Look(size=size, height=14, layout="%H:%M:%S")))
    assert reading.clock.ticking in (Ticking.NONE, Ticking.UNREAD, Ticking.EVEN)
    if size[0] > 200:
        assert reading.clock.ticking is Ticking.EVEN


@pytest.mark.parametrize("cuts", [2, 3])
def test_the_same_is_read_however_it_was_cut(cuts):
    data = film(Look(), seconds=36)
    whole, cut = read(data), read(data, cuts)
    assert np.array_equal(whole.times, cut.times)
    assert np.array_equal(whole.shown, cut.shown)
    assert cut.clock.pieces[0].naive_us == whole.clock.pieces[0].naive_us


def test_a_wrong_picture_among_many_is_corrected_or_passed_over():
    """As if one picture showed another time: it is not believed."""

    def once_wrong(at):
        return START + timedelta(seconds=float(at) + (7777 if at == 8 else 0))

    reading = read(film(Look(), clock=once_wrong))
    assert reading.clock.ticking is Ticking.EVEN
    assert reading.shown.tolist().count(-1) == 1
    assert right(reading, ticking) == 9


def test_crops_are_small():
    data = film(Look())
    each = crops(data)[0]
    assert each.pixels.shape[0] == 10
    assert each.pixels.shape[1] <= 40
