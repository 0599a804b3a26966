"""The program that hands an item's sound out, for a model to be shown: mono, 16 kHz, 16 bits.

``samples``  request {facts}, files [media]. Sends one ``samples`` {at, follows} for each ten
seconds or less, little-endian int16 as payload, in the order of time; then ``end`` {gaps, ran_back}.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.detectors.base import Samples
from daylight.detectors.sound_slabs import RATE, SLAB, Grid, Slab
from daylight.errors import MediaRefused
from daylight.media.executor import Message
from daylight.media.facts_json import from_json
from daylight.media.program import Emit, Request
from daylight.media.sound import sound_blocks

PROGRAM: Final = "samples"
MOST: Final = 1 << 40  # samples: two years
_FULL: Final = 32767


@dataclass(frozen=True, slots=True)
class Stretch:
    """``values``: float32 in [-1, 1], at most ``SLAB``; ``at``: number of the first at ``RATE``.

    ``follows``: nothing is missing between the stretch before and this one.
    """

    values: NDArray[np.float32]
    at: int
    follows: bool


def samples(request: Request, files: Sequence[int], emit: Emit) -> None:
    facts = from_json(request["facts"])
    grid = Grid()
    for values, at in sound_blocks(files[0], facts):
        if len(values):
            _say(grid.push(Samples(values, RATE, at)), emit)
    _say(grid.finish(), emit)
    emit("end", {"gaps": grid.gaps, "ran_back": grid.back})


def _say(slabs: Iterator[Slab], emit: Emit) -> None:
    """In whole tenths of a second: at a gap some silence may be added on either side."""
    for slab in slabs:
        whole = np.rint(slab.values.clip(-1, 1) * _FULL).astype("<i2")
        emit(PROGRAM, {"at": slab.at, "follows": slab.follows}, whole.tobytes())


class Stretches:
    """What the program sent, checked; raises ``MediaRefused`` for anything that it does not write."""

    def __init__(self) -> None:
        self.gaps = self.ran_back = 0
        self.ended = False
        self._end = 0  # number of the sample after the last

    def take(self, message: Message) -> Stretch | None:
        """The sound of one message, or None for the last word."""
        facts, data = message.untrusted_facts, message.untrusted_payload
        if self.ended or not isinstance(facts, dict):
            raise MediaRefused("the worker sent what makes no sense: a message")
        if message.untrusted_kind == "end" and not data:
            self.gaps, self.ran_back = (_count(facts.get(one)) for one in ("gaps", "ran_back"))
            self.ended = True
            return None
        if message.untrusted_kind != PROGRAM or len(data) % 2 or not 0 < len(data) <= 2 * SLAB:
            raise MediaRefused("the worker sent what makes no sense: sound")
        return self._placed(_count(facts.get("at")), facts.get("follows") is True, data)

    def _placed(self, at: int, follows: bool, data: bytes) -> Stretch:
        if at < self._end or (follows and at != self._end):
            raise MediaRefused("the worker sent what makes no sense: times")
        self._end = at + len(data) // 2
        return Stretch(
            np.frombuffer(data, "<i2").astype(np.float32) / np.float32(_FULL), at, follows
        )


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < MOST:
        raise MediaRefused("the worker sent what makes no sense: a number")
    return value
