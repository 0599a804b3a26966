"""One clock against the media time, over all pictures of a recording.

A clock that ticks shows the media time plus an offset, rounded down. Offsets that several pictures agree on
are candidates; the likeliest path through the recording takes some candidate at each picture, changes
seldom, and passes over pictures that fit none: those were misread, and are not believed. So a recording is
cut where the clock jumps. (Viterbi's algorithm over a hidden offset.)
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.analyses.clock_fields import DAY, Fields, Seconds

MICRO: Final = 1_000_000
MOST_OFFSETS: Final = 48
PASS: Final = -9.0  # log likelihood of a picture that fits none
JUMP: Final = -12.0  # and of a jump of the clock
SLACK: Final = 0.3  # seconds by which a time of the media may be off
NOT_TICKING: Final = 0.5  # how sure one is of a clock that was not seen to tick, at most
_REACH: Final = 12  # tenths of a step around a candidate
_FEW, _MANY = 4, 200  # pictures that a pace is told from
_PACE: Final = 0.01  # by how much it must differ from that of the media
_SLOWEST, _FASTEST = 0.05, 50.0
_FROZEN: Final = 3  # pictures with one and the same time, over as many times what it shows at least


@dataclass(frozen=True, slots=True)
class Piece:
    """Pictures ``first`` to ``last`` (inclusive) fit ``offset`` (µs from media to naive time) within
    ``slack`` µs; ``sure`` in [0, 1]; ``read``: how many of them do.
    """

    first: int
    last: int
    offset: int
    slack: int
    read: int
    sure: float


@dataclass(frozen=True, slots=True)
class Fit:
    """``shown``: of each picture the naive second, -1 where it is not believed. ``likely``: of it all,
    for comparing with other readings of the same pictures.
    """

    pieces: tuple[Piece, ...]
    shown: Seconds
    frozen: bool
    likely: float


def fit(times: Seconds, fields: Fields, step: int) -> Fit:
    """``times``: µs of media time, ascending; ``step``: seconds by which the clock counts, 1 or 60."""
    best, sure = fields.best()
    if _stands(times, best, sure, step):
        return _frozen(times, fields, best, sure)
    offsets = _candidates(times, best, sure, step, dated=bool(fields.date))
    if not len(offsets):
        return Fit((), np.full(len(times), -1, np.int64), frozen=False, likely=PASS * len(times))
    path, likely = _path(_emissions(times, fields, offsets, step))
    pieces = _pieces(times, fields, path, offsets, step)
    taken = np.full(len(times), -1, np.int64)
    for one, chosen, seconds in pieces:
        del one
        taken[chosen] = seconds
    return Fit(tuple(one for one, _, _ in pieces), taken, frozen=False, likely=likely)


def pace_of(times: Seconds, fields: Fields) -> float:
    """Seconds of the clock a second of media time, as most pairs of pictures say; 1 where none do.

    To three digits: a recording whose rate is wrong has a round one (25 taken for 12, say).
    """
    best, sure = fields.best()
    read = np.flatnonzero(sure > 0.5)
    if len(read) < _FEW:
        return 1.0
    apart = np.triu_indices(min(len(read), _MANY), max(1, min(len(read), _MANY) // 2))
    late, early = read[apart[1]], read[apart[0]]
    between = (times[late] - times[early]) / MICRO
    if not (between > 0).all():
        return 1.0
    paces = (best[late] - best[early]) / between
    middle = float(np.median(paces))
    agree = np.abs(paces - middle) < 2 / between
    plain = abs(middle - 1) < _PACE or not _SLOWEST < middle < _FASTEST
    return 1.0 if plain or agree.mean() < 0.5 else round(float(paces[agree].mean()), 3)


def _stands(times: Seconds, best: Seconds, sure: NDArray[np.float32], step: int) -> bool:
    """Whether the clock shows the same time from the beginning to the end."""
    read = sure > 0.5
    if read.sum() < _FROZEN or (times[read].max() - times[read].min()) < _FROZEN * step * MICRO:
        return False
    _, counts = np.unique(best[read], return_counts=True)
    return bool(counts.max() > 0.8 * read.sum())


def _frozen(times: Seconds, fields: Fields, best: Seconds, sure: NDArray[np.float32]) -> Fit:
    values, counts = np.unique(best[sure > 0.5], return_counts=True)
    shown = np.full(len(times), values[counts.argmax()], np.int64)
    right = best == shown
    certain = fields.certainty(shown)
    last = len(times) - 1
    piece = Piece(0, last, int(shown[0]) * MICRO - int(times[0]), MICRO, int(right.sum()), certain)
    taken = np.where(right, shown, -1)
    return Fit((piece,), taken, frozen=True, likely=0.0)


def _candidates(
    times: Seconds, best: Seconds, sure: NDArray[np.float32], step: int, *, dated: bool
) -> Seconds:
    """Offsets in µs that at least two pictures agree on (or the only picture has), the commonest."""
    read = sure > 0.05
    offsets = best[read] * MICRO - times[read]
    if not dated:
        offsets %= DAY * MICRO
    offsets.sort()
    spread = round((step + 2 * SLACK) * MICRO)
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(offsets):
        end = int(np.searchsorted(offsets, offsets[at] + spread))
        low, high = offsets[end - 1], offsets[at] + step * MICRO  # the offset lies between
        found.append((end - at, int(low + high) // 2))
        at = end
    least = 2 if len(offsets) > 2 else 1
    found = sorted((one for one in found if one[0] >= least), reverse=True)[:MOST_OFFSETS]
    return np.array([offset for _, offset in found], np.int64)


def _emissions(times: Seconds, fields: Fields, offsets: Seconds, step: int) -> NDArray[np.float64]:
    """(pictures, offsets): how much less likely the time that would show is than the best reading."""
    less = np.full((len(times), len(offsets)), 4 * PASS)
    for shift in (-step / 2, -SLACK, 0, SLACK, step / 2):
        at = times[:, None] + offsets[None, :] + round(shift * MICRO)
        less = np.maximum(less, fields.of(at // (step * MICRO) * step))
    return less


def _path(less: NDArray[np.float64]) -> tuple[NDArray[np.int64], float]:
    """The likeliest candidate for each picture; the number of candidates where it fits none.

    To pass over a picture is a state beside each candidate, so that a piece goes on after it.
    """
    count, offsets = less.shape
    total = np.zeros(offsets)
    back = np.zeros((count, offsets), np.int64)
    passed = less < PASS
    gain = np.maximum(less, PASS)
    for n in range(count):
        from_best = int(total.argmax())
        stay = total >= total[from_best] + JUMP
        back[n] = np.where(stay, np.arange(offsets), from_best)
        total = np.where(stay, total, total[from_best] + JUMP) + gain[n]
    path = np.zeros(count, np.int64)
    state = int(total.argmax())
    for n in range(count - 1, -1, -1):
        path[n] = offsets if passed[n, state] else state
        state = int(back[n, state])
    return path, float(total.max())


_Chosen = tuple[Piece, NDArray[np.int64], Seconds]  # the pictures of a piece, and what they show


def _pieces(
    times: Seconds, fields: Fields, path: NDArray[np.int64], offsets: Seconds, step: int
) -> list[_Chosen]:
    """Stretches of one candidate, with what they have passed over inside."""
    used = np.flatnonzero(path < len(offsets))
    if not len(used):
        return []
    cuts = np.flatnonzero(np.diff(path[used])) + 1
    return [
        _piece(times[chosen], fields.part(chosen), chosen, int(offsets[path[chosen[0]]]), step)
        for chosen in np.split(used, cuts)
    ]


def _piece(
    times: Seconds, fields: Fields, chosen: NDArray[np.int64], offset: int, step: int
) -> _Chosen:
    """The offset that the pictures together like best, to a tenth of a step.

    A picture that was read otherwise takes what the others say it must show, where it may show that.
    """
    tenth = step * MICRO // 10
    shifts = offset + np.arange(-_REACH, _REACH + 1) * tenth
    shown = (times[:, None] + shifts[None, :]) // (step * MICRO) * step
    less = fields.of(shown)
    total = np.maximum(less, PASS).sum(axis=0)
    good = np.flatnonzero(total > total.max() - 0.5)
    good = good[: int(np.argmax(np.diff(good, append=10**6) > 1)) + 1]  # the first stretch of them
    middle = int(good[len(good) // 2])
    right = less[:, middle] >= PASS
    seconds = shown[right, middle]
    low, high = int(shifts[good[0]]), int(shifts[good[-1]])
    sure = fields.part(np.flatnonzero(right)).certainty(seconds) if right.any() else 0.0
    if len(np.unique(seconds)) < 2:
        sure = min(sure, NOT_TICKING)
    piece = Piece(
        int(chosen[0]),
        int(chosen[-1]),
        (low + high) // 2,
        (high - low) // 2 + tenth // 2,
        int(right.sum()),
        sure,
    )
    return piece, chosen[right], seconds
