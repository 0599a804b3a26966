"""Stretches: a part of one recording that is also in another. Geometry, and nothing of pictures."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from daylight.domain.burnt_clock import BurntClock
from daylight.media.prints import Prints

SHORTEST_US: Final = 1_500_000  # of a stretch that is worth a word, unless an item is shorter
_MOST_AT_HUB: Final = 600  # stretches of one item that are joined with one another


@dataclass(frozen=True, slots=True)
class Recording:
    """``key``: the item's SHA-256. ``clock``: what its burnt-in clock was read as, if it was."""

    key: bytes
    prints: Prints
    clock: BurntClock | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """``a_start`` to ``a_end`` of recording ``a`` shows what ``b_start`` to ``b_end`` of ``b`` does.

    ``a``, ``b``: places in a sequence of recordings; times in microseconds. ``coded``: the coded
    pictures are the same bytes. ``score`` in [0, 1].
    """

    a: int
    b: int
    a_start: int
    a_end: int
    b_start: int
    b_end: int
    coded: bool
    score: float = 1.0
    mirrored: bool = False

    @property
    def pace(self) -> float:
        """Microseconds of a for each of b."""
        return (self.a_end - self.a_start) / max(1, self.b_end - self.b_start)

    def turned(self) -> "Stretch":
        """The same, seen from the other recording."""
        return replace(
            self,
            a=self.b,
            b=self.a,
            a_start=self.b_start,
            a_end=self.b_end,
            b_start=self.a_start,
            b_end=self.a_end,
        )

    def in_b(self, at: int) -> int:
        """Where in b the instant ``at`` of a is."""
        return self.b_start + round((at - self.a_start) / (self.pace or 1.0))


def joined(one: Stretch, other: Stretch) -> Stretch | None:
    """What ``one.b`` and ``other.b`` share because both share it with their common ``a``."""
    start, end = max(one.a_start, other.a_start), min(one.a_end, other.a_end)
    if end - start < SHORTEST_US and end - start < 0.9 * min(
        one.a_end - one.a_start, other.a_end - other.a_start
    ):
        return None
    return Stretch(
        one.b,
        other.b,
        one.in_b(start),
        one.in_b(end),
        other.in_b(start),
        other.in_b(end),
        one.coded and other.coded,
        one.score * other.score,
        one.mirrored != other.mirrored,
    )


def closed(stretches: Sequence[Stretch]) -> list[Stretch]:
    """With those that follow: where b is in a and c is in a, as far as both are, b and c share it.

    Those of equal coded pictures are complete already; only what was seen is followed, two steps far.
    """
    found = list(stretches)
    for _ in range(2):
        by_hub: defaultdict[int, list[Stretch]] = defaultdict(list)
        for one in found:
            by_hub[one.a].append(one)
            by_hub[one.b].append(one.turned())
        made = [
            follows for hub in sorted(by_hub) for follows in _at_hub(by_hub[hub][:_MOST_AT_HUB])
        ]
        found = merged([*found, *made])
    return found


def _at_hub(around: Sequence[Stretch]) -> Iterable[Stretch]:
    seen = [one for one in around if not one.coded]
    for one in seen:
        for other in around:
            if other.b != one.b and (other.coded or other.b > one.b):
                follows = joined(one, other)
                if follows is not None:
                    yield ordered(follows)


def ordered(one: Stretch) -> Stretch:
    return one if one.a < one.b else one.turned()


_NEAR: Final = 700_000  # microseconds: two statements of one stretch may differ by


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Each stretch once: of those on one line that overlap, the best, extended by the others."""
    by_pair: defaultdict[tuple[int, int], list[Stretch]] = defaultdict(list)
    for one in stretches:
        by_pair[one.a, one.b].append(one)
    return [kept for pair in sorted(by_pair) for kept in _merged_pair(by_pair[pair])]


def _merged_pair(ones: list[Stretch]) -> list[Stretch]:
    best_first = sorted(ones, key=lambda s: (not s.coded, -s.score, s.a_start - s.a_end, s.a_start))
    kept: list[Stretch] = []
    for one in best_first:
        for place, other in enumerate(kept):
            if same_line(one, other):
                kept[place] = _extended(other, one)
                break
        else:
            kept.append(one)
    return sorted(kept, key=lambda s: (s.a_start, s.b_start))


def same_line(one: Stretch, other: Stretch) -> bool:
    """Whether both say the same of instants that both speak of, or that lie between them."""
    apart = max(one.a_start, other.a_start) - min(one.a_end, other.a_end)
    if apart > SHORTEST_US or one.mirrored != other.mirrored:
        return False
    middle = (max(one.a_start, other.a_start) + min(one.a_end, other.a_end)) // 2
    return abs(one.in_b(middle) - other.in_b(middle)) < _NEAR


def _extended(kept: Stretch, other: Stretch) -> Stretch:
    """``kept``, as far as ``other`` goes beyond it by more than what it may be wrong by."""
    start = other.a_start if kept.a_start - other.a_start > _NEAR else kept.a_start
    end = other.a_end if other.a_end - kept.a_end > _NEAR else kept.a_end
    if (start, end) == (kept.a_start, kept.a_end):
        return kept
    coded = kept.coded and other.coded
    b_start = kept.b_start if start == kept.a_start else other.in_b(start)
    b_end = kept.b_end if end == kept.a_end else other.in_b(end)
    score = min(kept.score, other.score)
    return replace(
        kept, a_start=start, a_end=end, b_start=b_start, b_end=b_end, coded=coded, score=score
    )
