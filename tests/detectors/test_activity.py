import numpy as np
import pytest

from daylight.detectors.activity import Activity, beyond_noise, difference, regions, score
from tests.detectors.reels import RATE, found, reel, room, seconds, series, walker, with_clock

BACK = room(1)


def walks(first: int, last: int):
    """Somebody walks from second ``first`` to ``last``; a clock ticks throughout."""

    def draw(number, rng):
        luma = with_clock(BACK.copy(), number)
        return walker(luma, number) if first <= number / RATE < last else luma

    return draw


def test_motion_is_told_from_noise_and_from_a_ticking_clock():
    finding = found(Activity(), reel(walks(12, 24), RATE * 40))
    ((start, end),) = seconds(finding, "active")
    assert start == pytest.approx(12, abs=2)
    assert end == pytest.approx(24, abs=2.1)
    assert finding.facts["active_spans"] == 1
    assert finding.facts["longest_still_s"] >= 10
    assert [round(a) for a, _ in seconds(finding, "still")][0] == 0


def test_where_it_moves_is_told():
    finding = found(Activity(), reel(walks(0, 40), RATE * 40))
    table = series(finding, "activity").values
    assert table.shape[1] == 1 + 48
    where = table[:, 1:].max(axis=0).reshape(6, 8)
    assert where[2:5].max() > 20
    assert where[:1].max() <= 4  # the clock's row
    assert where[5].max() <= 4


def test_nothing_happens_in_a_still_scene_with_a_clock():
    finding = found(Activity(), reel(walks(0, 0), RATE * 30))
    assert finding.facts["active_s"] == 0
    assert finding.facts["longest_still_s"] >= 26


def test_a_camera_in_motion_is_active_throughout():
    finding = found(Activity(), reel(lambda n, rng: np.roll(BACK, n * 5, axis=1), RATE * 20))
    assert finding.facts["active_s"] >= 16


@pytest.mark.parametrize("cuts", [2, 3, 5])
def test_the_same_however_it_was_cut(cuts):
    data = reel(walks(4, 9), RATE * 20)
    assert found(Activity(), data, cuts) == found(Activity(), data)


def test_one_picture_is_compared_with_nothing():
    finding = found(Activity(), reel(walks(0, 0), 1))
    assert finding.facts == {"compared": 0}
    assert finding.blobs == ()


def test_light_that_changes_over_the_whole_picture_is_no_motion():
    dark = np.full((120, 160), 60, np.uint8)
    assert difference(dark, dark + 40).max() == 0


def test_scores_and_regions_have_their_shapes():
    cells = np.zeros((5, 192), np.uint8)
    cells[2, 100:110] = 80
    changed = beyond_noise(cells)
    assert score(changed).tolist() == [0, 0, 78, 0, 0]
    assert regions(changed).shape == (5, 48)
