"""From a candidate to a stretch: which instants to compare, and what the comparison says.

Pictures that look alike are no proof: a camera that does not move sees the same corridor every night. So
the pictures of both at the same instants are compared window by window (``detectors.compare``), and two
recordings are called the same only where the most unlike windows are alike too (a digit of the clock fits in
one), and where other instants are less alike: what is equally like at all instants says nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.analyses.alike import MIRRORED, normal, seen_as, unlike_tiles
from daylight.analyses.candidates import Candidate
from daylight.analyses.stretches import Recording, Stretch
from daylight.domain.burnt_clock import BurntClock

PROBES: Final = 5
SAME: Final = 0.22  # unlikeness at most, of pictures of the same instant
TELLING: Final = 0.04  # by how much other instants must be less alike, and twice as unlike
DAMAGED: Final = (
    0.08  # unlikeness at most where less than PART of the probes fit: the rest is spoilt
)
PART: Final = 0.6
_OFF: Final = 700_000  # microseconds: another instant
_GRID: Final = 20_000  # microseconds
_REACH: Final = 1_480_000
_CLIP: Final = 0.7
_LIKE: Final = 16.0  # grey levels between thumbs, at most, where a stretch goes on
_BREAK: Final = 6_500_000  # microseconds without likeness end it
_SNAP: Final = 2_600_000  # from the end of a recording: it goes on to there
_CLOCK: Final = 2_500_000  # microseconds that two readings of one clock may differ by

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ask:
    """What to compare: pictures of ``b`` at the second instant of each probe with ``a`` at the first."""

    a: int
    b: int
    pace: float
    mirrored: bool
    probes: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Probe:
    """``table``: unlikeness, shape (times of b, times of a)."""

    a_us: tuple[int, ...]
    b_us: tuple[int, ...]
    table: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Line:
    """``a`` at ``at + pace * t`` is ``b`` at ``t``; ``unlike``: the median over the probes that fit."""

    at: float
    pace: float
    unlike: float
    fits: tuple[int, ...]  # instants of b


def ask(recordings: Sequence[Recording], candidate: Candidate) -> Ask:
    """Probes spread over what both can share, where pictures looked alike if there are enough."""
    a, b = recordings[candidate.a].prints, recordings[candidate.b].prints
    first, last = overlap(candidate.at, candidate.pace, a.duration_us, b.duration_us)
    instants = sorted({at for _, at in candidate.seen if first <= at <= last})
    if len(instants) > PROBES:
        instants = [instants[n * (len(instants) - 1) // (PROBES - 1)] for n in range(PROBES)]
    if len(instants) < PROBES:
        margin = (last - first) / 20
        more = np.linspace(first + margin, last - margin, PROBES).astype(int).tolist()
        instants = sorted({*instants, *more[: PROBES - len(instants) + 1]})
    probes = tuple((round(candidate.at + candidate.pace * at), int(at)) for at in instants)
    return Ask(candidate.a, candidate.b, candidate.pace, candidate.mirrored, probes)


def overlap(at: float, pace: float, a_us: int, b_us: int) -> tuple[float, float]:
    """The instants of b that a shows as well, if the line holds."""
    return max(0.0, -at / pace), min(float(b_us), (a_us - at) / pace)


def line(candidate: Candidate, probes: Sequence[Probe]) -> Line | None:
    """None where the pictures are not those of the same instants, or where nothing tells instants apart:
    neither the pictures nor two clocks that were read.
    """
    useful = [probe for probe in probes if probe.table.size]
    if not useful:
        return None
    shifts = np.arange(-_REACH, _REACH + 1, _GRID)
    each = [_curves(candidate, probe, shifts) for probe in useful]
    curves, spared = np.stack([mean for mean, _ in each]), np.stack([best for _, best in each])
    total = np.minimum(np.nan_to_num(curves, nan=_CLIP), _CLIP).mean(axis=0)
    best = _lowest(total)
    at, pace = candidate.at + float(shifts[best]), candidate.pace
    if abs(pace - 1) > 0.004 and len(useful) > 2:
        at, pace, residues = _tilted(candidate, useful, curves, shifts)
    else:
        residues = curves[:, best]
    if not _enough(residues, SAME, PART):
        residues = spared[:, best]
        if not _enough(residues, DAMAGED, PART / 2):
            return None
    fits = np.flatnonzero(residues <= SAME)
    away = (
        np.abs(
            shifts[None, :] - shifts[np.nanargmin(np.nan_to_num(curves, nan=9.0), axis=1)][:, None]
        )
        > _OFF
    )
    others = np.nanmin(np.where(away, np.nan_to_num(curves, nan=9.0), 9.0), axis=1)
    telling = (others - residues >= np.maximum(TELLING, residues))[fits].any()
    if not (telling or candidate.by_clock):
        return None
    middle = tuple(useful[n].b_us[len(useful[n].b_us) // 2] for n in fits)
    return Line(at, pace, float(np.median(residues[fits])), middle)


def _enough(residues: Floats, limit: float, part: float) -> bool:
    """Whether two probes at least, and ``part`` of all, are no more unlike than ``limit``."""
    fits = int((residues <= limit).sum())
    return fits >= min(2, len(residues)) and fits >= part * len(residues)


def _curves(candidate: Candidate, probe: Probe, shifts: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Unlikeness at each shift from the candidate's line: the mean over the pictures of b, which tells
    instants apart; and the best of them, which spoilt pictures do not spoil. NaN: unknown.
    """
    times = np.array(probe.a_us, np.float64)
    step = float(np.median(np.diff(times))) if len(times) > 1 else _GRID
    rows = []
    for at, unlike in zip(probe.b_us, probe.table, strict=True):
        wanted = candidate.at + candidate.pace * at + shifts
        place = np.clip(np.searchsorted(times, wanted), 1, max(1, len(times) - 1))
        place = np.where(
            np.abs(times[place - 1] - wanted)
            <= np.abs(times[np.minimum(place, len(times) - 1)] - wanted),
            place - 1,
            np.minimum(place, len(times) - 1),
        )
        near = np.abs(times[place] - wanted) <= max(step, _GRID * 2)
        rows.append(np.where(near, unlike[place], np.nan))
    table = np.sort(np.array(rows), axis=0)  # unknown ones last
    return _mean(table), table[0]


