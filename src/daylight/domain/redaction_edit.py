"""What a person does to a plan, one act at a time: each gives a further plan and leaves the one before as it was.

Nothing here uncovers by accident: what is drawn stays covered from end to end of the item until somebody
says where it begins or ends, and a mask is never moved without a key frame that stands for it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count, pairwise
from typing import Final, TypeVar

from daylight.domain.marks import MAX_US, Key, Span
from daylight.domain.redaction import (
    Choice,
    Label,
    Plan,
    Region,
    Shape,
    Sounding,
    SoundSpan,
    State,
    WholeSpan,
    Word,
)
from daylight.domain.tracks import Basis, Sort
from daylight.errors import PlanRefused

_BEYOND: Final = 60_000_000  # microseconds: a recording may be a little longer than it says
_MANY_GAPS: Final = (
    0.5  # share of an uncertain track's key frames: it counts as much as a bad score
)

_T = TypeVar("_T")
_Box = tuple[int, int, int, int]  # left, top, width, height


def decide(plan: Plan, name: str, state: State, word: Word) -> Plan:
    """A region stays covered, is left visible, or is none at all. ``word``: who says so, and why."""
    _given(word)
    return _changed(plan, name, lambda one: replace(one, state=state, word=word))


def tie(plan: Plan, name: str, person: str) -> Plan:
    """Say whom a region shows: a person of the case, "unknown 3", or nobody."""
    return _changed(plan, name, lambda one: replace(one, person=person))


def everyone(plan: Plan, word: Word) -> Plan:
    """All are covered but those made visible. An empty word takes it back."""
    return replace(plan, everyone=word)


def draw(
    plan: Plan,
    box: _Box,
    at_us: int,
    *,
    shape: Shape,
    corners: Sequence[tuple[int, int]],
    word: Word,
) -> tuple[Plan, str]:
    """A region by hand, covered all the time, where it was drawn; and its name."""
    _given(word)
    name = _free(plan, "hand")
    keys = (Key(at_us, *box),)
    made = Region(name, Sort.HAND, keys, shape=shape, corners=tuple(corners), word=word)
    return replace(plan, regions=(*plan.regions, made)), name


def move(plan: Plan, name: str, box: _Box, at_us: int, length_us: int | None) -> Plan:
    """Where a region drawn by hand is at a further moment. It stays covered before and after all of them."""

    def moved(one: Region) -> Region:
        kept = [point for point in _drawn(one) if point[0].at_us != at_us]
        here = (Key(at_us, *box), Basis.SEEN)
        return _laid(one, [*kept, here], _opens(one), _ends(one), length_us)

    return _changed(plan, name, _by_hand(moved))


def begin(plan: Plan, name: str, at_us: int, length_us: int | None) -> Plan:
    """A region drawn by hand is not there before this moment."""

    def begun(one: Region) -> Region:
        kept = [point for point in _drawn(one) if point[0].at_us > at_us]
        return _laid(one, [(at(one, at_us), Basis.SEEN), *kept], True, _ends(one), length_us)

    return _changed(plan, name, _by_hand(begun))


def end(plan: Plan, name: str, at_us: int, length_us: int | None) -> Plan:
    """A region drawn by hand is not there after this moment."""

    def ended(one: Region) -> Region:
        kept = [point for point in _drawn(one) if point[0].at_us < at_us]
        return _laid(one, [*kept, (at(one, at_us), Basis.SEEN)], _opens(one), True, length_us)

    return _changed(plan, name, _by_hand(ended))


def at(region: Region, at_us: int) -> Key:
    """Where a region is at a moment: evenly between key frames, standing before and after them."""
    keys = region.keys
    if at_us <= keys[0].at_us:
        return replace(keys[0], at_us=at_us)
    for one, two in pairwise(keys):
        if at_us <= two.at_us:
            part = (at_us - one.at_us) / (two.at_us - one.at_us)
            return Key(
                at_us,
                *(round(a + (b - a) * part) for a, b in zip(_box(one), _box(two), strict=True)),
            )
    return replace(keys[-1], at_us=at_us)


def show_nothing(plan: Plan, span: Span, word: Word) -> Plan:
    """Nothing of the picture is shown in a span."""
    _given(word)
    whole = sorted((*plan.whole, WholeSpan(span, word)), key=lambda one: one.span.start_us)
    return replace(plan, whole=tuple(whole))


def show_again(plan: Plan, number: int) -> Plan:
    """Take such a span out. What others demand is no such span, and stays."""
    return replace(plan, whole=_without(plan.whole, number))


def sound(plan: Plan, span: Span, sounding: Sounding, word: Word) -> Plan:
    """What becomes of the sound in a span; it takes the place of what was said of these moments before."""
    _given(word)
    left = [part for one in plan.sound for part in _outside(one, span)]
    spans = sorted([*left, SoundSpan(span, sounding, word)], key=lambda one: one.span.start_us)
    return replace(plan, sound=tuple(spans))


def no_sound(plan: Plan, number: int) -> Plan:
    """Take a decision on sound out: those moments are undecided again."""
    return replace(plan, sound=_without(plan.sound, number))


def label(plan: Plan, box: _Box, choice: Choice, text: str, word: Word) -> tuple[Plan, str]:
    """A clock or label that stands still; and its name."""
    _given(word)
    name = _free(plan, "label")
    made = Label(name, Key(0, *box), choice, text, word)
    return replace(plan, labels=(*plan.labels, made)), name


def choose(plan: Plan, name: str, choice: Choice, text: str, word: Word) -> Plan:
    """A label is kept, covered or replaced."""
    _given(word)
    if name not in {one.name for one in plan.labels}:
        raise PlanRefused("there is no such label in the plan")
    chosen = [
        replace(one, choice=choice, text=text, word=word) if one.name == name else one
        for one in plan.labels
    ]
    return replace(plan, labels=tuple(chosen))


def doubt(region: Region) -> float:
    """How much a person should look at it: 0 where the detector was sure and never lost it, else up to 1.5."""
    gaps = sum(one is Basis.CLOSED for one in region.bases) / max(1, len(region.bases))
    return 1 - region.score + _MANY_GAPS * gaps


def by_doubt(plan: Plan) -> tuple[Region, ...]:
    """What nobody has decided on first, then the least certain; what was drawn by hand comes last."""
    return tuple(sorted(plan.regions, key=lambda one: (one.decided, one.by_hand, -doubt(one))))


def _given(word: Word) -> None:
    if not (word.by and word.why):
        raise PlanRefused("a decision says by whom and why")


def _changed(plan: Plan, name: str, change: Callable[[Region], Region]) -> Plan:
    if name not in {one.name for one in plan.regions}:
        raise PlanRefused("there is no such region in the plan")
    regions = tuple(change(one) if one.name == name else one for one in plan.regions)
    return replace(plan, regions=regions)


def _by_hand(change: Callable[[Region], Region]) -> Callable[[Region], Region]:
    """What a detector found stays as it was found: what it lacks is drawn beside it, and masks add up."""

    def changed(one: Region) -> Region:
        if not one.by_hand:
            raise PlanRefused("what a detector found is not moved: draw what it lacks beside it")
        return change(one)

    return changed


def _free(plan: Plan, stem: str) -> str:
    taken = {one.name for one in plan.regions} | {one.name for one in plan.labels}
    return next(name for n in count(1) if (name := f"{stem}-{n}") not in taken)


def _box(key: Key) -> _Box:
    return key.left, key.top, key.width, key.height


def _drawn(one: Region) -> list[tuple[Key, Basis]]:
    """Key frames that a person drew or a program followed, without those that only keep it covered to the ends."""
    bases = one.bases or (Basis.SEEN,) * len(one.keys)
    return [point for point in zip(one.keys, bases, strict=True) if point[1] is not Basis.KEPT]


def _opens(one: Region) -> bool:
    """Whether somebody has said where it begins."""
    return len(one.keys) > 1 and one.bases[:1] != (Basis.KEPT,)


def _ends(one: Region) -> bool:
    return len(one.keys) > 1 and one.bases[-1:] != (Basis.KEPT,)


def beyond(length_us: int | None) -> int:
    """A moment after the end of an item, in microseconds."""
    return MAX_US if length_us is None else min(MAX_US, length_us + _BEYOND)


def _laid(
    one: Region, drawn: list[tuple[Key, Basis]], opens: bool, ends: bool, length_us: int | None
) -> Region:
    """``opens``, ``ends``: that it is not there before and after what was drawn."""
    drawn = sorted(drawn, key=lambda point: point[0].at_us)
    if not opens and not ends and len(drawn) == 1:
        return replace(one, keys=(drawn[0][0],), bases=())
    points = {key.at_us: (key, basis) for key, basis in drawn}
    last = beyond(length_us)
    if not opens:
        points.setdefault(0, (replace(drawn[0][0], at_us=0), Basis.KEPT))
    if not ends:
        points.setdefault(last, (replace(drawn[-1][0], at_us=last), Basis.KEPT))
    if len(points) < 2:
        raise PlanRefused("nothing of it would be left: say that it is none, and why")
    keys, bases = zip(*(points[at_us] for at_us in sorted(points)), strict=True)
    return replace(one, keys=keys, bases=bases)


def _without(spans: tuple[_T, ...], number: int) -> tuple[_T, ...]:
    if not 0 <= number < len(spans):
        raise PlanRefused("there is no such span in the plan")
    return (*spans[:number], *spans[number + 1 :])


def _outside(one: SoundSpan, span: Span) -> list[SoundSpan]:
    """What is left of it outside of a span."""
    parts = [
        (one.span.start_us, min(one.span.end_us, span.start_us)),
        (max(one.span.start_us, span.end_us), one.span.end_us),
    ]
    return [replace(one, span=Span(*part)) for part in parts if part[0] < part[1]]
