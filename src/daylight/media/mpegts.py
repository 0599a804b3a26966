"""The structure of an MPEG transport stream (ISO/IEC 13818-1), as far as its checker needs it."""

from typing import Final

from daylight.errors import MediaRefused

PACKET: Final = 188
SYNC: Final = 0x47
MAX_SEGMENT: Final = 48 << 20  # bytes

# Added to every timestamp, so that decoding times before media zero stay positive. A player takes
# the first timestamp it meets as the start of its segment, so that this offset is never seen.
OFFSET: Final = 10 * 90_000


def check_segment(untrusted: bytes) -> bytes:
    """The same bytes, when they are whole packets that begin with the program tables.

    Raises ``MediaRefused``. What the packets carry stays untrusted: it goes to a player that has a
    sandbox of its own.
    """
    if not untrusted or len(untrusted) % PACKET or len(untrusted) > MAX_SEGMENT:
        raise MediaRefused("what was made of it for playing is no whole transport stream")
    if untrusted[::PACKET].count(SYNC) != len(untrusted) // PACKET:
        raise MediaRefused("what was made of it for playing has lost the packets' rhythm")
    if packet_id(untrusted, 0) not in {0, 0x11}:
        raise MediaRefused("what was made of it for playing does not begin with its tables")
    return untrusted


def packet_id(stream: bytes | bytearray, at: int) -> int:
    """The 13-bit PID of the packet that starts at byte ``at``."""
    return (stream[at + 1] & 0x1F) << 8 | stream[at + 2]


class Joiner:
    """Makes one stream of segments: the packets of each stream are counted on over the joints.

    A player takes a count that jumps for lost packets (ISO/IEC 13818-1, 2.4.3.3).
    """

    def __init__(self) -> None:
        self._last: dict[int, int] = {}

    def join(self, segment: bytes) -> bytes:
        """The next segment, of whole packets, to be put after those before it."""
        joined = bytearray(segment)
        for at in range(0, len(joined), PACKET):
            stream, flags = packet_id(joined, at), joined[at + 3]
            carries = flags >> 4 & 1  # only packets with a payload count
            count = (self._last.get(stream, 15) + carries) & 15
            self._last[stream] = count
            joined[at + 3] = flags & 0xF0 | count
        return bytes(joined)
