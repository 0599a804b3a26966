"""Pairs of recordings that may share a stretch, and where: out of pairs of pictures that look alike.

What is known by coded pictures is left out: of recordings that share a stretch, one stands for all.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from daylight.analyses.alike import MIRRORED, Pairs, Pictures, alike
from daylight.analyses.stretches import Recording, Stretch

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

STEP: Final = 1_000_000  # microseconds: how exactly two instants can be paired by pictures alone
NEAR: Final = 1_300_000  # of a line, for a pair of pictures to support it
PACES: Final = (0.4, 2.6)  # slower and faster copies that are looked for
MOST_OF_ONE: Final = 12  # candidates of a recording, the best
DENSE: Final = 0.12  # weight of a picture, at least, where a candidate is supported
LEAST: Final = 0.4  # weight of all pairs that support a candidate
_TRIED: Final = 40  # pairs, the best, that lines are drawn through


@dataclass(frozen=True, slots=True)
class Candidate:
    """``a`` at ``at + pace * t`` may show what ``b`` does at ``t`` (microseconds).

    ``by_clock``: the burnt-in clocks of both, which were read, show the same time along that line.
    """

    a: int
    b: int
    at: float
    pace: float
    mirrored: bool
    view: int  # 0 as they are; n: a shows the middle of b (``CROPS[n]``); -n: b that of a
    weight: float
    seen: tuple[tuple[int, int], ...]  # instants (of a, of b) at which pictures look alike
    by_clock: bool = False


def standing(recordings: Sequence[Recording], known: Sequence[Stretch]) -> Pictures:
    """The pictures to look for: without those inside what an earlier recording shares as coded."""
    covered: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for stretch in known:
        if stretch.coded:
            covered[stretch.b].append((stretch.b_start, stretch.b_end))
    items, rows = [], []
    for number, one in enumerate(recordings):
        times = one.prints.times
        stays = np.ones(len(times), bool)
        for start, end in covered[number]:
            stays &= (times < start) | (times >= end)
        rows.append(np.flatnonzero(stays))
        items.append(np.full(len(rows[-1]), number))
    parts = [(one.prints, kept) for one, kept in zip(recordings, rows, strict=True)]
    return Pictures(
        np.concatenate([*items, np.zeros(0, np.int64)]).astype(np.int64),
        np.concatenate([p.times[kept] for p, kept in parts]),
        np.concatenate([p.hashes[kept] for p, kept in parts]),
        np.concatenate([p.thumbs[kept] for p, kept in parts]),
    )


def candidates(recordings: Sequence[Recording], known: Sequence[Stretch]) -> list[Candidate]:
    """The best for each recording, in a fixed order."""
    if not recordings:
        return []
    pictures = standing(recordings, known)
    pairs = alike(pictures)
    made = [one for group in _by_recordings(pictures, pairs) for one in _lines(*group)]
    by_pair: defaultdict[tuple[int, int], list[Stretch]] = defaultdict(list)
    for stretch in known:
        by_pair[stretch.a, stretch.b].append(stretch)
    return _best(
        [
            one
            for one in made
            if not is_known(one, by_pair[one.a, one.b]) and _is_dense(recordings, one)
        ]
    )


def _is_dense(recordings: Sequence[Recording], one: Candidate) -> bool:
    """Whether pictures are alike all along, not here and there, as in two nights of one camera."""
    first, last = one.seen[0][1], one.seen[-1][1]
    start, end = (round(one.at + one.pace * at) for at in (first, last))
    counts = (
        np.searchsorted(times, until, side="right") - np.searchsorted(times, since)
        for times, since, until in (
            (recordings[one.b].prints.times, first, last),
            (recordings[one.a].prints.times, start - NEAR, end + NEAR),
        )
    )
    return one.weight >= DENSE * min(int(count) for count in counts)


def is_known(one: Candidate, between: Sequence[Stretch]) -> bool:
    """Whether it is known already what the same instants of one of the two show of the other."""
    at_a, at_b = one.seen[len(one.seen) // 2]
    return any(
        known.b_start <= at_b < known.b_end or known.a_start <= at_a < known.a_end
        for known in between
    )


def _by_recordings(
    pictures: Pictures, pairs: Pairs
) -> list[tuple[int, int, int, Ints, Ints, Floats]]:
    """(a, b, view, times of a, times of b, weights) of each two recordings and view."""
    if not len(pairs.one):
        return []
    a, b = pictures.item[pairs.one], pictures.item[pairs.other]
    ta, tb = pictures.time[pairs.one], pictures.time[pairs.other]
    swap = a > b
    a, b = np.where(swap, b, a), np.where(swap, a, b)
    ta, tb = np.where(swap, tb, ta), np.where(swap, ta, tb)
    view = np.where(swap & (pairs.view > 0) & (pairs.view < MIRRORED), -pairs.view, pairs.view)
    order = np.lexsort((tb, ta, view, b, a))
    if not len(order):
        return []
    names = np.stack([a[order], b[order], view[order]])
    starts = np.flatnonzero((np.diff(names, axis=1, prepend=-9) != 0).any(axis=0))
    ends = np.append(starts[1:], len(order))
    return [
        (
            int(names[0, s]),
            int(names[1, s]),
            int(names[2, s]),
            ta[order[s:e]],
            tb[order[s:e]],
            pairs.weight[order[s:e]].astype(np.float64),
        )
        for s, e in zip(starts, ends, strict=True)
        if pairs.weight[order[s:e]].sum() >= LEAST
    ]


def _lines(a: int, b: int, view: int, ta: Ints, tb: Ints, weight: Floats) -> list[Candidate]:
    """Up to three lines of which each is supported by pairs that the ones before did not explain."""
    found: list[Candidate] = []
    left = np.ones(len(ta), bool)
    for _ in range(3):
        if weight[left].sum() < LEAST:
            break
        at, pace, on = _line(ta[left], tb[left], weight[left])
        rows = np.flatnonzero(left)[on]
        strength = _strength(tb[rows], weight[rows])
        if strength < LEAST:
            break
        seen = _spread(ta[rows], tb[rows], weight[rows])
        found.append(
            Candidate(
                a, b, at, pace, view == MIRRORED, 0 if view == MIRRORED else view, strength, seen
            )
        )
        left[rows] = False
    return found


def _strength(tb: Ints, weight: Floats) -> float:
    """Each instant of b counts once, by its best pair."""
    _, name = np.unique(tb, return_inverse=True)
    best = np.zeros(name.max() + 1)
    np.maximum.at(best, name, weight)
    return float(best.sum())


def _line(ta: Ints, tb: Ints, weight: Floats) -> tuple[float, float, NDArray[np.bool_]]:
    """(at, pace, pairs on it) of the line that has most weight; the natural pace unless far better."""
    at, total = _through(ta - tb, tb, weight)
    pace = 1.0
    every = _strength(tb, weight)
    for tried in _paces(ta, tb, weight) if every > 1.35 * total + 0.5 else ():
        other, strength = _through(ta - tried * tb, tb, weight)
        if strength > 1.35 * total + 0.5:
            at, total, pace = other, strength, tried
    return at, pace, np.abs(ta - pace * tb - at) <= NEAR


def _paces(ta: Ints, tb: Ints, weight: Floats) -> list[float]:
    """Those between the best pairs, the most frequent ones."""
    best = np.argsort(-weight, kind="stable")[:_TRIED]
    first, second = np.triu_indices(len(best), 1)
    apart = tb[best[first]] - tb[best[second]]
    far = np.abs(apart) > 5 * STEP
    paces = (ta[best[first]] - ta[best[second]])[far] / apart[far]
    paces = np.round(paces[(paces > PACES[0]) & (paces < PACES[1])], 2)
    values, counts = np.unique(paces[np.abs(paces - 1) > 0.015], return_counts=True)
    return [float(one) for one in values[np.argsort(-counts, kind="stable")][:8]]


def _through(offsets: NDArray[Any], tb: Ints, weight: Floats) -> tuple[float, float]:
    """The offset that most weight lies near, and how much."""
    order = np.argsort(offsets, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(weight[order])])
    ends = np.searchsorted(offsets[order], offsets[order] + NEAR, side="right")
    start = int(np.argmax(sums[ends] - sums[:-1]))
    held = order[start : ends[start]]
    at = float(np.average(offsets[held], weights=weight[held]))
    return at, _strength(tb[held], weight[held])


def _spread(ta: Ints, tb: Ints, weight: Floats) -> tuple[tuple[int, int], ...]:
    """The best pair of each of twelve equal parts of what the pairs span of b."""
    span = max(1, int(tb.max() - tb.min()) + 1)
    part = (tb - tb.min()) * 12 // span
    order = np.lexsort((-weight, part))
    firsts = order[np.flatnonzero(np.diff(part[order], prepend=-1))]
    return tuple((int(ta[n]), int(tb[n])) for n in firsts)


def _best(made: Sequence[Candidate]) -> list[Candidate]:
    """The best of each recording, on whichever side it stands."""
    count: Counter[int] = Counter()
    kept = []
    for one in sorted(made, key=lambda c: (-c.weight, c.a, c.b, c.view, c.at)):
        if count[one.a] < MOST_OF_ONE or count[one.b] < MOST_OF_ONE:
            kept.append(one)
            count.update((one.a, one.b))
    return sorted(kept, key=lambda c: (c.a, c.b, c.view, c.at))
