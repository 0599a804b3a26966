"""What is seen at one moment after the other, box by box: as regions over time."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from daylight.domain.marks import MAX_US, Key
from daylight.domain.redaction import Region
from daylight.domain.tracks import Basis, Sort

_ALIKE: Final = 0.2  # of what two boxes cover together, they share

Seen = tuple[int, Sequence[tuple[Key, float]]]  # a moment, and what is where then, how surely


@dataclass(slots=True)
class Run:
    """One thing. ``score``: of when it was surest."""

    keys: list[Key]
    score: float
    taken: bool = field(default=True)

    def region(self, name: str, sort: Sort, step_us: int) -> Region:
        """Covered from one step before it was first seen to one step after it was last."""
        first, last = self.keys[0], self.keys[-1]
        begin, end = max(0, first.at_us - step_us), min(MAX_US, last.at_us + step_us)
        before = [replace(first, at_us=begin)] if begin < first.at_us else []
        after = [replace(last, at_us=end)] if end > last.at_us else []
        keys = (*before, *self.keys, *after)
        kept, seen = (Basis.KEPT,), (Basis.SEEN,)
        bases = (*kept * len(before), *seen * len(self.keys), *kept * len(after))
        return Region(name, sort, keys, bases, self.score)


def runs(moments: Sequence[Seen], gap_us: int) -> list[Run]:
    """In the order in which they begin. ``gap_us``: what is not seen for longer is another one."""
    going: list[Run] = []
    over: list[Run] = []
    for at_us, boxes in moments:
        over += [run for run in going if at_us - run.keys[-1].at_us > gap_us]
        going = [run for run in going if at_us - run.keys[-1].at_us <= gap_us]
        for run in going:
            run.taken = False
        for box, score in boxes:
            here = replace(box, at_us=at_us)
            same = _nearest(going, here)
            if same is None:
                going.append(Run([here], score))
            else:
                same.keys.append(here)
                same.score, same.taken = max(same.score, score), True
    return sorted(over + going, key=lambda run: run.keys[0].at_us)


def _nearest(going: Sequence[Run], box: Key) -> Run | None:
    free = [run for run in going if not run.taken]
    best = max(free, key=lambda run: shared(run.keys[-1], box), default=None)
    return best if best is not None and shared(best.keys[-1], box) >= _ALIKE else None


def shared(one: Key, two: Key) -> float:
    """Of what two boxes cover together, how much both do."""
    both = common(one, two)
    return both / max(1, one.width * one.height + two.width * two.height - both)


def common(one: Key, two: Key) -> int:
    """What both cover."""
    across = min(one.left + one.width, two.left + two.width) - max(one.left, two.left)
    down = min(one.top + one.height, two.top + two.height) - max(one.top, two.top)
    return max(0, across) * max(0, down)
