"""Faces that were seen in a draft when it was looked at again, as a plan covers them: its report tells when and where.

They are covered like all that was found, until a person has said what becomes of each.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count, groupby
from typing import Any, Final

from daylight.domain.digest import Digest
from daylight.domain.marks import MAX_US, Key
from daylight.domain.plan_fields import key_of, list_of, whole_number
from daylight.domain.redaction import Plan, Word
from daylight.domain.redaction_runs import runs
from daylight.domain.tracks import Sort
from daylight.errors import PlanRefused

SCHEMA: Final = "redaction-report/1"
MAX_BYTES: Final = 16 << 20
STEP_US: Final = 1_000_000  # all that changed is looked at as often: they may have been there since the look before
_GAP_US: Final = 1_200_000
_MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class SeenAgain:
    """``spots``: where, and how surely, in the order of time; ``untold``: as many more were seen."""

    spots: tuple[tuple[Key, float], ...]
    untold: int


def seen_in(report: bytes, item: Digest) -> SeenAgain:
    """Of a draft's report. ``PlanRefused`` for what is none, or another item's, and where nobody looked again."""
    if len(report) > MAX_BYTES:
        raise PlanRefused("a report is not larger than 16 MiB")
    try:
        said = json.loads(report)
    except (ValueError, RecursionError) as error:
        raise PlanRefused("a report of a draft is JSON") from error
    if not isinstance(said, dict) or said.get("schema") != SCHEMA:
        raise PlanRefused(f"this is no report of a draft ({SCHEMA})")
    if said.get("item") != item.hex():
        raise PlanRefused("the report belongs to another item")
    again = said.get("detector_again")
    if not isinstance(again, dict) or again.get("looked") is not True:
        raise PlanRefused("that draft was not looked at again, so that nothing was seen in it")
    spots = [_spot(one) for one in list_of(again.get("spots", []), _MOST, "the report, spots")]
    seen = whole_number(again.get("seen"), 0, MAX_US, "the report, seen")
    ordered = sorted(spots, key=lambda one: one[0].at_us)
    return SeenAgain(tuple(ordered), max(0, seen - len(spots)))


def _spot(value: Any) -> tuple[Key, float]:
    where = "a spot of the report"
    if not isinstance(value, dict) or not isinstance(value.get("box"), list):
        raise PlanRefused(f"{where} says when and in which box")
    score = value.get("score")
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise PlanRefused(f"{where}: a score lies between 0 and 1")
    return key_of([value.get("at"), *value["box"]], where), float(score)


def with_seen(plan: Plan, spots: Sequence[tuple[Key, float]]) -> Plan:
    """With what was seen, but for what the plan has already. What is alike within a second or so is one.

    That everyone is covered was said before somebody was seen who was not: it has to be said again.
    """
    moments = [(at, list(some)) for at, some in groupby(spots, lambda one: one[0].at_us)]
    taken = {one.name for one in plan.regions} | {one.name for one in plan.labels}
    names = (name for n in count(1) if (name := f"seen-{n}") not in taken)
    known = {one.keys for one in plan.regions}
    found = [run.region("", Sort.FACE, STEP_US) for run in runs(moments, _GAP_US)]
    more = [replace(one, name=next(names)) for one in found if one.keys not in known]
    everyone = Word() if more else plan.everyone
    return replace(plan, regions=(*plan.regions, *more), everyone=everyone)
