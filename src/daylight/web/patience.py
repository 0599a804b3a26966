"""Guessing passwords is slowed down: a name that failed often must wait, whoever asks."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

TRIES = 5
WAIT = 60.0  # seconds after the last failure
KEPT = 1000  # names remembered; the oldest go


@dataclass
class Patience:
    """Thread-safe; kept in memory, since one process serves a vault."""

    clock: Callable[[], float] = time.monotonic
    _failed: OrderedDict[str, tuple[int, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def must_wait(self, name: str) -> bool:
        with self._lock:
            times, last = self._failed.get(name, (0, 0.0))
        return times >= TRIES and self.clock() - last < WAIT

    def failed(self, name: str) -> None:
        with self._lock:
            times, last = self._failed.pop(name, (0, 0.0))
            times = times if self.clock() - last < WAIT else 0
            self._failed[name] = (times + 1, self.clock())
            while len(self._failed) > KEPT:
                self._failed.popitem(last=False)

    def succeeded(self, name: str) -> None:
        with self._lock:
            self._failed.pop(name, None)
