"""Segments joined to one stream: the packets' counters go on over the joints."""

import random

import av
import pytest

from daylight.errors import MediaRefused
from daylight.media.mpegts import PACKET, Joiner, check_segment, packet_id


def packets(drawn: random.Random, count: int) -> bytes:
    made = b""
    for _ in range(count):
        stream, flags = drawn.choice([0, 256, 257]), drawn.choice([0x10, 0x20, 0x30])
        head = bytes([0x47, stream >> 8, stream & 255, flags | drawn.randrange(16)])
        made += head + drawn.randbytes(PACKET - 4)
    return made


def test_counters_go_on():
    drawn, joiner, last = random.Random(3), Joiner(), {}
    for _ in range(5):
        before = packets(drawn, 60)
        after = joiner.join(before)
        assert len(after) == len(before)
        for at in range(0, len(after), PACKET):
            stream, count = packet_id(after, at), after[at + 3] & 15
            if after[at + 3] & 0x10:
                assert count == (last.get(stream, 15) + 1) % 16
            else:
                assert count == last.get(stream, 15)
            last[stream] = count
            assert after[at + 3] & 0xF0 == before[at + 3] & 0xF0
            assert after[at : at + 3] == before[at : at + 3]
            assert after[at + 4 : at + PACKET] == before[at + 4 : at + PACKET]


def test_nothing_joined_is_nothing():
    assert Joiner().join(b"") == b""
    with pytest.raises(MediaRefused):
        check_segment(b"")


def test_a_decoder_finds_no_jump(tmp_path):
    """FFmpeg marks a packet after a jump as corrupt."""
    path, joiner = tmp_path / "joined.ts", Joiner()
    with path.open("wb") as file:
        for number in range(4):
            file.write(joiner.join(part(tmp_path, number)))
    with av.open(str(path)) as film:
        marked = [packet.is_corrupt for packet in film.demux() if packet.size]
    assert len(marked) == 40
    assert not any(marked)


def part(folder, number: int) -> bytes:
    path = folder / f"{number}.ts"
    with av.open(str(path), "w", options={"mpegts_copyts": "1"}) as out:
        stream = out.add_stream("mpeg2video", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for at in range(10):
            frame = av.VideoFrame(64, 48, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.pts = number * 10 + at
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path.read_bytes()
