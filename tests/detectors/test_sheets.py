"""The shield must not be undone: what is fine in a picture is gone from it, not hidden."""

import io

import numpy as np
import pytest
from PIL import Image

from daylight.detectors.sheets import GRAIN, jpeg, shielded


def board(height: int, width: int, square: int, shift: int = 0) -> np.ndarray:
    y, x = np.indices((height, width))
    grey = ((y + shift) // square + (x + shift) // square) % 2 * 255
    return np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)


@pytest.mark.parametrize("square", [2, 3, 4])
def test_what_is_fine_is_gone(square):
    """Features of a face in a tile 160 pixels wide are some pixels large."""
    dark = shielded(board(120, 160, square)).astype(float)
    assert dark.ndim == 2
    assert dark[10:-10, 10:-10].std() < 10


@pytest.mark.parametrize("square", [2, 4])
def test_two_pictures_that_differ_in_what_is_fine_look_the_same(square):
    one, other = (shielded(board(120, 160, square, shift)).astype(int) for shift in (0, 1))
    assert np.abs(one - other).max() <= 32  # two of the sixteen levels


def test_no_energy_above_the_grain():
    draw = np.random.default_rng(3)
    noise = draw.integers(0, 255, (120, 160, 3), np.uint8)
    dark = shielded(noise).astype(float)
    power = np.abs(np.fft.fft2(dark - dark.mean())) ** 2
    across = np.abs(np.fft.fftfreq(160) * 160)
    down = np.abs(np.fft.fftfreq(120) * 120)
    fine = (across[None, :] > GRAIN) | (down[:, None] > GRAIN)
    assert power[fine].sum() < 0.05 * power.sum()
    assert power[fine].sum() < 1e-3 * np.sum(np.abs(np.fft.fft2(noise.mean(axis=2))[fine]) ** 2)


@pytest.mark.parametrize(
    "shape", [(120, 160), (160, 90), (1280, 720), (2, 160), (640, 160), (1, 1)]
)
def test_it_keeps_the_size(shape):
    dark = shielded(np.full((*shape, 3), 77, np.uint8))
    assert (dark.shape, dark.dtype) == (shape, np.uint8)


def test_what_lies_within_a_grain_has_no_influence():
    """Pixels shuffled within each grain give the same picture, but for a level's rounding."""
    draw = np.random.default_rng(2)
    side = GRAIN * 10
    picture = draw.integers(0, 255, (side, side), np.uint8)
    grains = picture.reshape(GRAIN, 10, GRAIN, 10).swapaxes(1, 2).reshape(GRAIN, GRAIN, 100)
    mixed = draw.permuted(grains, axis=2).reshape(GRAIN, GRAIN, 10, 10).swapaxes(1, 2)
    other = mixed.reshape(side, side)
    assert (picture != other).mean() > 0.9
    apart = np.abs(shielded(picture).astype(int) - shielded(other))
    assert apart.max() <= 24
    assert apart.mean() < 3


def test_only_some_levels_of_grey_are_left_in_even_areas():
    flat = [int(shielded(np.full((120, 160, 3), v, np.uint8))[60, 80]) for v in range(256)]
    assert len(set(flat)) == 16


def test_jpeg_has_no_metadata():
    made = Image.open(io.BytesIO(jpeg(board(60, 80, 4))))
    assert not made.getexif()
    assert set(made.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
