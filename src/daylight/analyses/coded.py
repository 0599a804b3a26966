"""Equal coded pictures: copies that were never encoded again, however they were packed, cut or joined.

A join over the digests of key frames, then runs of matches that follow one another in both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.analyses.stretches import Recording, Stretch, merged, ordered

OFTEN: Final = 300  # places of one digest that are looked at
REPEATED: Final = 64  # times within one item, beyond which a picture tells nothing
GAP: Final = 4  # key frames that may be spoilt within a run
GAP_US: Final = 14_000_000  # or so long
EDGE: Final = (
    4  # the same before its beginning and after its end, where an item begins or ends there
)
FLAT: Final = 4.0  # grey levels: the spread of a thumb that shows nothing

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Keys:
    """Key frames of all recordings that have a digest: columns."""

    item: Ints
    place: Ints  # among the key frames of its recording
    after: Ints  # how many come after it
    time: Ints
    until: Ints  # time of the next key frame, or the end
    digest: NDArray[np.void]
    telling: NDArray[np.bool_]


def coded(recordings: Sequence[Recording]) -> list[Stretch]:
    """Stretches of equal coded pictures, each pair once, ``a`` before ``b``."""
    keys = _keys(recordings)
    if not len(keys.item):
        return []
    first, second = _pairs(keys)
    return merged([*_runs(keys, first, second), *_wholes(recordings)])


def _keys(recordings: Sequence[Recording]) -> _Keys:
    columns: list[tuple[Ints, ...]] = []
    digests, telling = [np.zeros((0, 16), np.uint8)], [np.zeros(0, bool)]
    for number, one in enumerate(recordings):
        prints = one.prints
        held = np.flatnonzero(prints.digests.any(axis=1))
        times = prints.times[held]
        until = np.append(times[1:], max(prints.duration_us, *times[-1:], 0))[: len(held)]
        places = np.arange(len(held))
        columns.append((np.full(len(held), number), places, places[::-1], times, until))
        digests.append(prints.digests[held])
        telling.append(prints.thumbs[held].std(axis=(1, 2)) >= FLAT)
    if not columns:
        columns.append((np.zeros(0, np.int64),) * 5)
    item, place, after, time, until = (
        np.concatenate(column).astype(np.int64) for column in zip(*columns, strict=True)
    )
    whole = np.ascontiguousarray(np.concatenate(digests)).view("V16").ravel()
    return _Keys(item, place, after, time, until, whole, np.concatenate(telling))


def _pairs(keys: _Keys) -> tuple[Ints, Ints]:
    """Rows with the same digest, in different recordings: the first of a lower one."""
    _, name = np.unique(keys.digest, return_inverse=True)
    within = np.unique(np.stack([name, keys.item]), axis=1, return_inverse=True, return_counts=True)
    still = (np.diff(name, append=-1) == 0) & (np.diff(keys.item, append=-1) == 0)
    dull = np.isin(name, name[still])  # equal to the next one: nothing moved, not even noise
    usable = keys.telling & ~dull & (within[2][within[1].ravel()] <= REPEATED)
    rows = np.flatnonzero(usable)
    rows = rows[np.lexsort((keys.place[rows], keys.item[rows], name[rows]))]
    return _within_groups(rows, name[rows], keys.item)


def _within_groups(rows: Ints, names: Ints, item: Ints) -> tuple[Ints, Ints]:
    starts = np.flatnonzero(np.diff(names, prepend=-1))
    sizes = np.diff(starts, append=len(names))
    firsts, seconds = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for size in np.unique(sizes[sizes > 1]):
        upper = np.triu_indices(min(int(size), OFTEN), 1)
        members = rows[starts[sizes == size][:, None] + np.arange(min(int(size), OFTEN))]
        firsts.append(members[:, upper[0]].ravel())
        seconds.append(members[:, upper[1]].ravel())
    first, second = np.concatenate(firsts), np.concatenate(seconds)
    apart = item[first] != item[second]
    return first[apart], second[apart]


def _runs(keys: _Keys, first: Ints, second: Ints) -> list[Stretch]:
    """Matches on one diagonal (the same number of key frames on in both) without great gaps."""
    a, b = keys.item[first], keys.item[second]
    diagonal, at = keys.place[first] - keys.place[second], keys.place[first]
    order = np.lexsort((at, diagonal, b, a))
    first, second = first[order], second[order]
    same = np.stack([a[order], b[order], diagonal[order]])
    breaks = (np.diff(same, axis=1) != 0).any(axis=0) | (
        (np.diff(at[order]) > GAP) & (np.diff(keys.time[first]) > GAP_US)
    )
    starts = np.concatenate([[0], np.flatnonzero(breaks) + 1]) if len(order) else np.zeros(0, int)
    ends = np.append(starts[1:], len(order)) - 1 if len(starts) else starts
    found = (
        _run(keys, first[s], first[e], second[s], second[e])
        for s, e in zip(starts, ends, strict=True)
    )
    return [ordered(one) for one in found if one.a_end > one.a_start]


def _run(keys: _Keys, a0: int, a1: int, b0: int, b1: int) -> Stretch:
    """Up to where the next key frame of either is, no further than the shorter of the two goes."""
    before = min(keys.place[a0], keys.place[b0])
    if 0 < before <= EDGE:
        a0, b0 = a0 - before, b0 - before
    after = min(keys.after[a1], keys.after[b1])
    if 0 < after <= EDGE:
        a1, b1 = a1 + after, b1 + after
    rest = min(keys.until[a1] - keys.time[a1], keys.until[b1] - keys.time[b1])
    return Stretch(
        int(keys.item[a0]),
        int(keys.item[b0]),
        int(keys.time[a0]),
        int(keys.time[a1] + rest),
        int(keys.time[b0]),
        int(keys.time[b1] + rest),
        coded=True,
    )


def _wholes(recordings: Sequence[Recording]) -> list[Stretch]:
    """Recordings of which all key frames are equal, in order: the only way where all look the same."""
    by_sequence: dict[bytes, list[int]] = {}
    for number, one in enumerate(recordings):
        if len(one.prints) and one.prints.digests.any():
            by_sequence.setdefault(one.prints.digests.tobytes(), []).append(number)
    return [
        Stretch(
            one,
            other,
            0,
            recordings[one].prints.duration_us,
            0,
            recordings[other].prints.duration_us,
            coded=True,
        )
        for same in by_sequence.values()
        for place, one in enumerate(same)
        for other in same[place + 1 :][:OFTEN]
    ]
