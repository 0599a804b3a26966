"""A few pictures in memory, so that going to the next one and back asks nothing of the sandbox."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from daylight.domain.digest import Digest
from daylight.media.cut import Mode

MAX_BYTES: Final = 48 << 20


class Key(NamedTuple):
    """The object that is played, the viewer's mark in clear ones, whether it is for a thin line."""

    digest: Digest
    mode: Mode
    mark: str
    number: int
    thin: bool = False


@dataclass(frozen=True, slots=True)
class Still:
    """One picture of a recording. ``number``: from 0 in the order of showing; ``decode``: in the
    order of decoding. ``pts``: ticks of ``time_base``, None without times. ``us``: media time in
    microseconds.
    """

    stream: int
    number: int
    decode: int
    pts: int | None
    time_base: Fraction
    us: int
    width: int
    height: int
    media_type: str
    data: bytes


class Kept:
    """Thread-safe. ``making`` is held by whoever makes pictures: one at a time, so that the other
    slots stay free for playing.
    """

    def __init__(self, most: int = MAX_BYTES) -> None:
        self._most, self._size = most, 0
        self._lock = threading.Lock()
        self._stills: OrderedDict[Key, Still] = OrderedDict()
        self.making = threading.Lock()

    def get(self, key: Key) -> Still | None:
        with self._lock:
            found = self._stills.get(key)
            if found is not None:
                self._stills.move_to_end(key)
            return found

    def put(self, key: Key, still: Still) -> None:
        """The oldest go where there are too many."""
        with self._lock:
            old = self._stills.pop(key, None)
            self._size += len(still.data) - (0 if old is None else len(old.data))
            self._stills[key] = still
            while self._size > self._most and len(self._stills) > 1:
                self._size -= len(self._stills.popitem(last=False)[1].data)

    def moments(self, one: Key, around: range) -> list[Still]:
        """Those of ``around`` that are kept, ascending; all else as in ``one``."""
        with self._lock:
            known = (self._stills.get(one._replace(number=number)) for number in around)
            return [one for one in known if one is not None]
