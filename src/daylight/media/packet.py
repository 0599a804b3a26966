"""A packet of any stream, in the types that PyAV's stubs ask for."""

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from daylight.media.playlist import TICKS

if TYPE_CHECKING:
    MediaPacket = Packet[Stream]
    VideoPacket = Packet[VideoStream]
    SoundPacket = Packet[AudioStream]
else:  # generic in the stubs alone
    MediaPacket = Packet
    VideoPacket = Packet
    SoundPacket = Packet
BASE: Final = Fraction(1, TICKS)


def new_packet(data: bytes, stream: Stream, *, pts: int, dts: int, key: bool) -> MediaPacket:
    """``pts`` and ``dts`` in ticks of 1/90000 s, as they shall stand in the segment."""
    packet: MediaPacket = Packet(data)
    packet.stream, packet.time_base = stream, BASE
    packet.pts, packet.dts = pts, dts
    packet.is_keyframe = key
    return packet
