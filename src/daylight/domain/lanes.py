"""What is known of a recording along its time, in lanes: one kind of thing each; pure.

A lane that nobody has looked at says so: that is not the same as nothing being there.
"""

import struct
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from daylight.domain.series import MAGIC as SERIES

LEVELS: Final = 9
MOST: Final = 2000  # things of a lane that are handed out
QUIETEST: Final = -60  # dB of full scale, drawn as nothing
_HEAD: Final = struct.Struct("<IH")
_SOUND: Final = struct.Struct("<Ibb")


@dataclass(frozen=True, slots=True)
class Thing:
    """From ``start_us`` to ``end_us`` of media time; ``level`` 1 to 9; ``word``: what kind, or what it says."""

    start_us: int
    end_us: int
    level: int = LEVELS
    word: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """``by``: who found it, empty for people. ``examined``: False where nobody has looked."""

    name: str
    examined: bool
    by: str
    things: tuple[Thing, ...]


def lane(name: str, by: str, things: Sequence[Thing]) -> Lane:
    """In order; the first ``MOST``, where there are more."""
    told = sorted(things, key=lambda one: (one.start_us, one.end_us))
    return Lane(name, examined=True, by=by, things=tuple(told[:MOST]))


def unexamined(name: str, by: str = "") -> Lane:
    return Lane(name, examined=False, by=by, things=())


def spans_of(blob: bytes, word: str = "") -> list[Thing]:
    """Of a series (docs/detectors.md). ``ValueError`` for bytes that are none."""
    body = blob[len(SERIES) :]
    if not blob.startswith(SERIES) or len(body) < _HEAD.size:
        raise ValueError("these bytes are no series")
    rows, columns = _HEAD.unpack_from(body)
    if len(body) != _HEAD.size + rows * (16 + columns):
        raise ValueError("the series contradicts itself")
    times = array("q", struct.unpack_from(f"<{2 * rows}q", body, _HEAD.size))
    return [Thing(a, b, word=word) for a, b in zip(times[:rows], times[rows:], strict=True)]


def loudness(blob: bytes, most: int) -> list[Thing]:
    """Rows of second, level and peak as at most ``most`` things: the loudest of each stretch."""
    if len(blob) % _SOUND.size:
        raise ValueError("these bytes are no sound levels")
    rows = [(second, level) for second, level, _ in _SOUND.iter_unpack(blob)]
    if not rows:
        return []
    width = max(1, -(-(rows[-1][0] + 1) // most))
    loudest: dict[int, int] = {}
    for second, level in rows:
        loudest[second // width] = max(loudest.get(second // width, QUIETEST), level)
    return [
        Thing(n * width * 1_000_000, (n + 1) * width * 1_000_000, height)
        for n, level in sorted(loudest.items())
        if (height := round((level - QUIETEST) * LEVELS / -QUIETEST)) > 0
    ]


def in_milliseconds(rows: object, word: str = "") -> list[Thing]:
    """Spans as findings keep them: begin and end in milliseconds, then perhaps how sure."""
    found = []
    for row in rows if isinstance(rows, list) else []:
        match row:
            case [int(start), int(end), *_] if end >= start:
                found.append(Thing(start * 1000, end * 1000, word=word))
    return found


def from_moment(rows: object, word: str, length_ms: int = 100) -> list[Thing]:
    """As :func:`in_milliseconds`, of rows that begin with a moment and say no end."""
    moments = [row[0] for row in rows if row] if isinstance(rows, list) else []
    return in_milliseconds([[at, at + length_ms] for at in moments if type(at) is int], word)


def to_json(one: Lane) -> Mapping[str, Any]:
    return {
        "name": one.name,
        "examined": one.examined,
        "by": one.by,
        "things": [[t.start_us, t.end_us, t.level, t.word] for t in one.things],
    }
