"""Where a picture changed, and whether it is another shot."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.detectors.changes import (
    areas,
    around,
    blocks,
    changed,
    is_cut,
    size,
    spread,
    stride,
    touched,
)

RNG = np.random.default_rng(2)


def noisy(pixels, sigma=3.0):
    return np.clip(pixels + RNG.normal(0, sigma, pixels.shape), 0, 255).astype(np.uint8)


GROUND = np.kron(RNG.integers(40, 200, (24, 40, 1)), np.ones((16, 16, 3))).astype(np.uint8)


def test_noise_is_no_change():
    assert not changed(blocks(noisy(GROUND)), blocks(noisy(GROUND))).any()


@pytest.mark.parametrize("width", [320, 640, 1280, 1920])
def test_what_moved_is_framed(width):
    before = np.full((width // 2 // 32 * 32, width, 3), 90, np.uint8)
    after = before.copy()
    after[64:128, 96:160] = 140
    area = around(changed(blocks(before), blocks(after)), width, 0)
    side = 8 * stride(width)
    assert area is not None
    assert np.abs(np.array(area) - [96, 64, 160, 128]).max() <= side


def test_nothing_moved_is_nowhere():
    assert around(np.zeros((4, 5), bool), 320, 16) is None


def test_what_moved_far_apart_is_looked_at_apart():
    where = np.zeros((24, 40), bool)
    where[2:4, 3:5] = where[20, 30:33] = True
    found = areas(where, 320, 16)
    assert len(found) == 2
    assert sum(size(one) for one in found) < size(around(where, 320, 16)) / 5


def test_what_moved_close_by_is_looked_at_together():
    where = np.zeros((24, 40), bool)
    where[2:4, 3:5] = where[5, 7:9] = True
    assert areas(where, 320, 16) == [around(where, 320, 16)]


@given(st.sets(st.tuples(st.integers(0, 23), st.integers(0, 39)), max_size=30), st.integers(0, 40))
def test_all_that_moved_lies_in_an_area(moved, margin):
    where = np.zeros((24, 40), bool)
    for row, column in moved:
        where[row, column] = True
    found = areas(where, 320, margin)
    for row, column in moved:
        left, top = column * 8 - margin, row * 8 - margin
        right, bottom = column * 8 + 8 + margin, row * 8 + 8 + margin
        assert any(a <= left and b <= top and c >= right and d >= bottom for a, b, c, d in found)


@given(st.sets(st.tuples(st.integers(0, 23), st.integers(0, 39)), max_size=60), st.integers(8, 40))
def test_areas_fill_no_less_than_is_told_beforehand(moved, margin):
    where = np.zeros((24, 40), bool)
    for row, column in moved:
        where[row, column] = True
    filled = np.zeros((24 * 8, 40 * 8), bool)
    for left, top, right, bottom in areas(where, 320, margin):
        filled[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = True
    assert bool(moved) == (spread(where, 320, margin) > 0)
    assert spread(where, 320, margin) <= filled.mean() + 1e-9


def test_blocks_that_a_box_touches():
    rows, columns = touched(np.array([15, 8, 16, 17, 0.5], np.float32), 320)
    assert (rows, columns) == (slice(1, 3), slice(1, 2))


def test_another_shot_is_a_cut_and_light_is_none():
    other = np.roll(GROUND[::-1], 100, axis=1)
    assert is_cut(blocks(GROUND), blocks(other))
    assert not is_cut(blocks(GROUND), blocks(noisy(GROUND)))
    assert not is_cut(blocks(GROUND), blocks(GROUND // 2))
    assert is_cut(blocks(np.zeros_like(GROUND)), blocks(np.full_like(GROUND, 200)))
