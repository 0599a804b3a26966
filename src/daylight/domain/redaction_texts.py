"""Text that was found in a recording, as a plan covers it: labels that stand, and regions over time.

What is proposed is covered, and undecided until a person has said what becomes of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final

from daylight.domain.marks import Key
from daylight.domain.redaction import Label, Plan, Region
from daylight.domain.tracks import Basis, Sort
from daylight.errors import PlanRefused

MOST: Final = 1_000  # regions
_GAP: Final = 4_000_000  # microseconds without it, and it is the same text still
_ALIKE: Final = 0.2  # of what two boxes cover together, they share
_INSIDE: Final = 0.8
_SURE_ONCE: Final = 0.6  # less sure of it all the time, a reader takes edges and leaves for letters

Seen = tuple[int, Sequence[tuple[Key, float]]]  # a moment, and where text is then, how surely


@dataclass(frozen=True, slots=True)
class Texts:
    """``labels``: boxes that stand all the time. ``read``: whether what moves was looked for too."""

    labels: tuple[Key, ...]
    regions: tuple[Region, ...]
    read: bool


@dataclass(slots=True)
class _Run:
    keys: list[Key]
    score: float
    taken: bool = field(default=True)


def linked(moments: Sequence[Seen], step_us: int) -> tuple[Region, ...]:
    """Boxes of one moment after the other as regions. ``step_us``: how far moments lie apart.

    Of each the reader must have been sure once. Text is covered from one step before it was first seen to one step after it was last.
    """
    going: list[_Run] = []
    over: list[_Run] = []
    for at_us, boxes in moments:
        over += [run for run in going if at_us - run.keys[-1].at_us > _GAP]
        going = [run for run in going if at_us - run.keys[-1].at_us <= _GAP]
        for run in going:
            run.taken = False
        for box, score in boxes:
            here = replace(box, at_us=at_us)
            same = _nearest(going, here)
            if same is None:
                going.append(_Run([here], score))
            else:
                same.keys.append(here)
                same.score, same.taken = max(same.score, score), True
    sure = [run for run in over + going if run.score >= _SURE_ONCE]
    runs = sorted(sure, key=lambda run: run.keys[0].at_us)
    if len(runs) > MOST:
        raise PlanRefused("there is more text in it than a plan holds: show nothing of it then")
    return tuple(_region(f"text-{n}", run, step_us) for n, run in enumerate(runs, 1))


def _nearest(going: Sequence[_Run], box: Key) -> _Run | None:
    free = [run for run in going if not run.taken]
    best = max(free, key=lambda run: shared(run.keys[-1], box), default=None)
    return best if best is not None and shared(best.keys[-1], box) >= _ALIKE else None


def _region(name: str, run: _Run, step_us: int) -> Region:
    first, last = run.keys[0], run.keys[-1]
    begin, end = max(0, first.at_us - step_us), last.at_us + step_us
    before = [replace(first, at_us=begin)] if begin < first.at_us else []
    keys = (*before, *run.keys, replace(last, at_us=end))
    bases = (*(Basis.KEPT for _ in before), *(Basis.SEEN for _ in run.keys), Basis.KEPT)
    return Region(name, Sort.TEXT, keys, bases, run.score)


def shared(one: Key, two: Key) -> float:
    """Of what two boxes cover together, how much both do."""
    both = _both(one, two)
    return both / max(1, one.width * one.height + two.width * two.height - both)


def _both(one: Key, two: Key) -> int:
    across = min(one.left + one.width, two.left + two.width) - max(one.left, two.left)
    down = min(one.top + one.height, two.top + two.height) - max(one.top, two.top)
    return max(0, across) * max(0, down)


def _within(box: Key, label: Label) -> bool:
    return _both(box, label.box) >= _INSIDE * box.width * box.height


def with_texts(plan: Plan, found: Texts) -> Plan:
    """With what was found, but for what stands in the plan already. What people decided stays as it is."""
    labels = list(plan.labels)
    taken = {one.name for one in plan.labels} | {one.name for one in plan.regions}
    for box in found.labels:
        if not any(shared(box, one.box) >= 0.5 for one in labels):
            labels.append(Label(_free("label", taken), box))
    replaced = [
        one for one in plan.regions if one.sort is Sort.TEXT and not one.word.given and found.read
    ]
    kept = [one for one in plan.regions if one not in replaced]
    known = {one.keys for one in kept}
    taken -= {one.name for one in replaced}
    more = [
        replace(one, name=_free("text", taken))
        for one in found.regions
        if one.keys not in known
        and not any(all(_within(key, label) for key in one.keys) for label in labels)
    ]
    return replace(plan, labels=tuple(labels), regions=(*kept, *more))


def _free(stem: str, taken: set[str]) -> str:
    name = next(name for n in count(1) if (name := f"{stem}-{n}") not in taken)
    taken.add(name)
    return name
