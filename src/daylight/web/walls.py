"""The wall's columns, kept for a moment: whoever clicks through it asks for the same again and again."""

import time
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Final

from django.db import connection

from daylight.catalogue.queries.wall import Stamp, Wall, load, stamp

SECONDS: Final = 4.0  # so old it may be where reading it anew takes long
QUICK: Final = 0.05  # seconds: what is read in less is read at once
OLDEST: Final = 30.0  # nobody is shown what is older than this and no longer true


@dataclass
class Walls:
    """One vault's. Thread-safe: one reads it anew, in the background where that takes long."""

    _lock: Lock = field(default_factory=Lock)
    _vault: str = ""
    _wall: Wall | None = None
    _stamp: Stamp | None = None
    _at: float = 0.0
    _took: float = 0.0
    _reading: bool = False

    def of(self, vault: str) -> Wall:
        now, seen = time.monotonic(), stamp()
        with self._lock:
            wall = self._wall if self._vault == vault else None
            if wall is not None and seen == self._stamp:
                return wall
            age = now - self._at
            if wall is None or self._took < QUICK or age > OLDEST:
                return self._read(vault, seen)
            if age > SECONDS and not self._reading:
                self._reading = True
                Thread(target=self._again, args=(vault,), name="wall", daemon=True).start()
            return wall

    def _read(self, vault: str, seen: Stamp) -> Wall:
        began = time.monotonic()
        wall = load()
        self._vault, self._wall, self._stamp = vault, wall, seen
        self._at, self._took = time.monotonic(), time.monotonic() - began
        return wall

    def _again(self, vault: str) -> None:
        """In a thread of its own, beside those who are still shown the older one."""
        began = time.monotonic()
        try:
            seen = stamp()
            wall = load()
        finally:
            connection.close()
            self._reading = False
        with self._lock:
            self._vault, self._wall, self._stamp = vault, wall, seen
            self._at, self._took = time.monotonic(), time.monotonic() - began


WALLS: Final = Walls()
