"""Pairs of recordings whose burnt-in clocks show the same time: they are looked at, whatever else is alike.

A film in which nothing moves has no picture that could be told from the others, and of one at another pace the
pictures can be put side by side in many ways; a clock that was read says which way. It is a candidate and no
more: cameras beside one another show the same time as well, so that the pictures decide.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.analyses.alike import FAR
from daylight.analyses.candidates import Candidate, is_known
from daylight.analyses.stretches import Recording, Stretch
from daylight.domain.burnt_clock import BurntClock, ClockPiece

SURE: Final = 0.8  # confidence of a clock
SHARED: Final = 3_000_000  # microseconds that two clocks must have in common
PROBED: Final = 8  # pictures of b at most that are held against those of a
ALIKE: Final = 0.5  # of them, at least, that must be like
ROUGHLY: Final = 100  # bits of 256 in which what two mostly show may differ; chance differs in 128
_NEAR: Final = 1_600_000  # microseconds between two pictures of one instant: key frames lie apart


@dataclass(frozen=True, slots=True)
class _Shown:
    """The naive time from ``low`` to ``high``, shown by a piece of a recording's clock. ``look``: shape (32,)."""

    low: int
    high: int
    item: int
    piece: ClockPiece
    clock: BurntClock
    look: NDArray[np.uint8]


def timed(
    recordings: Sequence[Recording], known: Sequence[Stretch], found: Sequence[Candidate]
) -> list[Candidate]:
    """Further candidates: recordings whose clocks show one time, and whose pictures of it are not unlike.

    Each is at least as heavy as what was ``found`` of its two recordings by pictures alone, so that it is looked
    at first. Of what is ``known`` to share all its coded pictures, the earlier recording stands for both.
    """
    between: defaultdict[tuple[int, int], list[Stretch]] = defaultdict(list)
    for stretch in known:
        between[stretch.a, stretch.b].append(stretch)
    heaviest: defaultdict[tuple[int, int], float] = defaultdict(float)
    for candidate in found:
        pair = candidate.a, candidate.b
        heaviest[pair] = max(heaviest[pair], candidate.weight)
    copies = {stretch.b for stretch in known if stretch.coded and _is_whole(recordings, stretch)}
    made = []
    for one, other in _meeting(recordings, copies):
        met = _candidate(recordings, one, other)
        if met is not None and not is_known(met, between[met.a, met.b]):
            made.append(replace(met, weight=max(met.weight, heaviest[met.a, met.b])))
    return made


def _is_whole(recordings: Sequence[Recording], one: Stretch) -> bool:
    """Whether all of the later recording is in the earlier one, which then stands for it."""
    length = recordings[one.b].prints.duration_us
    return one.b_end - one.b_start >= 0.95 * length


def _meeting(recordings: Sequence[Recording], copies: set[int]) -> Iterator[tuple[_Shown, _Shown]]:
    """Pieces of different recordings that show one time and mostly look alike, the lower recording first."""
    shown = [one for n, r in enumerate(recordings) if n not in copies for one in _shown(n, r)]
    shown.sort(key=lambda one: (one.low, one.item))
    ends = np.array([one.high for one in shown], np.int64)
    looks = np.stack([one.look for one in shown]) if shown else np.zeros((0, 32), np.uint8)
    begun = np.zeros(0, np.int64)
    for number, one in enumerate(shown):
        begun = begun[ends[begun] - one.low >= SHARED]
        if one.high - one.low >= SHARED:
            unlike = np.bitwise_count(looks[begun] ^ one.look).sum(axis=1, dtype=np.int64)
            for row in begun[unlike <= ROUGHLY]:
                other = shown[int(row)]
                if other.item != one.item and _comparable(other, one):
                    yield (other, one) if other.item < one.item else (one, other)
        begun = np.append(begun, number)


def _shown(number: int, recording: Recording) -> Iterator[_Shown]:
    clock = recording.clock
    if clock is None or clock.confidence < SURE or "%d" not in clock.layout:
        return  # a clock without a date shows the same time every day
    for piece in clock.pieces:
        look = _look(recording, piece)
        if look is None:
            continue
        ends = piece.naive_us + round(piece.length_us * clock.pace)
        yield _Shown(piece.naive_us, ends, number, piece, clock, look)


def _look(recording: Recording, piece: ClockPiece) -> NDArray[np.uint8] | None:
    """A hash of what most of its pictures have in common; None where it has none."""
    times = recording.prints.times
    held = (times >= piece.media_us) & (times <= piece.media_us + piece.length_us)
    bits = np.unpackbits(recording.prints.hashes[held, 0], axis=1)
    return np.packbits(bits.mean(axis=0) >= 0.5) if len(bits) else None


def _comparable(one: _Shown, other: _Shown) -> bool:
    """Of two layouts in which day and month are open, the same digits may be two days."""
    a, b = one.clock, other.clock
    return a.layout == b.layout or not (a.others or b.others)


def _candidate(recordings: Sequence[Recording], one: _Shown, other: _Shown) -> Candidate | None:
    """None where their pictures at the same times are not alike."""
    ours, theirs = one.clock.pace, other.clock.pace
    a, b = one.piece, other.piece
    pace = theirs / ours
    at = a.media_us + (b.naive_us - a.naive_us) / ours - pace * b.media_us
    within = _within(one, other)
    seen = tuple(_alike(recordings[one.item], recordings[other.item], at, pace, within))
    if not seen:
        return None
    return Candidate(
        one.item, other.item, at, pace, False, 0, float(len(seen)), seen, by_clock=True
    )


def _within(one: _Shown, other: _Shown) -> tuple[float, float]:
    """From where to where in ``other`` both show the time."""
    low, high = max(one.low, other.low), min(one.high, other.high)
    start, pace = other.piece.media_us, other.clock.pace
    return start + (low - other.low) / pace, start + (high - other.low) / pace


def _alike(
    a: Recording, b: Recording, at: float, pace: float, within: tuple[float, float]
) -> list[tuple[int, int]]:
    """Instants (of a, of b) whose pictures are alike, if enough of those that were probed are."""
    times = b.prints.times
    inside = np.flatnonzero((times >= within[0]) & (times <= within[1]))
    inside = (
        inside[np.unique(np.linspace(0, len(inside) - 1, PROBED).astype(int))]
        if len(inside)
        else inside
    )
    nearest = _nearest(a.prints.times, (at + pace * times[inside]).astype(np.float64))
    near = nearest >= 0
    rows, inside = nearest[near], inside[near]
    bits = np.bitwise_count(a.prints.hashes[rows, 0] ^ b.prints.hashes[inside, 0]).sum(axis=1)
    like = bits <= FAR
    if not like.any() or like.mean() < ALIKE:
        return []
    pairs = zip(a.prints.times[rows[like]], times[inside[like]], strict=True)
    return [(int(x), int(y)) for x, y in pairs]


def _nearest(times: NDArray[np.int64], wanted: NDArray[np.float64]) -> NDArray[np.int64]:
    """The row of ``times`` (sorted) that is nearest to each; -1 where none is near."""
    if not len(times):
        return np.full(len(wanted), -1)
    after = np.clip(np.searchsorted(times, wanted), 0, len(times) - 1)
    before = np.maximum(after - 1, 0)
    closer = np.abs(times[before] - wanted) < np.abs(times[after] - wanted)
    row = np.where(closer, before, after)
    return np.where(np.abs(times[row] - wanted) <= _NEAR, row, -1)
