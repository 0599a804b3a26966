"""A picture that is looked at as if it were larger is the picture made larger, piece by piece."""

import numpy as np
import pytest
from PIL import Image

from daylight.detectors import centerface
from daylight.detectors.enlarged import SIDE, Seen, View, extent_of
from daylight.detectors.faces import Faces
from daylight.detectors.looking import Looker
from tests.detectors.face_films import HEIGHT, STEP, WIDTH, covers, look, picture

RNG = np.random.default_rng(5)
VIEW = View((200, 130), 1.5)  # 300 x 195, filled up to 320 x 224
SMALL = np.asarray(
    Image.fromarray(RNG.integers(0, 255, (26, 40, 3)).astype(np.uint8)).resize((200, 130))
)
WHOLE = np.asarray(Image.fromarray(SMALL).resize((300, 195), Image.Resampling.BILINEAR))


def test_its_sides_are_what_the_network_takes():
    assert SIDE == centerface.SIDE
    assert (VIEW.extent, VIEW.size) == ((300, 195), (320, 224))
    assert View((1920, 1080), 1).size == (1920, 1088)
    assert View((16, 9), 1.5).size == (128, 128)
    assert VIEW.of(SMALL).shape == (224, 320, 3)
    assert extent_of(VIEW.of(SMALL)) == (300, 195)
    assert extent_of(SMALL) == (200, 130)


@pytest.mark.parametrize(
    "area", [(0, 0, 300, 195), (32, 64, 160, 192), (150, 90, 151, 91), (172, 67, 300, 195)]
)
def test_a_piece_is_that_of_the_whole(area):
    left, top, right, bottom = area
    piece = VIEW.of(SMALL)[top:bottom, left:right]
    away = np.abs(piece.astype(int) - WHOLE[top:bottom, left:right])
    assert piece.shape == (bottom - top, right - left, 3)
    assert away.max() <= 2


def test_beyond_the_picture_it_is_black():
    piece = VIEW.of(SMALL)[160:224, 256:320]
    assert np.abs(piece[:35, :44].astype(int) - WHOLE[160:195, 256:300]).max() <= 2
    assert not piece[35:].any()
    assert not piece[:, 44:].any()
    assert not VIEW.of(SMALL)[200:224, 0:32].any()


def test_each_so_many_pixels():
    assert VIEW.of(SMALL)[0:90:3, 0:90:2].shape == (30, 45, 3)


def test_half_as_large():
    area = (32, 64, 320, 224)
    half = VIEW.of(SMALL).halved(area)
    assert half.shape == (80, 144, 3)
    columns = np.broadcast_to(np.arange(200)[None, :, None], (130, 200, 3)).astype(np.uint8)
    away = VIEW.of(columns).halved(area)[:65, :134, 0] - (33 + 2 * np.arange(134)) / 1.5 + 0.5
    assert np.abs(away).max() <= 1
    assert not half[65:].any()
    assert not half[:, 134:].any()
    assert View((200, 130), 1).of(SMALL).halved((0, 0, 64, 64)) is None


def test_one_colour_of_it():
    enlarged = VIEW.of(SMALL)
    every = slice(None, None, 2)
    rows, columns = np.arange(0, 224, 2), np.arange(0, 320, 2)
    green = enlarged[every, every, 1]
    assert green.shape == (112, 160)
    assert (green == enlarged[rows[:, None], columns[None], 1]).all()
    assert green[20, 30] == SMALL[26, 40, 1]
    assert (green[-1] == green[-10]).all()  # beyond the picture its last row goes on


def test_as_large_as_it_is_nothing_is_copied():
    assert np.shares_memory(View((200, 130), 1).of(SMALL)[0:128, 0:128], SMALL)


@pytest.mark.parametrize("sent", [(1, 1), (17, 9), (641, 3), (333, 251)])
def test_pictures_of_any_size(sent):
    view = View(sent, 1.5)
    pixels = RNG.integers(0, 255, (sent[1], sent[0], 3)).astype(np.uint8)
    width, height = view.size
    for area in ((0, 0, width, height), (width - 32, height - 32, width, height)):
        left, top, right, bottom = area
        piece = view.of(pixels)[top:bottom, left:right]
        assert piece.shape == (bottom - top, right - left, 3)
        assert view.of(pixels).halved(area).shape == ((bottom - top) // 2, (right - left) // 2, 3)
    faces = Faces(Looker(lambda part, least: np.zeros((0, 5), np.float32)), *view.size, view.extent)
    for number in range(8):
        faces.push(Seen(number * STEP, view.of(pixels // (1 + number % 2))))
    assert faces.finish() == ()


def test_a_face_in_a_picture_that_is_looked_at_larger_lies_where_it_lies():
    view = View((WIDTH, HEIGHT - 10), 1.5)
    faces = Faces(Looker(look), *view.size, view.extent)
    places = [(60 + 3 * n, 90) for n in range(30)]
    for number, place in enumerate(places):
        faces.push(Seen(number * STEP, view.of(picture(place)[:-10])))
    (track,) = faces.finish()
    for number, (across, down) in enumerate(places):
        assert covers([track], number * STEP, (across, down * HEIGHT / (HEIGHT - 10)), slack=5)
