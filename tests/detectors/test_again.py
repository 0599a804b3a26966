"""Looking again: whoever is seen beside the paint is told, and nobody that a person let be seen."""

from dataclasses import replace

import numpy as np
import pytest

from daylight.detectors.again import EVERYWHERE, MOST_PIXELS, WHOLE_STEP, Again, looked_at
from daylight.detectors.centerface import MOST_SIDE
from daylight.detectors.looking import Looker
from daylight.domain.digest import Digest
from daylight.domain.marks import WHOLE, Key, Span
from daylight.domain.redaction import Choice, Label, Output, Plan, Region, State, WholeSpan, Word
from daylight.domain.tracks import Sort
from tests.detectors.face_films import HEIGHT, RADIUS, WIDTH, background, look, picture

PLACE = (160, 96)
EDITOR = Word("editor", "because")


def region(place=PLACE, radius=RADIUS, at=0, **words):
    left, top = place[0] - radius, place[1] - radius
    key = Key(
        at,
        left * WHOLE // WIDTH,
        top * WHOLE // HEIGHT,
        -(-2 * radius * WHOLE // WIDTH),
        -(-2 * radius * WHOLE // HEIGHT),
    )
    return Region("one", Sort.HAND, (key,), **words)


def plan(*regions, **words):
    return Plan(Digest(bytes(32)), regions=regions, **words)


def looked(wanted, pictures, step=200_000):
    again = Again(Looker(look), wanted, (WIDTH, HEIGHT))
    for number, pixels in enumerate(pictures):
        again.push(number * step, pixels)
    again.finish()
    return again


def painted(pixels, wanted_region):
    """What a renderer leaves of it: the place black, with its growth."""
    key = wanted_region.keys[0]
    made = pixels.copy()
    left, top = key.left * WIDTH // WHOLE, key.top * HEIGHT // WHOLE
    right, bottom = left + key.width * WIDTH // WHOLE, top + key.height * HEIGHT // WHOLE
    made[top - 4 : bottom + 4, left - 4 : right + 4] = 0
    return made


def test_a_face_where_nothing_is_covered_is_told_with_its_place():
    (spot,) = looked(plan(), [picture(PLACE)]).spots
    middle = (spot.key.left + spot.key.width / 2, spot.key.top + spot.key.height / 2)
    assert np.allclose(middle, (PLACE[0] * WHOLE / WIDTH, PLACE[1] * WHOLE / HEIGHT), atol=60)
    assert (spot.key.at_us, spot.hidden) == (0, 0)
    assert spot.score > 0.8


def test_what_is_painted_over_is_not_seen():
    again = looked(plan(region()), [painted(picture(PLACE), region())])
    assert (again.seen, again.looks) == (0, 1)


def test_a_mask_that_lies_beside_the_face_is_told():
    """The plan and the paint agree; the face stands somewhere else."""
    beside = region((PLACE[0] + RADIUS, PLACE[1]))
    again = looked(plan(beside), [painted(picture(PLACE), beside)])
    assert again.seen == 1


@pytest.mark.parametrize(("shift", "seen"), [(0, 0), (2, 0), (RADIUS, 1), (2 * RADIUS, 1)])
def test_a_head_whose_face_is_paint_is_nobody(shift, seen):
    """A detector takes an outline for a face: what counts is how much of it is paint."""

    def outline(pixels, least):
        box = [PLACE[0] - RADIUS + shift, PLACE[1] - RADIUS, PLACE[0] + RADIUS + shift]
        return np.array([[*box, PLACE[1] + RADIUS, 0.9]], np.float32)

    again = Again(Looker(outline), plan(region()), (WIDTH, HEIGHT))
    again.push(0, painted(picture(PLACE), region()))
    assert again.seen == seen


@pytest.mark.parametrize(
    ("score", "away", "seen"), [(0.15, 3, 1), (0.15, 8, 0), (0.3, 8, 1), (0.05, 3, 0)]
)
def test_a_weak_hit_counts_where_the_plan_covers_somebody(score, away, seen):
    beside = region((PLACE[0] + away * RADIUS, PLACE[1]))
    again = looked(plan(beside), [painted(picture(PLACE, score), beside)])
    assert again.seen == seen


@pytest.mark.parametrize("state", [State.VISIBLE, State.REJECTED])
def test_what_a_person_let_be_seen_is_not_told(state):
    shown = plan(region(state=state, word=EDITOR))
    assert looked(shown, [picture(PLACE)]).seen == 0
    assert looked(shown, [picture((60, 60))]).seen == 1


def test_a_label_that_is_kept_is_not_told():
    label = Label("clock", region().keys[0], Choice.KEEP, word=EDITOR)
    assert looked(plan(labels=(label,)), [picture(PLACE)]).seen == 0
    again = looked(plan(labels=(replace(label, choice=Choice.COVER),)), [picture(PLACE)])
    assert again.seen == 0  # by the plan it is paint; whether it is, the check of the pixels says


def test_where_nothing_is_shown_nothing_is_looked_at():
    dark = plan(whole=(WholeSpan(Span(0, 10**6), EDITOR),))
    assert looked(dark, [picture(PLACE)]).looks == 0


def test_a_picture_that_does_not_change_is_looked_at_once():
    assert looked(plan(), [picture(PLACE)] * 20).looks == 1


def test_who_comes_in_between_two_looks_and_stays_is_seen():
    still, there = background(), picture(PLACE)
    again = looked(plan(), [still, there, there, there, there, there])
    assert again.looks == 2
    assert [one.key.at_us for one in again.spots] == [WHOLE_STEP]


def test_who_comes_in_at_the_very_end_is_seen():
    assert looked(plan(), [background(), picture(PLACE)]).spots[0].key.at_us == 200_000


def test_a_mask_that_slips_is_seen_between_two_looks_at_all():
    covered = region()
    hidden = painted(picture(PLACE), covered)
    slipped = picture((PLACE[0] + 2 * RADIUS + 8, PLACE[1]))
    again = looked(plan(covered), [hidden, slipped, hidden, hidden, hidden])
    assert [one.key.at_us for one in again.spots] == [200_000]


def shown_of(pictures, wanted, step):
    """How many pixels the model was shown of each picture."""
    shown, now = [0] * len(pictures), [0]

    def counted(pixels, least):
        shown[now[0]] += pixels.shape[0] * pixels.shape[1]
        return look(pixels, least)

    again = Again(Looker(counted), wanted, (WIDTH, HEIGHT))
    for number, pixels in enumerate(pictures):
        now[0] = number
        again.push(number * step, pixels)
    return shown, again


def test_only_what_changed_is_looked_at_and_now_and_then_everything():
    films = [background() for _ in range(14)]
    for number, pixels in enumerate(films):
        pixels[20:40, 20:40, 1] = 15 * number
    shown, again = shown_of(films, plan(), WHOLE_STEP)
    assert shown[0] == shown[EVERYWHERE // WHOLE_STEP] == WIDTH * HEIGHT
    assert max(shown[1:10]) == 128 * 128
    assert again.looks == 14


def test_who_shows_up_in_a_corner_is_seen_there_alone():
    films = [background()] * 2 + [picture(PLACE)] * 2
    shown, again = shown_of(films, plan(), WHOLE_STEP)
    assert again.seen == 1
    assert 0 < shown[2] < WIDTH * HEIGHT
    assert shown[3] == 0


def test_between_two_looks_only_places_where_something_changed_are_looked_at():
    far = replace(region((40, 40)), name="two")
    there = region((280, 150))
    films = [background() for _ in range(3)]
    for number, pixels in enumerate(films):
        pixels[150:160, 250:260, 1] = 80 * number
    shown, _ = shown_of(films, plan(far, there), 200_000)
    assert shown[1:] == [128 * 128] * 2


def test_first_and_then_now_and_then_nothing_is_left_out_for_being_cold():
    """A model to which a face that is small is cold at half the size."""
    wide, tall = 1024, 640
    films = [np.full((tall, wide, 3), 60, np.uint8) for _ in range(25)]
    for number, pixels in enumerate(films):
        pixels[:, :, 1] += np.uint8(5 * number)
        pixels[300:320, 500:520, 0] = 255

    def seen(pixels, least):
        red = pixels[:, :, 0] == 255
        there = red.sum() >= 18 * 18
        rows, columns = np.nonzero(red)
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1, 0.9] if there else []
        return np.array(box, np.float32).reshape(-1, 5)

    def cold(pixels, least, faint):
        return np.zeros((0, 5), np.float32), np.zeros((0, 5), np.float32)

    again = Again(Looker(seen, None, cold), plan(), (wide, tall))
    for number, pixels in enumerate(films):
        again.push(number * WHOLE_STEP, pixels)
    assert [one.key.at_us for one in again.spots] == [0, EVERYWHERE, 2 * EVERYWHERE]
    assert again.looks == len(films)


def test_places_are_those_of_the_original_where_the_film_is_cropped():
    half = Output(crop=(0, 0, WHOLE // 2, WHOLE))
    shown = np.repeat(picture(PLACE)[:, : WIDTH // 2], 2, axis=1)
    again = Again(Looker(look), plan(output=half), (WIDTH, HEIGHT))
    again.push(0, shown)
    (spot,) = again.spots
    right = (spot.key.left + spot.key.width) * WIDTH / WHOLE
    assert spot.key.left * WIDTH / WHOLE == pytest.approx(PLACE[0] - RADIUS, abs=2)
    assert right == pytest.approx(WIDTH / 2, abs=2)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((640, 360), (1280, 736)),
        ((1280, 720), (1920, 1088)),
        ((1920, 1080), (2240, 1280)),
        ((16, 16), (128, 128)),
    ],
)
def test_it_is_looked_at_larger_than_at_first(size, expected):
    assert looked_at(*size).size == expected


def test_large_pictures_are_bounded():
    width, height = looked_at(7680, 4320).size
    assert width * height < 1.1 * MOST_PIXELS
    assert width / height == pytest.approx(16 / 9, rel=0.03)


def test_a_very_wide_picture_is_shown_in_pieces_that_the_model_takes():
    shown = []

    def seen(pixels, least):
        shown.append(pixels.shape)
        return np.zeros((0, 5), np.float32)

    width, height = looked_at(20_000, 40).size
    Looker(seen).at(np.zeros((height, width, 3), np.uint8), (0, 0, width, height), 0.1)
    assert max(max(one[:2]) for one in shown) <= MOST_SIDE
