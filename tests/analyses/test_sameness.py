"""What is asked to be compared, what follows from what was shown, and in how few rounds."""

import numpy as np
import pytest

from daylight.analyses import judging
from daylight.analyses.candidates import candidates
from daylight.analyses.judging import Probe
from daylight.analyses.kinds import Kind, groups, relations
from daylight.analyses.sameness import next_asked, sought
from daylight.analyses.stretches import Stretch, closed, joined
from daylight.domain.burnt_clock import BurntClock, ClockPiece, Ticking
from tests.analyses.making import camera, cut, prints, recording

VIEW = camera(1)
NIGHTS = [prints(VIEW, 1000 + 86_400 * n, 60, coded=f"n{n}") for n in range(12)]


def shown(recordings, truth):
    """What comparing would show: ``truth`` says (start of a in the world, start of b), or None."""

    def compare(candidate):
        ask = judging.ask(recordings, candidate)
        probes = []
        for at_a, at_b in ask.probes:
            a = np.arange(at_a - 1_500_000, at_a + 2_600_001, 100_000)
            b = np.array([at_b, at_b + 300_000, at_b + 600_000])
            offset = truth(candidate)
            table = np.full((len(b), len(a)), 0.9, np.float32)
            if offset is not None:
                off = np.abs(a[None, :] - (b[:, None] + offset))
                table = np.where(off < 90_000, 0.03, 0.4).astype(np.float32)
            probes.append(Probe(tuple(map(int, a)), tuple(map(int, b)), table))
        line = judging.line(candidate, probes)
        return None if line is None else judging.stretch(recordings, candidate, line)

    return compare


def settled(recordings, compare):
    what, said, rounds = sought(recordings), {}, 0
    while True:
        stretches, asked = next_asked(what, said)
        if not asked:
            return relations(recordings, stretches), said, rounds
        said |= {one: compare(one) for one in asked}
        rounds += 1


def test_a_copy_encoded_again_is_found_among_many_nights():
    copy = prints(VIEW, 1000 + 86_400 * 7, 60, noise=2, phase=800_000)
    recordings = [recording(str(n), one) for n, one in enumerate([*NIGHTS, copy])]

    def truth(one):
        return 0 if {one.a, one.b} == {7, 12} else None

    made, said, rounds = settled(recordings, shown(recordings, truth))
    (one,) = made
    assert (one.kind, {one.a, one.b}) == (Kind.REENCODED, {7, 12})
    assert abs(one.a_start_us - one.b_start_us) <= 60_000
    assert one.length_us >= 58_000_000
    assert one.score > 0.9
    assert groups(made) == [(7, 12)]
    assert len(said) < 40
    assert rounds < 12


def test_nothing_is_asked_twice_and_the_same_is_asked_again():
    recordings = [recording(str(n), one) for n, one in enumerate(NIGHTS)]
    assert candidates(recordings, []) == candidates(recordings, [])
    _, said, _ = settled(recordings, lambda _: None)
    again, asked = next_asked(sought(recordings), said)
    assert (again, asked) == ([], [])


def test_copies_of_a_copy_are_copies():
    first, second = (
        Stretch(0, 1, 0, 60, 0, 60, coded=True),
        Stretch(0, 2, 10, 50, 0, 40, coded=False, score=0.9),
    )
    made = closed([_times(first), _times(second)])
    pairs = {(one.a, one.b): one for one in made}
    assert set(pairs) == {(0, 1), (0, 2), (1, 2)}
    follows = pairs[1, 2]
    assert (follows.a_start, follows.b_start, follows.score) == (10_000_000, 0, 0.9)
    assert not follows.coded


def _times(one):
    seconds = ("a_start", "a_end", "b_start", "b_end")
    return Stretch(
        one.a,
        one.b,
        *(getattr(one, name) * 1_000_000 for name in seconds),
        coded=one.coded,
        score=one.score,
    )


def test_what_does_not_overlap_does_not_follow():
    one = _times(Stretch(0, 1, 0, 10, 0, 10, coded=True))
    other = _times(Stretch(0, 2, 20, 50, 0, 30, coded=True))
    assert joined(one, other) is None


def candidate_of(one, other):
    recordings = [recording("a", one), recording("b", other)]
    return recordings, max(candidates(recordings, []), key=lambda c: c.weight)


COPY = prints(VIEW, 1000, 60, noise=2)


def line_of(probes):
    _, candidate = candidate_of(NIGHTS[0], COPY)
    return judging.line(candidate, probes)


def probe(table, step=200_000, at=10_000_000):
    a = tuple(at - 1_400_000 + step * n for n in range(table.shape[1]))
    return Probe(
        a, tuple(at + 300_000 * n for n in range(table.shape[0])), table.astype(np.float32)
    )


def test_what_is_equally_like_at_all_instants_says_nothing():
    assert line_of([probe(np.full((3, 20), 0.01)) for _ in range(4)]) is None


def test_what_is_unlike_is_no_copy():
    assert line_of([probe(np.full((3, 20), 0.6)) for _ in range(4)]) is None
    assert line_of([]) is None
    assert line_of([probe(np.zeros((0, 0)))]) is None


def test_pixels_unknown_are_not_taken_for_likeness():
    table = np.full((3, 20), np.nan)
    assert line_of([probe(table) for _ in range(4)]) is None


@pytest.mark.parametrize(("shift", "agree"), [(0, True), (1, True), (60, False), (86_400, False)])
def test_clocks_confirm_or_contradict(shift, agree):
    found = judging.Line(0.0, 1.0, 0.1, (10_000_000, 20_000_000))

    def clock(seconds):
        piece = ClockPiece(0, 60_000_000, seconds * 1_000_000)
        return BurntClock(Ticking.EVEN, (piece,))

    within = (0.0, 60_000_000.0)
    assert judging.clocks_agree(clock(1000), clock(1000 + shift), found, within) is agree
    assert judging.clocks_agree(clock(1000), None, found, within) is None
    assert judging.clocks_agree(clock(1000), BurntClock(Ticking.NONE), found, within) is None


def test_a_mirrored_copy_and_a_cut_are_candidates():
    for other in (prints(VIEW, 1000, 60, mirrored=True, noise=2), cut(COPY, 20, 40)):
        recordings, best = candidate_of(NIGHTS[0], other)
        assert best.weight > 2
        assert best.mirrored == (other.duration_us == 60_000_000)
        assert abs(best.at - (0 if best.mirrored else 20_000_000)) < 1_300_000
        assert len(judging.ask(recordings, best).probes) >= 3
