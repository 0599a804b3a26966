"""Reading a JSON object with suspicion: every key asked for once, every number bounded, nothing left over."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, TypeVar

from daylight.domain.custody import is_text
from daylight.domain.marks import MAX_US, WHOLE, Key, Span
from daylight.domain.redaction import Word
from daylight.errors import PlanRefused

MAX_NAME: Final = 80
_MAX_WHY: Final = 2_000
_E = TypeVar("_E", bound=StrEnum)


class Fields:
    """One object of the plan: every key is asked for once, and none may be left."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise PlanRefused(f"{where} is no object")
        self._left, self.where = dict(value), where

    def take(self, key: str) -> Any:
        if key not in self._left:
            raise PlanRefused(f"{self.where} lacks '{key}'")
        return self._left.pop(key)

    def end(self) -> None:
        if self._left:
            raise PlanRefused(f"{self.where} holds a key that no plan has")

    def number(self, key: str, least: int, most: int) -> int:
        return whole_number(self.take(key), least, most, f"{self.where}, {key}")

    def text(self, key: str, most: int) -> str:
        value = self.take(key)
        if not isinstance(value, str) or len(value) > most or not is_text(value):
            raise PlanRefused(f"{self.where}, {key}: a line of text, up to {most} characters")
        return value

    def flag(self, key: str) -> bool:
        value = self.take(key)
        if not isinstance(value, bool):
            raise PlanRefused(f"{self.where}, {key}: true or false")
        return value

    def one_of(self, key: str, kind: type[_E]) -> _E:
        return choice_of(self.take(key), kind, f"{self.where}, {key}")

    def many(self, key: str, most: int) -> list[Any]:
        return list_of(self.take(key), most, f"{self.where}, {key}")

    def word(self, *, needed: bool = False) -> Word:
        made = Word(self.text("by", MAX_NAME), self.text("why", _MAX_WHY))
        if bool(made.by) != bool(made.why) or (needed and not made.by):
            raise PlanRefused(f"{self.where}: a decision says by whom and why")
        return made

    def span(self) -> Span:
        return span_of(self.take("span"), self.where)


def whole_number(value: object, least: int, most: int, where: str) -> int:
    if type(value) is not int or not least <= value <= most:
        raise PlanRefused(f"{where}: a whole number from {least} to {most}")
    return value


def choice_of(value: object, kind: type[_E], where: str) -> _E:
    known: Mapping[str, _E] = {one.value: one for one in kind}
    if not isinstance(value, str) or value not in known:
        raise PlanRefused(f"{where}: one of {', '.join(known)}")
    return known[value]


def list_of(value: object, most: int, where: str) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise PlanRefused(f"{where}: a list, up to {most} long")
    return value


def whole_numbers(value: object, count: int, where: str) -> Sequence[int]:
    if not isinstance(value, list) or len(value) != count:
        raise PlanRefused(f"{where}: {count} whole numbers")
    return [whole_number(one, 0, MAX_US, where) for one in value]


def span_of(value: object, where: str) -> Span:
    start, end = whole_numbers(value, 2, where)
    if start >= end:
        raise PlanRefused(f"{where}: a span ends after it begins")
    return Span(start, end)


def key_of(value: object, where: str) -> Key:
    key = Key(*whole_numbers(value, 5, where))
    inside = key.left + key.width <= WHOLE and key.top + key.height <= WHOLE
    if not key.width or not key.height or not inside:
        raise PlanRefused(f"{where}: a box lies in the picture and is not empty")
    return key


def box_of(value: object, where: str) -> Key:
    return key_of([0, *whole_numbers(value, 4, where)], where)
