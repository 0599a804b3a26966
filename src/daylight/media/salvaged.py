"""What salvaging one file gives, as the ``salvage`` program says it and as its parent checks it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from daylight.errors import MediaRefused
from daylight.media.program import Json
from daylight.media.recipe import Proof, Recipe

PROGRAM: Final = "salvage"
MESSAGE: Final = "rebuilt"
METHODS: Final = {  # method: the demuxer of what it makes
    "index": "mov",
    "in-band": "mov",
    "bridge": "mov",
    "matroska-head": "matroska",
    "avi-head": "avi",
}
_MOST: Final = 1 << 53


@dataclass(frozen=True, slots=True)
class Salvaged:
    """``method``: one of ``METHODS``. Counts are None where the packets were not looked at.

    ``pictures``, ``keys``: found in the file. ``used``, ``skipped``: bytes of the original that are,
    and are not, in what was rebuilt. ``holes``: places where something else lies between pictures.
    ``rate_assumed``: nobody says how fast it runs. ``sound_left_out``: the sibling has sound, of which nothing is rebuilt here.
    ``sound_bytes``: of the original, that are rebuilt as sound.
    """

    method: str
    recipe: Recipe
    used: int
    skipped: int
    pictures: int | None = None
    keys: int | None = None
    holes: int | None = None
    sound_left_out: bool = False
    sound_bytes: int = 0
    times_assumed: bool = False
    rate_assumed: bool = False

    @property
    def demuxer(self) -> str:
        return METHODS[self.method]


def to_message(made: Salvaged, proof: Proof) -> tuple[dict[str, Json], bytes]:
    recipe = made.recipe
    facts: dict[str, Json] = {
        "method": made.method,
        "head": len(recipe.head),
        "first": recipe.first,
        "last": recipe.last,
        "used": made.used,
        "skipped": made.skipped,
        "pictures": made.pictures,
        "keys": made.keys,
        "holes": made.holes,
        "sound_left_out": made.sound_left_out,
        "sound_bytes": made.sound_bytes,
        "times_assumed": made.times_assumed,
        "rate_assumed": made.rate_assumed,
        "decoded": proof.decoded,
        "broken": proof.broken,
        "clean": proof.clean,
    }
    return facts, recipe.head + recipe.tail


def from_message(untrusted: Mapping[str, Any], payload: bytes, size: int) -> tuple[Salvaged, Proof]:
    """What was made of a file of ``size`` bytes, and what decoding its first pictures gave.

    Raises ``MediaRefused`` for anything that the program does not write.
    """
    try:
        made = Salvaged(
            method=_method(untrusted["method"]),
            recipe=_recipe(untrusted, payload, size),
            used=_count(untrusted["used"]),
            skipped=_count(untrusted["skipped"]),
            **{name: _maybe(untrusted[name]) for name in ("pictures", "keys", "holes")},
            sound_left_out=untrusted["sound_left_out"] is True,
            sound_bytes=_count(untrusted["sound_bytes"]),
            times_assumed=untrusted["times_assumed"] is True,
            rate_assumed=untrusted["rate_assumed"] is True,
        )
        counts = _count(untrusted["decoded"]), _count(untrusted["broken"])
        return made, Proof(*counts, clean=untrusted["clean"] is True)
    except (KeyError, TypeError, ValueError) as error:
        raise MediaRefused(f"what was made of it makes no sense: {type(error).__name__}") from error


def _method(value: object) -> str:
    if not isinstance(value, str) or value not in METHODS:
        raise ValueError("a method")
    return value


def _recipe(untrusted: Mapping[str, Any], payload: bytes, size: int) -> Recipe:
    head, first, last = (_count(untrusted[name]) for name in ("head", "first", "last"))
    if not first <= last <= size or head > len(payload):
        raise ValueError("a range")
    return Recipe(payload[:head], first, last, payload[head:])


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MOST:
        raise ValueError("not a count")
    return value


def _maybe(value: object) -> int | None:
    return None if value is None else _count(value)
