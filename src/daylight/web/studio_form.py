"""Reading what an editor asked to be done to a plan. ``UsageError`` and ``PlanRefused`` for what is no act."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, TypeVar

from django.http import QueryDict

from daylight.domain import redaction_edit as edit
from daylight.domain.marks import Span
from daylight.domain.plan_fields import MAX_NAME, whole_number, whole_numbers
from daylight.domain.redaction import Choice, Plan, Shape, Sounding, State, Word
from daylight.errors import UsageError
from daylight.web.asked import text
from daylight.web.saying import moment

STARTING: Final = "start"  # the one act that has no plan before it
FINDING: Final = "found"
GOING_BACK: Final = "as-before"
FOLLOWED: Final = "followed"
TEXTS: Final = "texts"
_COVERED, _DRAWN, _SAID = "looked at: stays covered", "drawn by hand", "decided in the studio"
_WHY: Final = 2_000
_E = TypeVar("_E", bound=StrEnum)


@dataclass(slots=True)
class Wanted:
    """One act, to be called with the plan. ``made``: the name of what it drew, once it was called."""

    form: QueryDict
    agent: str
    length_us: int
    run: "Callable[[Wanted, Plan], Plan]"
    made: str = field(default="")

    def __call__(self, plan: Plan) -> Plan:
        return self.run(self, plan)

    def text(self, name: str, limit: int = MAX_NAME) -> str:
        """One line, without spaces around it."""
        return " ".join(text(self.form, name, limit).split())

    def word(self, otherwise: str = "") -> Word:
        return Word(self.agent, self.text("why", _WHY) or otherwise)

    def at(self) -> int:
        typed = self.text("at", 20)
        if not (typed.isascii() and typed.isdecimal()):
            raise UsageError("the moment is not said")
        return int(typed)

    def number(self) -> int:
        return number_in(self.form, "number")

    def box(self) -> tuple[int, int, int, int]:
        left, top, width, height = whole_numbers(_json(self.text("box", 80)), 4, "the box")
        return left, top, width, height

    def span(self) -> Span:
        """Where nothing is typed: from the beginning, to the end."""
        start, end = moment(self.text("start", 40)), moment(self.text("end", 40))
        made = Span(start or 0, self.length_us if end is None else end)
        if made.length_us <= 0:
            raise UsageError("a span ends after it begins")
        return made

    def one_of(self, name: str, kind: type[_E]) -> _E:
        try:
            return kind(self.text(name))
        except ValueError:
            raise UsageError("this is none of the choices") from None


def number_in(form: QueryDict, name: str) -> int:
    typed = text(form, name, 9)
    if not (typed.isascii() and typed.isdecimal()):
        raise UsageError("which one is not said")
    return int(typed)


def act_of(form: QueryDict, agent: str, length_us: int) -> Wanted:
    """``agent``: who decides; ``length_us``: of the item."""
    run = _ACTS.get(text(form, "act", 20))
    if run is None:
        raise UsageError("there is no such thing to be done")
    return Wanted(form, agent, length_us, run)


def _decide(asked: Wanted, plan: Plan) -> Plan:
    name, state = asked.text("name"), asked.one_of("state", State)
    word = asked.word(_COVERED if state is State.COVERED else "")
    return edit.tie(edit.decide(plan, name, state, word), name, asked.text("person"))


def _everyone(asked: Wanted, plan: Plan) -> Plan:
    word = asked.word()
    if not word.why:
        raise UsageError("it needs a reason")
    return edit.everyone(plan, word)


def _not_everyone(_: Wanted, plan: Plan) -> Plan:
    return edit.everyone(plan, Word())


def _draw(asked: Wanted, plan: Plan) -> Plan:
    corners = _corners(asked.text("corners", 4_000))
    shape = asked.one_of("shape", Shape)
    word = asked.word(_DRAWN)
    plan, asked.made = edit.draw(
        plan, asked.box(), asked.at(), shape=shape, corners=corners, word=word
    )
    return plan


def _move(asked: Wanted, plan: Plan) -> Plan:
    asked.made = asked.text("name")
    return edit.move(plan, asked.made, asked.box(), asked.at(), asked.length_us)


def _begin(asked: Wanted, plan: Plan) -> Plan:
    return edit.begin(plan, asked.text("name"), asked.at(), asked.length_us)


def _end(asked: Wanted, plan: Plan) -> Plan:
    return edit.end(plan, asked.text("name"), asked.at(), asked.length_us)


def _nothing(asked: Wanted, plan: Plan) -> Plan:
    return edit.show_nothing(plan, asked.span(), asked.word(_SAID))


def _again(asked: Wanted, plan: Plan) -> Plan:
    return edit.show_again(plan, asked.number())


def _sound(asked: Wanted, plan: Plan) -> Plan:
    sounding = asked.one_of("do", Sounding)
    word = asked.word("" if sounding is Sounding.KEEP else _SAID)
    return edit.sound(plan, asked.span(), sounding, word)


def _no_sound(asked: Wanted, plan: Plan) -> Plan:
    return edit.no_sound(plan, asked.number())


def _label(asked: Wanted, plan: Plan) -> Plan:
    choice = asked.one_of("do", Choice)
    word = asked.word("" if choice is Choice.KEEP else _SAID)
    plan, asked.made = edit.label(plan, asked.box(), choice, _replacing(asked, choice), word)
    return plan


def _choose(asked: Wanted, plan: Plan) -> Plan:
    choice = asked.one_of("do", Choice)
    word = asked.word("" if choice is Choice.KEEP else _SAID)
    return edit.choose(plan, asked.text("name"), choice, _replacing(asked, choice), word)


def _bodies(asked: Wanted, plan: Plan) -> Plan:
    return replace(plan, bodies=asked.text("bodies", 3) == "on")


def _replacing(asked: Wanted, choice: Choice) -> str:
    return asked.text("text") if choice is Choice.REPLACE else ""


_ACTS: Final[dict[str, Callable[[Wanted, Plan], Plan]]] = {
    "decide": _decide,
    "everyone": _everyone,
    "not-everyone": _not_everyone,
    "draw": _draw,
    "move": _move,
    "begins": _begin,
    "ends": _end,
    "nothing": _nothing,
    "again": _again,
    "sound": _sound,
    "no-sound": _no_sound,
    "label": _label,
    "choose": _choose,
    "bodies": _bodies,
}


def _json(typed: str) -> object:
    try:
        return json.loads(typed or "null")
    except (ValueError, RecursionError):
        raise UsageError("this is nothing that was drawn") from None


def _corners(typed: str) -> list[tuple[int, int]]:
    found = _json(typed or "[]")
    if not isinstance(found, list):
        raise UsageError("this is nothing that was drawn")
    pairs = [whole_numbers(one, 2, "a corner") for one in found]
    return [
        (whole_number(a, 0, 10_000, "a corner"), whole_number(b, 0, 10_000, "a corner"))
        for a, b in pairs
    ]
