"""What was drawn by hand and followed by a program, in a plan: where it may be followed, and what came of it.

Between two moments that a person drew, what a program followed before makes way. Where it was lost the mask stays: to
the end of the item, or on the way to the next moment that was drawn; and nothing of it is decided until a person
has looked.
"""

from dataclasses import dataclass, replace
from typing import Final

from daylight.domain.marks import Key
from daylight.domain.redaction import Plan, Region, State, Word
from daylight.domain.redaction_edit import beyond
from daylight.domain.tracks import Basis
from daylight.errors import PlanRefused

BY_PERSON: Final = frozenset({Basis.SEEN, Basis.FOLLOW})


@dataclass(frozen=True, slots=True)
class Point:
    key: Key
    basis: Basis


@dataclass(frozen=True, slots=True)
class Followed:
    """In the order of time, without the moment it was drawn at."""

    back: tuple[Point, ...]
    on: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is to be followed: ``drawn``, as far as ``first`` and ``last`` (microseconds)."""

    drawn: Key
    first: int
    last: int


def asked(plan: Plan) -> tuple[tuple[str, int], ...]:
    """Regions, by name, with the moments from which they are to be followed, and were not yet."""
    return tuple(
        (one.name, key.at_us)
        for one in plan.regions
        for key, basis in zip(one.keys, one.bases, strict=bool(one.bases))
        if basis is Basis.FOLLOW
    )


def stretch(plan: Plan, name: str, at_us: int, length_us: int | None) -> Stretch:
    """From the drawn moment that is nearest to this one, as far as the drawn ones before and after it.

    Where a person said that it begins or ends, it is followed no further.
    """
    one = _region(plan, name)
    drawn = _drawn(one)
    nearest = min(range(len(drawn)), key=lambda n: abs(drawn[n].key.at_us - at_us))
    here = drawn[nearest].key
    first = drawn[nearest - 1].key.at_us if nearest else here.at_us if _opens(one) else 0
    after = drawn[nearest + 1 : nearest + 2]
    last = after[0].key.at_us if after else here.at_us if _ends(one) else beyond(length_us)
    return Stretch(here, first, last)


def followed(plan: Plan, name: str, where: Stretch, found: Followed, length_us: int | None) -> Plan:
    """With what was found on it. A person has to look at it: the word on it is taken back, and it is covered.

    ``PlanRefused`` where it was drawn otherwise meanwhile.
    """
    one = _region(plan, name)
    if stretch(plan, name, where.drawn.at_us, length_us) != where:
        raise PlanRefused("what was followed was drawn elsewhere meanwhile")
    here = Point(where.drawn, Basis.SEEN)
    middle = [*found.back, here, *found.on]
    before = [point for point in _points(one) if point.key.at_us <= where.first]
    after = [point for point in _points(one) if point.key.at_us >= where.last]
    drawn = _drawn(one)
    if drawn[0].key == where.drawn and not _opens(one):
        before = [Point(replace(middle[0].key, at_us=0), Basis.KEPT)]
    if drawn[-1].key == where.drawn and not _ends(one):
        after = [Point(replace(middle[-1].key, at_us=where.last), Basis.KEPT)]
    points = {point.key.at_us: point for point in (*before, *after, *middle)}
    made = [points[at] for at in sorted(points)]
    changed = replace(
        one,
        keys=tuple(point.key for point in made),
        bases=tuple(point.basis for point in made),
        state=State.COVERED,
        word=Word(),
    )
    regions = tuple(changed if other is one else other for other in plan.regions)
    return replace(plan, regions=regions)


def lost(region: Region) -> tuple[int, ...]:
    """When it was lost, in microseconds."""
    pairs = zip(region.keys, region.bases, strict=bool(region.bases))
    return tuple(key.at_us for key, basis in pairs if basis is Basis.LOST)


def _region(plan: Plan, name: str) -> Region:
    found = next((one for one in plan.regions if one.name == name), None)
    if found is None:
        raise PlanRefused("there is no such region in the plan")
    if not found.by_hand:
        raise PlanRefused("what a detector found is followed already: draw what it lacks beside it")
    return found


def _points(one: Region) -> list[Point]:
    bases = one.bases or (Basis.SEEN,) * len(one.keys)
    return [Point(key, basis) for key, basis in zip(one.keys, bases, strict=True)]


def _drawn(one: Region) -> list[Point]:
    """What a person drew. Where a plan holds none, nothing of it can be followed."""
    drawn = [point for point in _points(one) if point.basis in BY_PERSON]
    if not drawn:
        raise PlanRefused("nobody drew this region: nothing of it can be followed")
    return drawn


def _opens(one: Region) -> bool:
    """Whether a person said that it is not there before its first moment."""
    return len(one.keys) > 1 and _points(one)[0].basis is Basis.SEEN


def _ends(one: Region) -> bool:
    return len(one.keys) > 1 and _points(one)[-1].basis is Basis.SEEN
