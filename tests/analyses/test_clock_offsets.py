import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.analyses.clock_offsets import FEWEST, FINEST_US, Sample, estimate
from daylight.domain.clocks import SECOND, Source

DAY = 86400 * SECOND
START = 1_614_816_000 * SECOND


def samples(count: int, offset: float, drift: float, noise: float, seed: int = 1) -> list[Sample]:
    drawn = random.Random(seed)
    made = []
    for _ in range(count):
        at = START + drawn.randrange(9 * DAY)
        true = offset * SECOND + drift * (at - START) + drawn.gauss(0, noise) * SECOND
        made.append(Sample(at, round(true)))
    return made


@pytest.mark.parametrize("drift", [0.0, 40e-6, -60e-6])
def test_offset_and_drift_are_found(drift):
    found = estimate(samples(60, 55.8, drift, 0.3), Source.CONTAINER)
    true = 55.8 * SECOND + drift * (found.at_us - START)
    assert abs(found.offset_us - true) < 2 * found.spread_us
    assert found.drift == pytest.approx(drift, abs=max(3 * found.drift_spread, 2e-6))
    assert (found.samples, found.wild) == (60, 0)


def test_wild_samples_do_not_move_it():
    """A quarter of the files were copied later: their times lie days off."""
    good, drawn = samples(60, -10800, 20e-6, 0.2), random.Random(2)
    wild = [Sample(one.burnt_us, drawn.randrange(DAY, 90 * DAY)) for one in good[:15]]
    found = estimate(good[15:] + wild, Source.FILE)
    assert abs(found.offset_us + 10800 * SECOND) < 20 * SECOND
    assert found.wild == 15


def test_a_short_time_shows_no_drift():
    made = [Sample(START + n * 60 * SECOND, 5 * SECOND) for n in range(20)]
    found = estimate(made, Source.CONTAINER)
    assert (found.offset_us, found.drift) == (5 * SECOND, None)


def test_too_few_or_contradicting_samples_tell_nothing():
    assert estimate([], Source.FILE) is None
    assert estimate(samples(FEWEST - 1, 1, 0, 0), Source.FILE) is None
    drawn = random.Random(3)
    mess = [Sample(START + n * DAY, drawn.randrange(10**13)) for n in range(40)]
    assert estimate(mess, Source.FILE) is None


@given(st.lists(st.tuples(st.integers(0, 1 << 55), st.integers(-(1 << 55), 1 << 55)), max_size=40))
def test_whatever_comes_it_is_none_or_within_the_samples(pairs):
    found = estimate([Sample(*pair) for pair in pairs], Source.FILE)
    if found is not None:
        assert found.spread_us >= FINEST_US
        assert found.samples == len(pairs)
        assert found.wild * 2 < len(pairs)


@given(st.permutations(samples(9, 3, 1e-5, 0.1)))
def test_the_order_of_samples_does_not_matter(shuffled):
    assert estimate(shuffled, Source.FILE) == estimate(samples(9, 3, 1e-5, 0.1), Source.FILE)
