"""Filmstrips and kept stills made smaller for thin lines: in the sandbox, when they are asked for; the last ones are kept."""

import threading
from collections import OrderedDict
from typing import Final

from daylight.domain.digest import Digest
from daylight.errors import MediaRefused
from daylight.media.executor import End, TaskLimits
from daylight.media.smaller import MESSAGE, PROGRAM, checked
from daylight.services.watch import Player

MOST: Final = 128
LIMITS: Final = TaskLimits(wall_seconds=20.0, cpu_seconds=15)


class Smaller:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: OrderedDict[Digest, bytes] = OrderedDict()

    def of(self, player: Player, digest: Digest) -> bytes:
        """A JPEG of half the width and height. ``MediaRefused`` where it cannot be made."""
        with self._lock:
            known = self._made.get(digest)
        if known is not None:
            return known
        made = _make(player, digest)
        with self._lock:
            self._made[digest] = made
            while len(self._made) > MOST:
                self._made.popitem(last=False)
        return made


def _make(player: Player, digest: Digest) -> bytes:
    outcome = player.run(PROGRAM, {}, [digest], LIMITS)
    sent = [m.untrusted_payload for m in outcome.messages if m.untrusted_kind == MESSAGE]
    if outcome.end is not End.DONE or len(sent) != 1:
        raise MediaRefused(f"this picture cannot be made smaller ({outcome.end.value})")
    return checked(sent[0])
