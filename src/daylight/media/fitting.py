"""Whether lent parameter sets are those of the pictures: a decoder that is silent does not show it.

With the sets of a smaller or larger picture FFmpeg decodes HEVC without a word, and H.264 where the
lent picture is lower: it stops where it takes the picture to end, leaves blank what it had no
bytes for, or makes up bytes. So a key frame is decoded by itself: its last corner must be filled, the end
of its bytes must matter, and what is put behind them must not.
"""

from typing import Final

import av
import numpy as np
from av.codec import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from daylight.media.rebuilt import open_rebuilt
from daylight.media.recipe import Recipe
from daylight.media.stream_facts import is_decodable

_CORNER: Final = 8  # samples of each plane: no coding block is smaller
_SHARE: Final = 32  # of a slice's bytes, the last such part is changed
_OTHER: Final = 0x55
_MORE: Final = 256  # bytes that are put behind a slice
_SLICES: Final = {"h264": range(1, 6), "hevc": range(32)}
_WIDTH_AT: Final = {"h264": 4, "hevc": 21}  # where a header says how long a unit's length is


def fits(descriptor: int, recipe: Recipe, demuxer: str, most: int) -> bool:
    """Whether one of the first ``most`` key frames is whole and made of all its bytes.

    One is enough: others may be damaged. Raises ``FFmpegError`` where what was made does not open.
    """
    seen = 0
    with open_rebuilt(descriptor, recipe, demuxer) as container:
        stream = next(iter(container.streams.video), None)
        if stream is None or not is_decodable(stream):
            return False
        name, header = stream.codec_context.name, bytes(stream.codec_context.extradata or b"")
        if name not in _SLICES or len(header) <= _WIDTH_AT[name]:
            return False
        for packet in container.demux(stream):
            if packet.size and packet.is_keyframe:
                seen += 1
                if _whole(name, header, bytes(packet)):
                    return True
            if seen == most:
                break
    return False


def _whole(name: str, header: bytes, data: bytes) -> bool:
    frame = _decoded(name, header, data)
    if frame is None or frame.is_corrupt or _blank(frame):
        return False
    other = _decoded(name, header, _end_changed(name, header, data))
    if other is not None and _same(frame, other):
        return False
    if name != "hevc":  # of H.264 the decoder says where it reads too far
        return True
    longer = _decoded(name, header, _lengthened(name, header, data))
    return longer is not None and _same(frame, longer)


def _decoded(name: str, header: bytes, data: bytes) -> VideoFrame | None:
    """By a decoder of its own, whose picture is blank where nothing is written."""
    decoder = CodecContext.create(name, "r")
    if not isinstance(decoder, VideoCodecContext):
        return None
    decoder.thread_count = 1
    decoder.extradata = header
    try:
        frames = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    except av.FFmpegError:
        return None
    return frames[0] if frames else None


def _blank(frame: VideoFrame) -> bool:
    """Its last corner, in brightness and colours alike: a green that no camera sees."""
    return not any(plane[-_CORNER:, -_CORNER:].any() for plane in _planes(frame))


def _planes(frame: VideoFrame) -> list[NDArray[np.uint8]]:
    """The bytes of each plane, without what fills up its rows."""
    bits = max(component.bits for component in frame.format.components)
    return [
        np.frombuffer(bytes(plane), np.uint8)
        .reshape(plane.height, plane.line_size)[:, : plane.width * ((bits + 7) // 8)]
        for plane in frame.planes
    ]  # fmt: skip


def _same(one: VideoFrame, other: VideoFrame) -> bool:
    return all(map(np.array_equal, _planes(one), _planes(other)))


def _last_slice(name: str, header: bytes, data: bytes) -> tuple[int, int, int]:
    """Where it begins and ends, and how many bytes before it say how long it is."""
    width = (header[_WIDTH_AT[name]] & 3) + 1
    at, begin, end = 0, 0, 0
    while at + width < len(data):
        first = at + width
        at = first + int.from_bytes(data[at:first], "big")
        kind = data[first] & 0x1F if name == "h264" else data[first] >> 1 & 0x3F
        if kind in _SLICES[name]:
            begin, end = first, min(at, len(data))
    return begin, end, width


def _end_changed(name: str, header: bytes, data: bytes) -> bytes:
    """The last part of the last slice made another; what fills it up at its end is no part of it."""
    begin, end, _ = _last_slice(name, header, data)
    end = begin + len(data[begin:end].rstrip(b"\0\3"))
    changed = max((end - begin) // _SHARE, min(16, (end - begin) // 4))
    tail = bytes(value ^ _OTHER for value in data[end - changed : end])
    return data[: end - changed] + tail + data[end:]


def _lengthened(name: str, header: bytes, data: bytes) -> bytes:
    """With bytes behind the last slice that belong to nothing."""
    begin, end, width = _last_slice(name, header, data)
    length = min(end - begin + _MORE, (1 << 8 * width) - 1)
    more = bytes([_OTHER]) * (length - (end - begin))
    said = length.to_bytes(width, "big")
    return data[: begin - width] + said + data[begin:end] + more + data[end:]
