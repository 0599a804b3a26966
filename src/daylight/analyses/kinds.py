"""Stretches named for people: which kind of copy it is, what is whole in what, what belongs together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from daylight.analyses.stretches import Recording, Stretch
from daylight.domain.burnt_clock import Ticking
from daylight.media.prints import Prints

ENDS: Final = 1_300_000  # microseconds that a whole recording may lack, and 3 in 100 of it
LARGE_PART: Final = (
    0.35  # of a recording: a cut of it, where nothing else tells that it was put together
)
_SEAM: Final = 1_500_000  # microseconds between two parts that follow one another
_SIZES: Final = 0.04  # by which sizes may differ and be the same
_BOXES: Final = 200  # 1/10000 by which the borders of two recordings must differ


class Kind(StrEnum):
    """The first is a file met more than once, and one item: no analysis is needed for it."""

    IDENTICAL = "identical"
    REMUXED = "remuxed"  # the same coded pictures in another file
    REENCODED = "re-encoded"
    RESCALED = "rescaled"  # and encoded again
    LETTERBOXED = "letterboxed"  # and encoded again
    TRIMMED = "trimmed"  # a is longer, and one recording
    CONTAINED = "contained"  # a was put together, b (or a part of it) is a part of it


GROUPED: Final = frozenset(Kind) - {Kind.CONTAINED}


@dataclass(frozen=True, slots=True)
class Relation:
    """``b`` from ``b_start_us`` on for ``length_us`` is ``a`` from ``a_start_us`` on.

    ``a``, ``b``: places in the sequence of recordings. ``pace``: of a for one of b. ``score`` in [0, 1].
    """

    kind: Kind
    a: int
    b: int
    a_start_us: int
    b_start_us: int
    length_us: int
    score: float
    coded: bool
    mirrored: bool
    pace: float


def relations(recordings: Sequence[Recording], stretches: Sequence[Stretch]) -> list[Relation]:
    """One for each stretch, in the order of the recordings' keys."""
    compiled = _put_together(recordings, stretches)
    return [_relation(recordings, one, compiled) for one in stretches]


def groups(made: Sequence[Relation]) -> list[tuple[int, ...]]:
    """Recordings that are copies of one another, or cuts of them; not what long exports hold."""
    leader: dict[int, int] = {}

    def first(one: int) -> int:
        while leader.setdefault(one, one) != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    for relation in made:
        if relation.kind in GROUPED:
            low, high = sorted((first(relation.a), first(relation.b)))
            leader[high] = low
    members: defaultdict[int, list[int]] = defaultdict(list)
    for one in sorted(leader):
        members[first(one)].append(one)
    return [tuple(found) for found in members.values() if len(found) > 1]


def _relation(
    recordings: Sequence[Recording], one: Stretch, compiled: Mapping[int, bool]
) -> Relation:
    prints_a, prints_b = recordings[one.a].prints, recordings[one.b].prints
    whole_a = is_whole(one.a_start, one.a_end, prints_a)
    whole_b = is_whole(one.b_start, one.b_end, prints_b)
    if whole_a and whole_b:
        kind = _copy(prints_a, prints_b, one)
        turn = (prints_b.width * prints_b.height, prints_b.duration_us) > (
            prints_a.width * prints_a.height,
            prints_a.duration_us,
        )
    else:
        turn = whole_a or (not whole_b and prints_b.duration_us > prints_a.duration_us)
        kind = _part(one.turned() if turn else one, recordings, compiled, whole_a or whole_b)
    shown = one.turned() if turn else one
    return Relation(
        kind,
        shown.a,
        shown.b,
        shown.a_start,
        shown.b_start,
        shown.b_end - shown.b_start,
        round(shown.score, 4),
        shown.coded,
        shown.mirrored,
        round(shown.pace, 4) if abs(shown.pace - 1) > 0.004 else 1.0,
    )


def is_whole(start: int, end: int, prints: Prints) -> bool:
    lacks = prints.duration_us - (end - start)
    return lacks <= max(ENDS, prints.duration_us * 3 // 100)


def _copy(a: Prints, b: Prints, one: Stretch) -> Kind:
    if one.coded:
        return Kind.REMUXED
    if max(abs(x - y) for x, y in zip(box_of(a), box_of(b), strict=True)) >= _BOXES:
        return Kind.LETTERBOXED
    wide, high = a.width / max(1, b.width), a.height / max(1, b.height)
    same = abs(wide - 1) <= _SIZES and abs(high - 1) <= _SIZES
    return Kind.REENCODED if same else Kind.RESCALED


def box_of(prints: Prints) -> tuple[int, int, int, int]:
    """What most pictures show without borders, in 1/10000 of width and height."""
    if not len(prints):
        return (0, 0, 10_000, 10_000)
    boxes: defaultdict[tuple[int, ...], int] = defaultdict(int)
    for row in prints.boxes.tolist():
        boxes[tuple(row)] += 1
    left, top, right, bottom = max(sorted(boxes), key=boxes.__getitem__)
    return left, top, right, bottom


def _part(
    one: Stretch, recordings: Sequence[Recording], compiled: Mapping[int, bool], whole: bool
) -> Kind:
    """``one.a`` is the longer; ``whole``: all of the other is in it."""
    if not whole:
        return Kind.CONTAINED
    known = compiled.get(one.a)
    if known is None:
        large = one.a_end - one.a_start >= LARGE_PART * recordings[one.a].prints.duration_us
        return Kind.TRIMMED if large else Kind.CONTAINED
    return Kind.CONTAINED if known else Kind.TRIMMED


def _put_together(recordings: Sequence[Recording], stretches: Sequence[Stretch]) -> dict[int, bool]:
    """Whether a recording was put together from several, as far as that can be known.

    Its burnt-in clock jumps; or whole other recordings follow one another in it.
    """
    known: dict[int, bool] = {}
    parts: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for one in (*stretches, *(s.turned() for s in stretches)):
        prints = recordings[one.a].prints
        if is_whole(one.b_start, one.b_end, recordings[one.b].prints) and not is_whole(
            one.a_start, one.a_end, prints
        ):
            parts[one.a].append((one.a_start, one.a_end))
    for number, recording in enumerate(recordings):
        clock = recording.clock
        if clock is not None and clock.ticking in (Ticking.EVEN, Ticking.PIECES):
            known[number] = clock.ticking is Ticking.PIECES
        elif _has_seam(parts[number]):
            known[number] = True
    return known


def _has_seam(parts: Sequence[tuple[int, int]]) -> bool:
    starts = sorted(start for start, _ in parts)
    return any(
        abs(start - end) <= _SEAM for _, end in set(parts) for start in starts if start > _SEAM
    )
