"""What parent and worker of a model say to each other, over one stream socket.

A request is its free numbers, an answer one byte and how long it is; the arrays of both lie in memory
that the two share (``room``), and what lies where follows from the numbers. Where there is no worker to be, its
answer says why: as many bytes of words.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, Final

from daylight.media.inference.base import Free, Port, Signature

FREE: Final = 4  # numbers in a request's head, those not used are 0
HEAD: Final = struct.Struct(f"={FREE}I")
ANSWER: Final = struct.Struct("=BQ")
MOST_WORDS: Final = 500  # bytes of a refusal


class Said(IntEnum):
    READY = 0  # locked, and waiting
    ARRAYS = 1  # which lie in the room
    NO_SANDBOX = 2  # with a sentence
    NO_LIBRARY = 3  # with a sentence


def head(free: Sequence[int]) -> bytes:
    return HEAD.pack(*free, *[0] * (FREE - len(free)))


def free_of(data: bytes, signature: Signature) -> tuple[int, ...]:
    """Raises ``ValueError`` for what the signature does not take."""
    free = HEAD.unpack(data)[: len(signature.most)]
    signature.check(free)
    return free


def to_json(signature: Signature) -> str:
    def ports(many: Sequence[Port]) -> list[Any]:
        return [[one.name, [_length(n) for n in one.shape], one.pixels] for one in many]

    return json.dumps([ports(signature.inputs), ports(signature.outputs), list(signature.most)])


def _length(one: int | Free) -> int | list[int]:
    return one if isinstance(one, int) else [one.which, one.times]


def from_json(text: str) -> Signature:
    inputs, outputs, most = json.loads(text)
    return Signature(_ports(inputs), _ports(outputs), tuple(most))


def _ports(many: Sequence[Any]) -> tuple[Port, ...]:
    return tuple(
        Port(name, tuple(n if isinstance(n, int) else Free(*n) for n in shape), pixels)
        for name, shape, pixels in many
    )


def settings_of(words: Sequence[str]) -> Mapping[str, int]:
    """``name=number`` words of a command line."""
    return {name: int(value) for name, _, value in (word.partition("=") for word in words)}
