"""Counts the pictures that a decoder drops where it starts in the middle of a raw HEVC stream.

Pictures that follow a clean random access picture in the stream and precede it on the screen refer
to what lies before it (RASL, ITU-T H.265 table 7-1): decoders drop them. Where a picture's time is
its number, those dropped must be counted.
"""

import re
from typing import Final

from daylight.media.packet import MediaPacket

_LEADING: Final = range(6, 10)  # RADL_N, RADL_R, RASL_N, RASL_R
_DROPPED: Final = range(8, 10)  # RASL_N, RASL_R
_FIRST_VCL_UNIT: Final = re.compile(rb"\x00\x00\x01([\x00-\x3f])", re.DOTALL)
_MOST: Final = 32  # held back; no stream reorders more than 16


class Leading:
    """Holds packets back until the leading pictures are over. ``dropped`` is true from then on."""

    def __init__(self, *, hevc: bool) -> None:
        self.dropped = 0
        self._held: list[MediaPacket] = []
        self._over = not hevc

    def is_over(self, packet: MediaPacket) -> bool:
        if self._over:
            return True
        kind = _kind(bytes(packet))
        if self._held and kind not in _LEADING:
            self._over = True
            return True
        self.dropped += bool(self._held) and kind in _DROPPED
        self._held.append(packet)
        self._over = len(self._held) > _MOST
        return False

    def release(self) -> list[MediaPacket]:
        """What was held back, once."""
        held, self._held = self._held, []
        return held


def _kind(packet: bytes) -> int:
    """The type of the first coded picture in a packet, 63 when it holds none."""
    found = _FIRST_VCL_UNIT.search(packet)
    return 63 if found is None else found[1][0] >> 1
