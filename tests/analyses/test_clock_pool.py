"""Pictures of one digit, laid together: surer where they are right, and not where the clock was misread."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.analyses.clock_fit import Fit, Piece
from daylight.analyses.clock_forms import Form, Order, form_of
from daylight.analyses.clock_places import find_places
from daylight.analyses.clock_pool import _confused, _Group, surer, written
from daylight.analyses.glyphs import CLASSES, NONE
from tests.analyses.clock_films import START, Look, crops, film

DATES = {"##.##.####": (10, (Order.DMY, Order.MDY)), "####-##-##": (10, (Order.YMD,)),
         "##/##/##": (8, tuple(Order))}  # fmt: skip


def form(date: str, time: str) -> Form:
    """The date, then the time."""
    places = [n for n, char in enumerate(date + time) if char == "#"]
    count = date.count("#")
    half = len(date) + time.index("a") if "a" in time else -1
    return Form(time, date, tuple(places[count:]), tuple(places[:count]), half)


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2089, 12, 31)),
    st.sampled_from([(d, o) for d, (_, orders) in DATES.items() for o in orders]),
    st.sampled_from(["##:##:##", "##:##:##aM", "##:##"]),
)
def test_digits_are_those_that_strftime_writes(moment, date, time):
    text, order = date
    one = form(text, time)
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    told = written(np.array([int(moment.timestamp())]), one, order)[0]
    layout = one.layout(order).replace("%p", "")
    assert "".join(map(str, told)) == "".join(c for c in moment.strftime(layout) if c.isdigit())


@pytest.fixture(scope="module")
def line():
    start = START.replace(hour=15)
    data = film(Look(height=20), 20, clock=lambda at: start + timedelta(seconds=float(at)))
    (strip,) = [one for one in crops(data) if not one.still and find_places(one) is not None]
    shown = int(start.timestamp()) + strip.times // 1_000_000
    return (find_places(strip), strip), shown


def fit_of(shown, sure: float) -> Fit:
    return Fit((Piece(0, len(shown) - 1, 0, 0, len(shown), sure),), shown, frozen=False, likely=0.0)


def sure_of(found, shown, sure: float) -> float:
    return surer([found], np.arange(len(shown)), fit_of(shown, sure), Order.DMY).pieces[0].sure


def test_what_all_pictures_show_together_is_believed(line):
    found, shown = line
    assert sure_of(found, shown, 0.3) > 0.9
    assert sure_of(found, shown, 0.999) >= 0.999  # and never less than before


@pytest.mark.parametrize("off", [1, 7, 60, 3600, 86_400, -86_400 * 365])
def test_a_misread_clock_is_not_made_surer(line, off):
    found, shown = line
    assert sure_of(found, shown + off, 0.3) == 0.3


def test_what_stands_still_is_left_as_it_is(line):
    found, shown = line
    still = np.full_like(shown, shown[0])
    assert sure_of(found, still, 0.3) == 0.3
    frozen = Fit(fit_of(still, 0.3).pieces, still, frozen=True, likely=0.0)
    assert surer([found], np.arange(len(still)), frozen, Order.DMY) is frozen


def test_what_no_piece_holds_is_not_looked_at(line):
    found, shown = line
    nothing = np.full_like(shown, -1)
    assert sure_of(found, nothing, 0.3) == 0.3


def test_a_digit_that_another_is_taken_for_is_doubted():
    """The going clock must show a 5 and the network says 6: then a 6 that stands may be a 5."""
    one = form("", "##:##:##")
    said = np.full((3, NONE + 1), -9.0, np.float32)
    said[0, 6] = said[1, 6] = said[2, 3] = 0.0
    alike, mean = np.ones(4, bool), np.zeros((20, 16), np.float32)
    hour, going, other = (1, 6), (7, 5), (6, 3)
    groups = [_Group(*which, alike, mean) for which in (hour, going, other)]
    assert _confused(groups, said, one)
    assert not _confused([groups[0]._replace(value=0), *groups[1:]], said, one)
    assert not _confused([groups[0], groups[1]._replace(value=6), groups[2]], said, one)


def classes_of(text: str, sure: float = 0.95) -> np.ndarray:
    made = np.full((len(text), NONE + 1), (1 - sure) / NONE, np.float32)
    for n, char in enumerate(text):
        made[n, CLASSES.index(char)] = sure
    return made


def test_the_first_stem_of_a_wide_m_is_passed_over():
    found = form_of(classes_of("03/04/202604:50:03P1M"))
    assert (found.time, found.half, found.doubtful) == ("##:##:##aM", 18, False)
    assert found.time_at == (10, 11, 13, 14, 16, 17)
    assert form_of(classes_of("03/04/202604:50:03PM")).half == 18


def test_an_m_that_stands_alone_after_a_time_makes_it_doubtful():
    found = form_of(classes_of("03/04/202604:50:0344M"))
    assert (found.half, found.doubtful) == (-1, True)
    assert not form_of(classes_of("03/04/202604:50:03")).doubtful
