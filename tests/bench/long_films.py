"""A recording of any length in MPEG-2, as recorders write it: one minute, coded once and joined to itself."""

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.packet import Packet

RATE = 25
TICKS = 90_000 // RATE


def long_film(path: Path, minutes: int, size: tuple[int, int] = (704, 576)) -> Path:
    """A program stream of ``minutes``, with B-frames, groups of twelve, made by copying the stream."""
    coded = _minute(size)
    with (
        av.open(io.BytesIO(coded), format="mpegvideo") as film,
        av.open(str(path), "w", format="vob") as out,
    ):
        source = film.streams.video[0]
        pictures = [bytes(packet) for packet in film.demux(source) if packet.size]
        stream = out.add_stream_from_template(source)
        shown = _shown(pictures)
        for number in range(minutes * len(pictures)):
            minute, at = divmod(number, len(pictures))
            packet = Packet(pictures[at])
            packet.stream, packet.time_base = stream, Fraction(1, 90_000)
            packet.dts = (number + 1) * TICKS
            packet.pts = (minute * len(pictures) + shown[at] + 2) * TICKS
            out.mux(packet)
    return path


def _minute(size: tuple[int, int]) -> bytes:
    width, height = size
    file = io.BytesIO()
    ramp = np.add.outer(np.arange(height), np.arange(width))
    with av.open(file, "w", format="mpeg2video") as out:
        stream = out.add_stream("mpeg2video", rate=RATE, options={"bf": "2"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.gop_size, stream.bit_rate = 12, 900_000
        for number in range(60 * RATE):
            planes = np.full((height * 3 // 2, width), 128, np.uint8)
            planes[:height] = (ramp + 3 * number) % 200 + 20
            frame = av.VideoFrame.from_ndarray(planes, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


def _shown(pictures: list[bytes]) -> list[int]:
    """When each is shown: the temporal reference counts within a group (ISO/IEC 13818-2 6.3.9)."""
    found, first = [], 0
    for number, data in enumerate(pictures):
        if b"\0\0\1\xb8" in data:
            first = number
        at = data.index(b"\0\0\1\0")
        found.append(first + (data[at + 4] << 2 | data[at + 5] >> 6))
    return found


def transcoded(path: Path) -> int:
    """All of it to H.264, as quickly as x264 goes; how many pictures."""
    count = 0
    with av.open(str(path)) as film, av.open(io.BytesIO(), "w", format="mpegts") as out:
        source = film.streams.video[0]
        source.thread_type = "AUTO"
        stream = out.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = source.width, source.height, "yuv420p"
        for frame in film.decode(source):
            out.mux(stream.encode(frame))
            count += 1
        out.mux(stream.encode(None))
    return count
