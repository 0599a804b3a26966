import numpy as np
import pytest

from daylight.detectors.shots import Shots, Step, cuts_in, resemblance
from tests.detectors.reels import RATE, found, reel, room, seconds, walker, with_clock

ROOMS = [room(seed) for seed in range(4)]


def scenes(*changes: float, moving: bool = True):
    """Another room from each of ``changes`` (seconds) on."""

    def draw(number, rng):
        place = sum(number / RATE >= at for at in changes)
        luma = with_clock(ROOMS[place].copy(), number)
        return walker(luma, number) if moving else luma

    return draw


def cuts(finding):
    return [after for _, after in seconds(finding, "cuts")]


@pytest.mark.parametrize("changes", [(), (5.25,), (4.0,), (3.125, 9.5, 11.75)])
@pytest.mark.parametrize("moving", [False, True])
def test_cuts_are_found_to_the_picture(changes, moving):
    """One of them lies at a key frame itself."""
    finding = found(Shots(), reel(scenes(*changes, moving=moving), RATE * 14))
    assert cuts(finding) == pytest.approx(list(changes), abs=0.01)
    assert finding.facts == {"cuts": len(changes), "groups_unseen": 0}


@pytest.mark.parametrize("cut_in", [2, 4, 7])
def test_the_same_however_it_was_cut(cut_in):
    data = reel(scenes(4.0, 7.875, 8.5), RATE * 14)
    assert found(Shots(), data, cut_in) == found(Shots(), data)


def test_a_camera_that_pans_is_no_cut():
    pan = reel(lambda n, rng: np.roll(ROOMS[0], n * 6, axis=1), RATE * 12)
    assert cuts(found(Shots(), pan)) == []


def test_a_jump_in_one_scene_is_a_cut():
    def draw(number, rng):
        slow = number // 8 * 2  # in steady quick motion a jump may go unnoticed
        return walker(ROOMS[1].copy(), slow if number < 40 else slow + 40)

    assert cuts(found(Shots(), reel(draw, RATE * 9, noise=0.5))) == pytest.approx([5.0], abs=0.01)


def test_who_turned_and_turned_back_between_two_key_pictures_is_seen():
    """The key pictures around it are nearly alike: only a packet that stands out far tells."""

    def draw(number, rng):
        luma, back = (
            ROOMS[1].copy(),
            max(0.45, (50 - number) / 8),
        )  # between the key pictures 40 and 48
        if number >= 42:
            part = np.s_[60:200, 100:180]
            luma[part] = back * ROOMS[2][part] + (1 - back) * luma[part]
        return luma

    data = reel(draw, RATE * 9, noise=1.0)
    assert cuts(found(Shots(), data)) == pytest.approx([5.25], abs=0.01)


def test_one_picture_has_no_cut():
    assert cuts(found(Shots(), reel(scenes(), 1))) == []


def test_without_structure_only_the_light_tells():
    dark, light = np.full((30, 40), 20, np.uint8), np.full((30, 40), 200, np.uint8)
    assert resemblance(dark, dark) == 1.0
    assert resemblance(dark, light) == 0.0
    assert resemblance(ROOMS[0].astype(np.uint8), ROOMS[1].astype(np.uint8)) < 0.3


@pytest.mark.parametrize(
    ("levels", "structure", "amid", "is_cut"),
    [
        (25, 19, 10, False),  # an arm that is moved suddenly
        (28, 22, 10, True),
        (20, 144, 8, True),  # dark, and quite another picture
        (19, 144, 0, False),  # nothing that one sees
        (60, 8, 5, False),  # the light alone
    ],
)
def test_a_step_of_little_structure_must_stand_out_further(levels, structure, amid, is_cut):
    around = [Step(n * 40, n * 40 + 40, amid, 3, False) for n in range(9)]
    around[4] = Step(160, 200, levels, structure, False)
    assert (around[4] in cuts_in(around)) is is_cut
