"""Following a patch: where it goes, and how it says that it is gone."""

import numpy as np

from daylight.detectors.following import follow

RNG = np.random.default_rng(5)
GROUND = np.repeat(RNG.integers(0, 90, (200, 300, 1)), 3, axis=2).astype(np.uint8)
PIECE = np.repeat(RNG.integers(100, 255, (10, 8, 1)), 3, axis=2).astype(np.uint8)
PIECE = np.kron(PIECE, np.ones((4, 4, 1), np.uint8))  # 40 by 32
STILL = np.zeros(2, np.float32)


def shown(left, top):
    picture = GROUND.copy()
    picture[top : top + 40, left : left + 32] = PIECE
    return picture


def box(left, top):
    return np.array([left, top, left + 32, top + 40], np.float32)


def test_it_is_followed():
    places = [(50 + 5 * n, 60 + 3 * n) for n in range(10)]
    led = follow([shown(*place) for place in places], box(*places[0]), STILL)
    expected = np.stack([box(*place) for place in places])
    assert np.abs(led.boxes - expected).max() <= 2
    assert led.likeness.min() > 0.6


def test_quicker_than_its_reach_where_it_is_foretold():
    places = [(20 + 30 * n, 60) for n in range(6)]
    led = follow([shown(*place) for place in places], box(20, 60), np.array([30, 0], np.float32))
    assert np.abs(led.boxes[-1] - box(170, 60)).max() <= 3


def test_what_is_gone_is_not_like_it():
    led = follow([shown(50, 60), GROUND, GROUND], box(50, 60), STILL)
    assert led.likeness[0] == 1
    assert led.likeness[1:].max() < 0.6


def test_at_the_rim_and_beyond_nothing_breaks():
    led = follow([GROUND] * 3, np.array([280, 190, 320, 230], np.float32), STILL)
    assert led.boxes.shape == (3, 4)
    assert np.isfinite(led.boxes).all()


def test_what_is_even_all_over_gives_no_numbers_that_are_none():
    even = np.full((100, 100, 3), 80, np.uint8)
    led = follow([even] * 3, np.array([10, 10, 12, 13], np.float32), STILL)
    assert np.isfinite(led.likeness).all()
