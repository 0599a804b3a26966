"""What is looked at again in full size: all that is faint, but for who is settled and what is larger than a face can be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.detectors.centerface import MOST, SIDE
from daylight.detectors.hints import HUGE, LARGE, SURE, agreed, places, settled
from daylight.detectors.looking import MOST_PART, TWICE, Looker

SIZE = (1280, 736)
NOBODY = np.zeros((0, 5), np.float32)


def box(left, top, side, score=0.05):
    return [left, top, left + side, top + side, score]


def boxes(*some):
    return np.array(some, np.float32).reshape(-1, 5)


def test_where_it_is_cold_nothing_is_looked_at_again():
    assert places(NOBODY, NOBODY, SIZE) == []


def test_two_that_lie_far_apart_are_two_places_each_with_what_is_around_it():
    one, two = places(boxes(box(100, 100, 20), box(1000, 500, 20)), NOBODY, SIZE)
    assert one[0] <= 100 - 32
    assert one[2] >= 120 + 32
    assert two[1] <= 500 - 32
    assert (one[2] - one[0]) * (one[3] - one[1]) < 200**2


@pytest.mark.parametrize(
    ("known", "left"),
    [
        (box(90, 90, LARGE, SURE), 0),
        (box(90, 90, LARGE, SURE - 0.01), 1),
        (box(90, 90, LARGE - 1, SURE), 1),
        (box(300, 90, LARGE, 0.9), 1),
        (box(30, 30, 4 * 20 + 60, 0.9), 1),
        (box(20, 20, HUGE, 0.1), 1),
    ],
    ids=["sure and large", "not sure", "small", "somebody else", "much larger", "vast and weak"],
)
def test_who_is_sure_and_large_needs_no_second_look(known, left):
    sure = settled(boxes(known))
    assert len(places(boxes(box(100, 100, 20)), sure, SIZE)) == left


def test_what_is_larger_than_a_face_can_be_found_is_settled_and_no_hint():
    vast = boxes(box(100, 100, HUGE, 0.1))
    assert len(settled(vast)) == 1
    assert places(vast, NOBODY, SIZE) == []


def test_noise_all_over_is_looked_at_whole():
    assert places(np.tile(boxes(box(100, 100, 20)), (MOST, 1)), NOBODY, SIZE) is None


def test_two_sizes_that_agree_are_believed_with_the_better_score():
    found = boxes(box(100, 100, 30, 0.25), box(500, 100, 30, 0.25))
    assert agreed(found, boxes(box(103, 98, 30, 0.09))).tolist() == found[:1].tolist()
    assert agreed(found, NOBODY).shape == (0, 5)


@given(
    st.lists(
        st.tuples(st.integers(-50, 1300), st.integers(-50, 750), st.integers(1, 150)), max_size=30
    )
)
def test_every_hint_lies_in_a_place_and_every_place_in_the_picture(hints):
    faint = boxes(*(box(*one) for one in hints))
    found = places(faint, NOBODY, SIZE)
    for left, top, right, bottom, _ in faint:
        middle = (left + right) / 2, (top + bottom) / 2
        if 0 <= middle[0] < SIZE[0] and 0 <= middle[1] < SIZE[1]:
            assert any(p[0] <= middle[0] <= p[2] and p[1] <= middle[1] <= p[3] for p in found)
    assert all(0 <= p[0] < p[2] <= SIZE[0] and 0 <= p[1] < p[3] <= SIZE[1] for p in found)


class Heat:
    """A model that finds the one thing that is red; ``faintly``: its score at half the size."""

    def __init__(self, faintly=0.05):
        self.faintly, self.shown = faintly, []

    def look(self, pixels, least):
        self.shown.append(pixels.shape[:2])
        return _marked(pixels, 200, 0.9)

    def faint(self, pixels, least, faint):
        self.shown.append(pixels.shape[:2])
        found = _marked(pixels, 200, self.faintly)
        return found[found[:, 4] > least], found[found[:, 4] > faint]

    @property
    def looker(self):
        return Looker(self.look, None, self.faint)

    @property
    def pixels(self):
        return sum(height * width for height, width in self.shown)


def _marked(pixels, least, score):
    assert pixels.shape[0] % SIDE == pixels.shape[1] % SIDE == 0
    rows, columns = np.nonzero(pixels[:, :, 0] >= least)
    if not len(rows):
        return NOBODY
    return boxes([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1, score])


def picture(*where):
    pixels = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    for left, top, side in where:
        pixels[top : top + side, left : left + side, 0] = 255
    return pixels


WHOLE = (0, 0, *SIZE)


def test_an_empty_picture_costs_a_quarter():
    model = Heat()
    assert model.looker.closely(picture(), WHOLE, 0.08).shape == (0, 5)
    assert model.pixels <= SIZE[0] * SIZE[1] / 4 * 1.1


def test_who_is_faint_at_half_the_size_is_found_in_full():
    model = Heat()
    (found,) = model.looker.closely(picture((700, 300, 24)), WHOLE, 0.08)
    assert found.tolist() == pytest.approx([700, 300, 724, 324, 0.9])
    assert model.pixels < SIZE[0] * SIZE[1] / 2


def test_who_is_cold_at_half_the_size_is_not():
    assert len(Heat(0.01).looker.closely(picture((700, 300, 24)), WHOLE, 0.08)) == 0
    assert len(Heat(0.01).looker.at(picture((700, 300, 24)), WHOLE, 0.08)) == 1


def test_in_an_area_places_are_those_of_the_picture():
    area = (640, 192, 1280, 736)
    (found,) = Heat().looker.closely(picture((700, 300, 24)), area, 0.08)
    assert found.tolist() == pytest.approx([700, 300, 724, 324, 0.9])


def test_a_large_sure_face_is_not_looked_at_again():
    model = Heat(0.9)
    (found,) = model.looker.closely(picture((700, 300, 80)), WHOLE, 0.08)
    assert found.tolist() == pytest.approx([700, 300, 780, 380, 0.9], abs=1e-4)
    assert len(model.shown) == 1


def test_where_nearly_all_is_faint_all_of_it_is_looked_at():
    model = Heat()

    def everywhere(pixels, least, faint):
        model.shown.append(pixels.shape[:2])
        rows, columns = np.mgrid[0 : pixels.shape[0] : 40, 0 : pixels.shape[1] : 40]
        return NOBODY, boxes(*(box(x, y, 16) for x, y in zip(columns.flat, rows.flat, strict=True)))

    looker = Looker(model.look, None, everywhere)
    assert len(looker.closely(picture((700, 300, 24)), WHOLE, 0.08)) == 1
    assert model.pixels > MOST_PART * SIZE[0] * SIZE[1]


def test_a_small_area_is_looked_at_at_once():
    model = Heat()
    model.looker.closely(picture(), (0, 0, 384, 384), 0.08)
    assert model.shown == [(384, 384)]
    assert TWICE >= 384 * 384


def test_briefly_a_large_picture_begins_at_a_quarter_of_its_sides():
    model = Heat()
    (found,) = model.looker.briefly(picture((700, 300, 24)), WHOLE, 0.08)
    assert np.abs(found[:4] - [700, 300, 724, 324]).max() <= 2
    assert model.pixels < SIZE[0] * SIZE[1] / 6
