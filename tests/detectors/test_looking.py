"""Cutting pictures into what the model bears: nothing is missed at a cut, nothing counted twice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.detectors.centerface import SIDE
from daylight.detectors.looking import FEWER, MOST_PIXELS, Looker, rounded

multiples = st.integers(4, 60).map(lambda n: n * SIDE)


def bright(pixels, least):
    """Each of three colours is a face of its own."""
    assert pixels.shape[0] % SIDE == 0
    assert pixels.shape[1] % SIDE == 0
    assert pixels.shape[0] * pixels.shape[1] <= MOST_PIXELS
    found = []
    for plane in range(3):
        rows, columns = np.nonzero(pixels[:, :, plane] > 50)
        if len(rows):
            box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1, 0.9)
            found.append(box)
    return np.array(found, np.float32).reshape(-1, 5)


def picture(*boxes):
    pixels = np.zeros((1088, 1920, 3), np.uint8)
    for plane, (left, top, right, bottom) in enumerate(boxes):
        pixels[top:bottom, left:right, plane] = 200
    return pixels


@pytest.mark.parametrize(
    "box",
    [(10, 20, 40, 50), (940, 30, 990, 90), (900, 500, 1020, 620), (300, 300, 900, 800)],
    ids=["in a tile", "at a cut", "at a corner", "larger than what tiles share"],
)
def test_a_face_is_found_once_and_whole(box):
    found = Looker(bright).at(picture(box), (0, 0, 1920, 1088), 0.2)
    assert len(found) == 1
    assert np.abs(found[0, :4] - np.array(box)).max() <= 2


def test_at_half_the_size_a_large_picture_is_cut_smaller():
    shown = []

    def seen(pixels, least):
        shown.append(pixels.shape[0] * pixels.shape[1])
        return bright(pixels, least)

    found = Looker(seen).briefly(picture((900, 500, 1020, 620)), (0, 0, 1920, 1088), 0.2)
    assert np.abs(found[0, :4] - [900, 500, 1020, 620]).max() <= 4
    assert len(found) == 1
    assert max(shown) <= FEWER


def test_an_area_alone():
    found = Looker(bright).at(picture((1000, 600, 1040, 650)), (960, 544, 1152, 736), 0.2)
    assert found[0, :4].tolist() == [1000, 600, 1040, 650]


def test_near_a_face_a_large_one_is_looked_at_smaller():
    box = np.array([400, 300, 800, 800], np.float32)
    found = Looker(bright).near(picture((410, 320, 810, 790)), box, 0.2)
    assert np.abs(found[0, :4] - [410, 320, 810, 790]).max() <= 8


@given(multiples, multiples, st.tuples(*[st.integers(-500, 2500)] * 4))
def test_areas_lie_in_the_picture_and_are_multiples(width, height, corners):
    left, right = sorted(corners[:2])
    top, bottom = sorted(corners[2:])
    area = rounded((left, top, right, bottom), width, height)
    assert 0 <= area[0] < area[2] <= width
    assert 0 <= area[1] < area[3] <= height
    assert [one % SIDE for one in area] == [0, 0, 0, 0]  # the network's grid lies as on the whole
    assert min(area[2] - area[0], area[3] - area[1]) >= 4 * SIDE
    if 0 <= left < right <= width:
        assert area[0] <= left < right <= area[2]


def test_small_places_of_one_size_are_shown_together():
    """And what is seen is said of each, as if they had been shown one by one."""
    shown = []

    def many(pixels, least):
        shown.append(pixels.shape[:3])
        return [bright(one, least) for one in pixels]

    one = picture((410, 320, 440, 350), (1410, 620, 1440, 650))
    boxes = [np.array(box, np.float32) for box in ((405, 315, 445, 355), (1405, 615, 1445, 655))]
    areas = [(384, 288, 544, 448), (0, 0, 1920, 1088), (1376, 576, 1536, 736), (64, 64, 192, 192)]
    together, alone = Looker(bright, many), Looker(bright)
    near = together.near_each(one, boxes, 0.2)
    each = together.each(one, areas, 0.2)
    assert sorted(shown) == [(1, 128, 128), (2, 128, 128), (2, 160, 160)]
    assert [len(found) for found in (*near, *each)] == [1, 1, 1, 2, 1, 0]
    for found, box in zip(near, boxes, strict=True):
        assert np.array_equal(found, alone.near(one, box, 0.2))
    for found, area in zip(each, areas, strict=True):
        assert np.array_equal(found, alone.at(one, area, 0.2))
