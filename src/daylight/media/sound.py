"""The first sound track of an item as mono samples, in blocks; memory does not grow with it."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from daylight.domain.media import MediaFacts
from daylight.errors import MediaRefused
from daylight.media.reading import open_media
from daylight.media.stream_facts import is_decodable

RATE: Final = 16_000  # Hz: what speech needs, and every later detector of sound
MAX_ERRORS: Final = 1_000  # packets that do not decode, before the track is given up

Block = tuple[NDArray[np.float32], int]


def sound_blocks(descriptor: int, facts: MediaFacts) -> Iterator[Block]:
    """(mono float32 samples at ``RATE``, number of the first one counted from media zero).

    Packets that do not decode are skipped. Raises ``MediaRefused`` when there is no sound,
    ``FFmpegError`` when it cannot be opened.
    """
    with open_media(descriptor, facts.demuxer) as container:
        if not container.streams.audio:
            raise MediaRefused("it has no sound")
        stream = container.streams.audio[0]
        if not is_decodable(stream):
            raise MediaRefused("there is no decoder for its sound")
        stream.codec_context.thread_count = 1
        zero = round((facts.start or Fraction(0)) * RATE)
        resampler = AudioResampler("flt", "mono", RATE)
        errors = 0
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
                for frame in frames:
                    yield from _resampled(resampler, frame, zero)
            except (av.FFmpegError, ValueError):
                errors += 1
                if errors > MAX_ERRORS:
                    raise
        yield from _resampled(resampler, None, zero)


def _resampled(
    resampler: AudioResampler, frame: av.AudioFrame | None, zero: int
) -> Iterator[Block]:
    for out in resampler.resample(frame):
        at = (
            0 if out.pts is None or out.time_base is None else round(out.pts * out.time_base * RATE)
        )
        yield out.to_ndarray().reshape(-1).astype(np.float32), max(0, at - zero)
