"""Where a picture changed, and whether it is another shot."""

import numpy as np
import pytest

from daylight.detectors.changes import around, blocks, changed, is_cut, stride

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


def test_another_shot_is_a_cut_and_light_is_none():
    other = np.roll(GROUND[::-1], 100, axis=1)
    assert is_cut(blocks(GROUND), blocks(other))
    assert not is_cut(blocks(GROUND), blocks(noisy(GROUND)))
    assert not is_cut(blocks(GROUND), blocks(GROUND // 2))
    assert is_cut(blocks(np.zeros_like(GROUND)), blocks(np.full_like(GROUND, 200)))
