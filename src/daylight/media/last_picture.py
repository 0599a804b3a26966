"""Does a raw stream end in a whole picture? It has no sizes that would tell, so it is decoded."""

from typing import Final

import av
import av.logging

from daylight.media.complaints import complains
from daylight.media.keyframes import KeyFrameIndex
from daylight.media.reading import open_media, size_of

MOST: Final = 32 << 20  # bytes from the last key frame on; beyond that the check is left out
CUT: Final = "the recording was cut off in the middle of a picture"


def is_cut(descriptor: int, demuxer: str, index: KeyFrameIndex) -> bool:
    """Whether the decoder complains of the last picture, decoded from its key frame on."""
    start = index.positions[-1] if len(index) else -1
    if not 0 <= size_of(descriptor) - start <= MOST or start < 0:
        return False
    faulty = False
    try:
        with open_media(descriptor, demuxer, start=start) as container:
            stream = container.streams.video[0]
            stream.thread_type = "NONE"
            stream.codec_context.thread_count = 1
            for packet in container.demux(stream):
                with av.logging.Capture() as said:
                    frames = packet.decode()
                corrupt = any(frame.is_corrupt for frame in frames)
                faulty = complains(said) or corrupt or (faulty and not packet.size)
    except (av.FFmpegError, ValueError):
        return True
    return faulty
