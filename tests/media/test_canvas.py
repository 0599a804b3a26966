"""Borders come off, hashes stay near under what copies do to pictures, and windows tell one digit."""

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from daylight.media.canvas import (
    _ACROSS,
    _DOWN,
    WHOLE,
    boxed,
    canvas,
    hashes,
    mirrored,
    thumb,
)
from daylight.media.likeness import looked, unlikeness
from daylight.media.picture import Picture


def scene(seed: int = 1, size=(320, 240)) -> np.ndarray:
    """A picture of some structure, RGB."""
    draw = np.random.default_rng(seed)
    small = draw.integers(0, 256, (12, 16, 3), np.uint8)
    image = Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)
    return np.clip(np.asarray(image).astype(int), 45, 255).astype(np.uint8)


def picture(pixels: np.ndarray) -> Picture:
    return Picture(av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format="yuv420p"), 0, 0)


def distance(one, other) -> int:
    return int(np.bitwise_count(one ^ other).sum())


def hashed(pixels) -> np.ndarray:
    return hashes(canvas(picture(pixels)).grey)


def test_borders_come_off():
    inner = scene()
    around = np.zeros((320, 400, 3), np.uint8)
    around[40:280, 40:360] = inner
    made = canvas(picture(around))
    assert max(abs(a - b) for a, b in zip(made.box, (1000, 1250, 9000, 8750), strict=True)) <= 60
    assert distance(hashes(made.grey)[0], hashed(inner)[0]) <= 16
    assert np.array_equal(boxed(picture(around), made.box), made.grey)


@pytest.mark.parametrize("level", [0, 16, 90, 255])
def test_an_even_picture_has_no_borders(level):
    made = canvas(picture(np.full((48, 64, 3), level, np.uint8)))
    assert made.box == WHOLE
    assert thumb(made.grey).std() < 1


@pytest.mark.parametrize("size", [(2, 2), (16, 2), (2, 16), (33, 77)])
def test_tiny_pictures_are_hashed(size):
    assert hashed(scene(size=size)).shape == (4, 32)


def test_hashes_stay_near_and_others_are_far():
    one = scene(1)
    bright = np.clip(one.astype(float) * 0.8 + 30, 0, 255).astype(np.uint8)
    small = np.asarray(Image.fromarray(one).resize((160, 120)))
    for copy in (bright, small):
        assert distance(hashed(one)[0], hashed(copy)[0]) <= 24
    for seed in range(2, 8):
        assert distance(hashed(one)[0], hashed(scene(seed))[0]) > 80


def test_the_hash_of_a_mirror_is_known_without_looking():
    for seed in range(4):
        one = scene(seed)
        assert distance(mirrored(hashed(one)[0]), hashed(one[:, ::-1])[0]) <= 10
        assert distance(hashed(one)[0], hashed(one[:, ::-1])[0]) > 60


def test_a_cropped_copy_is_the_middle_of_the_whole():
    one = scene(3)
    cut = one[14:-14, 19:-19]  # 12 % of each
    assert distance(hashed(one)[2], hashed(cut)[0]) <= 30


def clocked(text: str) -> np.ndarray:
    image = Image.fromarray(scene(5, (704, 576)))
    ImageDraw.Draw(image).rectangle((4, 4, 300, 36), fill=(16, 16, 16))
    ImageDraw.Draw(image).text((8, 8), text, fill=(240, 240, 240), font=ImageFont.load_default(24))
    return np.asarray(image)


def coded(pixels: np.ndarray) -> np.ndarray:
    """After a JPEG of middling quality at half the size."""
    import io

    file = io.BytesIO()
    Image.fromarray(pixels).resize((352, 288)).save(file, "JPEG", quality=45)
    return np.asarray(Image.open(file))


def test_one_digit_is_told_from_all_that_a_coder_does():
    shown = looked(canvas(picture(clocked("2021-03-04 10:20:31"))).grey)
    same = looked(canvas(picture(coded(clocked("2021-03-04 10:20:31")))).grey)
    other = looked(canvas(picture(coded(clocked("2021-03-04 10:20:38")))).grey)
    assert unlikeness(shown, shown) == pytest.approx(0, abs=1e-9)
    assert unlikeness(shown, same) < 0.2
    assert unlikeness(shown, other) > 2 * unlikeness(shown, same)
    assert unlikeness(shown, other) > 0.3


def test_noise_on_an_even_wall_is_no_structure():
    draw = np.random.default_rng(1)
    walls = [looked(draw.normal(120, 2, (120, 160)).astype(np.uint8)) for _ in range(2)]
    assert unlikeness(*walls) < 0.2


@pytest.mark.parametrize("seed", range(4))
def test_the_same_picture_has_the_same_hash_in_whatever_order_it_is_summed(seed):
    """Flat pictures have nothing but last bits to be told by: these must not hang on a processor."""
    draw = np.random.default_rng(seed)
    grey = np.full((120, 160), 40 * seed + 1, np.uint8)
    if seed % 2:
        grey[draw.integers(0, 120, 9), draw.integers(0, 160, 9)] += 1
    expected = hashes(grey)
    wanted = [_summed(grey, n) for n in range(4)]
    assert np.array_equal(expected, np.stack(wanted))


def _summed(grey, number: int) -> np.ndarray:
    """The hash by whole numbers of Python, which know no last bits."""
    side = slice(number * 16, number * 16 + 16)
    down, across = (one.astype(int).astype(object) for one in (_DOWN[side], _ACROSS[number]))
    waves = (down.dot(grey.astype(int).astype(object)).dot(across)).ravel()
    ordered = sorted(waves)
    return np.packbits([2 * one > ordered[127] + ordered[128] for one in waves])
