"""Recordings that only their clocks can set beside one another, and those that clocks alone do not make the same."""

from dataclasses import replace

import numpy as np
import pytest

from daylight.analyses import judging
from daylight.analyses.by_clock import timed
from daylight.analyses.judging import Probe
from daylight.analyses.sameness import sought
from daylight.analyses.stretches import Stretch
from daylight.domain.burnt_clock import BurntClock, ClockPiece, Ticking
from tests.analyses.making import Camera, camera, prints, recording

NOON = 1_600_000_000_000_000  # microseconds since 1970
MINUTE = 60_000_000


class Still(Camera):
    """Nothing moves, and the clock is too small to be seen in a fingerprint."""

    def at(self, second):
        del second
        return self.wall.copy()


def still(seed: int) -> Still:
    return Still(camera(seed).wall)


def clocked(name, made, shows, *, pace=1.0, layout="%Y-%m-%d %H:%M:%S", **more):
    piece = ClockPiece(0, made.duration_us, shows, confidence=1.0)
    told = {"confidence": 1.0, "layout": layout, "pace": pace, **more}
    return replace(recording(name, made), clock=BurntClock(Ticking.EVEN, (piece,), **told))


def film(seed, length=60, phase=0, noise=1.0):
    return prints(still(seed), 0, length, phase=phase, noise=noise)


def test_a_still_film_is_set_beside_its_copy_by_the_clock_alone():
    """What the pictures propose, the clocks gainsay."""
    pair = [
        clocked("a", film(1), NOON),
        clocked("b", film(1, 40, phase=700_000, noise=3), NOON + 10_000_000),
    ]
    [one] = sought(pair).candidates
    assert (one.a, one.b, one.at, one.pace, one.by_clock) == (0, 1, 10_000_000.0, 1.0, True)


def test_a_copy_at_another_pace_is_set_beside_by_how_its_clock_goes():
    slow = film(2, 60)
    fast = replace(slow, duration_us=slow.duration_us // 2, times=slow.times // 2)
    [one] = timed([clocked("a", slow, NOON), clocked("b", fast, NOON, pace=2.0)], [], [])
    assert one.pace == pytest.approx(2.0)
    assert one.at == pytest.approx(0.0)
    assert all(at_a == 2 * at_b for at_a, at_b in one.seen)


def test_cameras_beside_one_another_are_not_looked_at():
    assert timed([clocked("a", film(3), NOON), clocked("b", film(4), NOON)], [], []) == []


@pytest.mark.parametrize(
    "other",
    [
        {"shows": NOON + 2 * MINUTE},  # another time
        {"shows": NOON + 58_500_000},  # hardly a second in common
        {"shows": NOON, "layout": "%H:%M:%S"},  # no date
        {"shows": NOON, "confidence": 0.5},
        {"shows": NOON, "layout": "%d-%m-%Y %H:%M:%S", "others": ("%m-%d-%Y %H:%M:%S",)},
    ],
)
def test_clocks_that_say_nothing_of_the_two(other):
    shows = other.pop("shows")
    assert timed([clocked("a", film(5), NOON), clocked("b", film(5), shows, **other)], [], []) == []


def test_what_is_known_is_not_asked_again():
    pair = [clocked("a", film(6), NOON), clocked("b", film(6), NOON)]
    known = Stretch(0, 1, 0, MINUTE, 0, MINUTE, coded=True)
    assert timed(pair, [known], []) == []


def test_it_is_looked_at_before_what_pictures_alone_propose():
    pair = [clocked("a", film(7), NOON), clocked("b", film(7), NOON)]
    [one] = timed(pair, [], [])
    heavy = replace(one, weight=99.0, by_clock=False)
    assert timed(pair, [], [heavy])[0].weight == 99.0


def looked_at(one, unlike: float):
    """Windows as unlike at every instant: nothing tells instants apart."""
    probes = []
    for at_a, at_b in one.seen[:5]:
        a = np.arange(at_a - 1_500_000, at_a + 1_500_001, 100_000)
        probes.append(Probe(tuple(map(int, a)), (at_b,), np.full((1, len(a)), unlike, np.float32)))
    return judging.line(one, probes)


def test_the_clock_tells_instants_apart_where_pictures_do_not_and_pictures_decide():
    pair = [clocked("a", film(8), NOON), clocked("b", film(8), NOON)]
    [one] = timed(pair, [], [])
    assert looked_at(one, 0.05) is not None
    assert looked_at(replace(one, by_clock=False), 0.05) is None
    assert looked_at(one, 0.5) is None


def test_recordings_without_pictures_or_clocks_are_borne():
    empty = replace(film(9), times=np.zeros(0, np.int64))
    empty = replace(
        empty, **{n: getattr(empty, n)[:0] for n in ("digests", "boxes", "hashes", "thumbs")}
    )
    assert timed([], [], []) == []
    assert timed([recording("a", film(9)), clocked("b", film(9), NOON)], [], []) == []
    assert timed([clocked("a", empty, NOON), clocked("b", film(9), NOON)], [], []) == []
    assert timed([clocked("a", film(9), NOON), clocked("b", empty, NOON)], [], []) == []
