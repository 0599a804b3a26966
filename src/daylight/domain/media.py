"""What is known of one file after it was recognised: frozen facts, no bytes, no decoding.

Times are integer ticks of a stream's time base; seconds are derived (``Fraction``) and rounded only
where they are shown. Media zero is the container's start time.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction


class Kind(StrEnum):
    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"
    DOCUMENT = "document"
    OTHER = "other"
    EMPTY = "empty"


class State(StrEnum):
    OK = "ok"
    DAMAGED = "damaged"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """One stream of a container. ``media`` is video, audio, subtitle, data or attachment."""

    index: int
    media: str
    codec: str
    time_base: Fraction
    duration: int | None = None  # ticks
    start: int | None = None  # ticks
    frames: int | None = None  # as the container states or as counted; None is unknown
    width: int | None = None
    height: int | None = None
    pixel_format: str | None = None
    frame_rate: Fraction | None = None  # frames a second
    variable_rate: bool | None = None
    rotation: int = 0  # degrees, clockwise, as the container asks players to turn it
    sample_rate: int | None = None  # Hz
    channels: int | None = None
    untrusted_metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What one file is. ``reason`` is empty when ``state`` is ok, else a plain sentence."""

    kind: Kind
    state: State
    reason: str = ""
    container: str = ""  # FFmpeg's short demuxer name, or a name of our own ("pdf", "text")
    demuxer: str = ""  # the demuxer to open it with, explicitly; empty: not openable
    duration: Fraction | None = None  # seconds
    start: Fraction | None = None  # seconds
    streams: tuple[StreamFacts, ...] = ()
    key_frames: int = 0
    corrupt_key_frames: int = 0
    assumed_rate: bool = False  # a raw stream that says nothing of its rate: 25 was taken
    encoder: str = ""  # encoder strings found in container and stream, "; "-joined, length-capped
    untrusted_metadata: tuple[tuple[str, str], ...] = ()

    @property
    def video(self) -> StreamFacts | None:
        return next((s for s in self.streams if s.media == "video"), None)

    @property
    def audio(self) -> StreamFacts | None:
        return next((s for s in self.streams if s.media == "audio"), None)


def judged(facts: MediaFacts, decoded: int, corrupt: int) -> MediaFacts:
    """``facts`` with what decoding the key frames has shown.

    ``decoded``: key frames that gave a picture; ``corrupt``: those whose picture the decoder
    called corrupt, or that gave none.
    """
    state, reason = facts.state, facts.reason
    if corrupt and decoded:
        state = State.DAMAGED
        reason = reason or f"{corrupt} of {facts.key_frames} key frames are corrupt"
    elif corrupt:
        state, reason = State.UNREADABLE, reason or "no key frame can be decoded"
    return replace(facts, state=state, reason=reason, corrupt_key_frames=corrupt)
