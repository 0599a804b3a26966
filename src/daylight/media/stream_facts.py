"""What one stream of a container is: facts from its header and from the packets that were seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Final

import av
from av.audio.stream import AudioStream
from av.stream import Stream
from av.video.stream import VideoStream

from daylight.domain.media import StreamFacts
from daylight.media.facts_json import MAX_PAIRS, MAX_TEXT

TOLERANCE: Final = Fraction(1, 20)  # of a frame's length: rounding of time bases is no variation
FEWEST: Final = 3  # times, before anything is said of their distance


@dataclass(frozen=True, slots=True)
class Shown:
    """What the packets of a stream show: how many, and their times in ticks."""

    packets: int
    times: Sequence[int]


def stream_facts(stream: Stream, step: Fraction | None, shown: Shown | None) -> StreamFacts:
    """``step``: seconds a picture, for streams without times. ``shown``: None if it was not read."""
    plain = StreamFacts(
        index=stream.index,
        media=str(getattr(stream, "type", None) or "data"),
        codec=codec_name(stream),
        time_base=base_of(stream),
        duration=stream.duration,
        start=stream.start_time,
        frames=shown.packets if shown else stream.frames or None,
        untrusted_metadata=pairs(stream.metadata),
    )
    if not is_decodable(stream):
        return plain
    if isinstance(stream, VideoStream):
        return _video(stream, plain, step, shown)
    if isinstance(stream, AudioStream):
        sound = stream.codec_context
        return replace(
            plain, sample_rate=sound.sample_rate or None, channels=sound.channels or None
        )
    return plain


def is_decodable(stream: Stream) -> bool:
    """Whether FFmpeg has a decoder: the stubs know no stream without one."""
    return getattr(stream, "codec_context", None) is not None


def is_described(stream: Stream) -> bool:
    """Whether what is told of a stream is known without reading its packets."""
    if isinstance(stream, VideoStream) and is_decodable(stream):
        return bool(stream.width and stream.height and stream.format)
    if isinstance(stream, AudioStream) and is_decodable(stream):
        return bool(stream.codec_context.sample_rate and stream.codec_context.channels)
    return True


def codec_name(stream: Stream) -> str:
    """FFmpeg's name of the codec, whichever decoder reads it; "unknown" where none does."""
    context = stream.codec_context
    codec = getattr(context, "codec", None)
    return str(codec.canonical_name) if codec else "unknown"


def base_of(stream: Stream) -> Fraction:
    """Seconds a tick. Data streams of broken files have none, whatever the stubs say."""
    return getattr(stream, "time_base", None) or Fraction(1, av.time_base)


def _video(
    stream: VideoStream, plain: StreamFacts, step: Fraction | None, shown: Shown | None
) -> StreamFacts:
    rate, variable = _rate(stream, step, shown)
    return replace(
        plain,
        width=stream.width or None,
        height=stream.height or None,
        pixel_format=stream.format.name if stream.format else None,
        frame_rate=rate,
        variable_rate=variable,
        rotation=_rotation(stream),
    )


def _rate(
    video: VideoStream, step: Fraction | None, shown: Shown | None
) -> tuple[Fraction | None, bool | None]:
    """Frames a second, and whether their distance varies."""
    if step is not None:
        return 1 / step, None
    base = video.time_base
    if shown is None or len(shown.times) < FEWEST or base is None:
        return video.average_rate, None
    times = sorted(shown.times)
    gaps = sorted(later - earlier for earlier, later in pairwise(times) if later > earlier)
    if not gaps:
        return video.average_rate, None
    usual = gaps[len(gaps) // 2]
    slack = max(Fraction(1), usual * TOLERANCE)
    odd = sum(abs(gap - usual) > slack for gap in gaps)
    return _rounded(video, 1 / (usual * base)), odd > len(gaps) // 100


def _rounded(video: VideoStream, seen: Fraction) -> Fraction:
    """The stated rate if the packets agree with it, else what they show."""
    for stated in (video.average_rate, video.guessed_rate):
        if stated and abs(stated - seen) <= seen * TOLERANCE:
            return Fraction(stated)
    return seen.limit_denominator(1001)


def _rotation(stream: VideoStream) -> int:
    """Degrees clockwise, where the container asks players to turn the picture."""
    text = stream.metadata.get("rotate", "0")
    return int(text) % 360 if text.lstrip("-").isdecimal() else 0


def pairs(metadata: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Metadata cut to what is kept of it."""
    kept = list(metadata.items())[:MAX_PAIRS]
    return tuple((key[:MAX_TEXT], value[:MAX_TEXT]) for key, value in kept)