def _mean(table: Floats) -> Floats:
    known = ~np.isnan(table)
    sums = np.where(known, table, 0).sum(axis=0)
    return np.where(known.any(axis=0), sums / np.maximum(known.sum(axis=0), 1), np.nan)


def _lowest(curve: Floats) -> int:
    """The middle of the stretch around the minimum that is as low."""
    low = float(curve.min())
    near = np.flatnonzero(curve <= low + 0.004)
    runs = np.split(near, np.flatnonzero(np.diff(near) > 1) + 1)
    run = max(runs, key=lambda one: (len(one), -abs(int(one[0]) - len(curve) // 2)))
    return int(run[len(run) // 2])


def _tilted(
    candidate: Candidate, probes: Sequence[Probe], curves: Floats, shifts: NDArray[np.int64]
) -> tuple[float, float, Floats]:
    """The line through what each probe alone would have, for copies of another pace."""
    lows = np.array([_lowest(np.nan_to_num(curve, nan=_CLIP)) for curve in curves])
    residues = curves[np.arange(len(lows)), lows]
    times = np.array([probe.b_us[0] for probe in probes], np.float64)
    good = residues <= SAME
    if good.sum() < 3 or np.ptp(times[good]) < 4 * _OFF:
        return candidate.at, candidate.pace, residues
    tilt, shift = np.polyfit(times[good], shifts[lows[good]], 1)
    return candidate.at + float(shift), candidate.pace + float(tilt), residues


def stretch(recordings: Sequence[Recording], candidate: Candidate, found: Line) -> Stretch | None:
    """As far as thumbs go on being alike along the line, to both sides of the probes that fit.

    None where two burnt-in clocks that were read contradict it.
    """
    one, other = recordings[candidate.a], recordings[candidate.b]
    first, last = overlap(found.at, found.pace, one.prints.duration_us, other.prints.duration_us)
    instants, like = _likeness(one, other, candidate, found)
    low = _grown(instants[::-1], like[::-1], min(found.fits), first, -1)
    high = _grown(instants, like, max(found.fits), last, 1)
    agrees = clocks_agree(one.clock, other.clock, found, (low, high))
    if agrees is False:
        return None
    score = max(0.0, 1 - found.unlike / (2 * SAME))
    if agrees:
        score = 1 - (1 - score) / 2
    a_start, a_end = (round(found.at + found.pace * at) for at in (low, high))
    return Stretch(
        candidate.a,
        candidate.b,
        max(0, a_start),
        a_end,
        round(low),
        round(high),
        coded=False,
        score=score,
        mirrored=candidate.mirrored,
    )


def _likeness(
    one: Recording, other: Recording, candidate: Candidate, found: Line
) -> tuple[Floats, NDArray[np.bool_]]:
    """Instants of b at which it has a picture, and whether a has one near that is like it."""
    expected = found.at + found.pace * other.prints.times
    tiles_a, tiles_b = normal(one.prints.thumbs), normal(other.prints.thumbs)
    view = MIRRORED if candidate.mirrored else 0
    shown = seen_as(tiles_b, view) if view else tiles_b
    after = np.searchsorted(one.prints.times, expected)
    best = np.full(len(expected), 99.0)
    for place in (after - 1, after):
        held = np.clip(place, 0, max(0, len(tiles_a) - 1))
        near = np.abs(one.prints.times[held] - expected) < 2_200_000
        best = np.where(near, np.minimum(best, unlike_tiles(tiles_a[held], shown)), best)
    known = best < 99
    return other.prints.times[known].astype(np.float64), (best <= _LIKE)[known]


def _grown(instants: Floats, like: NDArray[np.bool_], start: float, end: float, way: int) -> float:
    """How far from ``start`` towards ``end`` likeness goes."""
    reached = start
    for at, is_like in zip(instants, like, strict=True):
        if (at - start) * way <= 0:
            continue
        if (at - reached) * way > _BREAK:
            break
        if is_like:
            reached = float(at)
    return end if (end - reached) * way <= _SNAP else reached


def clocks_agree(
    one: BurntClock | None, other: BurntClock | None, found: Line, within: tuple[float, float]
) -> bool | None:
    """Whether both burnt-in clocks show the same time at the same instants; None: they cannot say.

    Of a copy of another pace the reader has not understood the clock: its pieces go with the media.
    """
    if one is None or other is None or abs(found.pace - 1) > 0.02:
        return None
    apart = []
    for piece in other.pieces:
        for shown in one.pieces:
            start = (shown.media_us - found.at) / found.pace
            end = (shown.media_us + shown.length_us - found.at) / found.pace
            low = max(piece.media_us, start, within[0])
            high = min(piece.media_us + piece.length_us, end, within[1])
            if high > low:
                middle = (low + high) / 2
                there = shown.naive_us + (found.at + found.pace * middle - shown.media_us)
                apart.append(
                    (
                        high - low,
                        abs(piece.naive_us + (middle - piece.media_us) * found.pace - there),
                    )
                )
    if not apart:
        return None
    length = sum(share for share, _ in apart)
    return sum(share for share, off in apart if off <= _CLOCK) > length / 2
