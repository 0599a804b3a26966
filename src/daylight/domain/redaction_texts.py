"""Text that was found in a recording, as a plan covers it: labels that stand, and regions over time.

What is proposed is covered, and undecided until a person has said what becomes of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

from daylight.domain.marks import Key
from daylight.domain.redaction import Label, Plan, Region
from daylight.domain.redaction_runs import Seen, common, runs, shared
from daylight.domain.tracks import Sort
from daylight.errors import PlanRefused

MOST: Final = 1_000  # regions
_GAP: Final = 4_000_000  # microseconds without it, and it is the same text still
_INSIDE: Final = 0.8
_SURE_ONCE: Final = 0.6  # less sure of it all the time, a reader takes edges and leaves for letters


@dataclass(frozen=True, slots=True)
class Texts:
    """``labels``: boxes that stand all the time. ``read``: whether what moves was looked for too."""

    labels: tuple[Key, ...]
    regions: tuple[Region, ...]
    read: bool


def linked(moments: Sequence[Seen], step_us: int) -> tuple[Region, ...]:
    """Boxes of one moment after the other as regions. ``step_us``: how far moments lie apart.

    Of each the reader must have been sure once. Text is covered from one step before it was first seen to one step after it was last.
    """
    sure = [run for run in runs(moments, _GAP) if run.score >= _SURE_ONCE]
    if len(sure) > MOST:
        raise PlanRefused("there is more text in it than a plan holds: show nothing of it then")
    return tuple(run.region(f"text-{n}", Sort.TEXT, step_us) for n, run in enumerate(sure, 1))


def _within(box: Key, label: Label) -> bool:
    return common(box, label.box) >= _INSIDE * box.width * box.height


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
