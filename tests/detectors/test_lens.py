import numpy as np
import pytest

from daylight.detectors.lens import Lens, changed_share, look
from tests.detectors.reels import RATE, SIZE, found, reel, room, seconds, walker, with_clock

BACK = room(2)


def during(first: int, last: int, shown: np.ndarray):
    def draw(number, rng):
        return shown.copy() if first <= number / RATE < last else walker(BACK.copy(), number)

    return draw


def test_a_black_picture_is_told():
    finding = found(Lens(), reel(during(6, 14, np.full(SIZE[::-1], 16.0)), RATE * 24))
    assert seconds(finding, "black") == [(6.0, 14.0)]
    assert finding.facts["black_s"] == 8.0
    assert finding.facts["covered_s"] == 0


def test_a_covered_lens_is_told():
    finding = found(Lens(), reel(during(8, 20, np.full(SIZE[::-1], 110.0)), RATE * 24))
    ((start, end),) = seconds(finding, "covered")
    assert (start, end) == (8.0, 20.0)
    assert finding.facts["black_s"] == 0


def test_a_frozen_picture_is_told_while_its_clock_goes_on():
    shown = walker(BACK + np.random.default_rng(5).normal(0, 2, SIZE[::-1]), 3)

    def draw(number, rng):
        if 6 <= number / RATE < 18:
            frozen = with_clock(shown.copy(), number)
            rng.bit_generator.state = np.random.default_rng(1).bit_generator.state  # the same noise
            return frozen
        return with_clock(walker(BACK.copy(), number), number)

    finding = found(Lens(), reel(draw, RATE * 24))
    assert finding.facts["frozen_s"] == pytest.approx(12, abs=2)


def test_an_ordinary_recording_has_nothing_to_tell():
    finding = found(Lens(), reel(during(0, 0, BACK), RATE * 12))
    assert finding.facts == {"pictures": 6, "black_s": 0, "covered_s": 0, "frozen_s": 0}
    assert finding.blobs == ()


@pytest.mark.parametrize("cuts", [2, 3])
def test_the_same_however_it_was_cut(cuts):
    data = reel(during(4, 8, np.full(SIZE[::-1], 16.0)), RATE * 14)
    assert found(Lens(), data, cuts) == found(Lens(), data)


def test_looks_are_bounded():
    assert look(np.zeros((120, 160), np.uint8)) == (0, 0)
    assert look(np.tile(np.array([0, 255], np.uint8), (120, 80))) == (127, 255)
    assert changed_share(np.full(192, 2, np.uint8)) == 255
