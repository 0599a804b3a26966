"""The same coded pictures in whatever framing give the same bytes."""

import io
from fractions import Fraction

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.media.slices import slice_data
from tests.media.films import film

CODECS = ("h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4", "mjpeg", "vp9", "", "none")


def key_packets(data: bytes, container: str) -> list[bytes]:
    with av.open(io.BytesIO(data), format=container) as opened:
        stream = opened.streams.video[0]
        return [bytes(p) for p in opened.demux(stream) if p.size and p.is_keyframe]


def remuxed(data: bytes, container: str, goes: str) -> bytes:
    file = io.BytesIO()
    with av.open(io.BytesIO(data), format=container) as source, av.open(file, "w", goes) as out:
        stream = source.streams.video[0]
        copy = out.add_stream_from_template(stream)
        for number, packet in enumerate(source.demux(stream)):
            if packet.size:
                if container == "mpeg":
                    packet.pts = packet.dts = number * 3600
                    packet.time_base = Fraction(1, 90_000)
                packet.stream = copy
                out.mux(packet)
    return file.getvalue()


WAYS = [
    ("mp4", "libx264", "mpegts", "h264"),
    ("mp4", "libx264", "matroska", "h264"),
    ("mpegts", "libx264", "mp4", "h264"),
    ("mp4", "libx265", "mpegts", "hevc"),
    ("mp4", "libx265", "matroska", "hevc"),
    ("mpeg", "mpeg2video", "mpegts", "mpeg2video"),
    ("avi", "mpeg4", "matroska", "mpeg4"),
    ("avi", "mjpeg", "matroska", "mjpeg"),
]


@pytest.mark.parametrize(("comes", "codec", "goes", "name"), WAYS)
def test_a_remux_has_the_same_slices(comes, codec, goes, name):
    data = film(comes, codec, noise=40)
    before = key_packets(data, comes)
    after = key_packets(remuxed(data, comes, goes), goes)
    kept = [slice_data(packet, name) for packet in before]
    assert len(kept) >= 3
    assert [slice_data(packet, name) for packet in after] == kept
    assert len(set(kept)) == len(kept)
    assert all(kept)


def test_headers_and_remarks_are_left_out():
    remark = b"\0\0\0\1\x06\x05\x04abcd\x80"
    headers = b"\0\0\0\1\x67\x42\0\0\0\1\x68\xce"
    slice_ = b"\x65\x88\x84\1\2\3"
    one = slice_data(headers + b"\0\0\1" + slice_, "h264")
    assert slice_data(remark + b"\0\0\1" + slice_ + b"\0\0\0", "h264") == one
    assert slice_data(len(slice_).to_bytes(4, "big") + slice_, "h264") == one


@given(st.binary(max_size=400), st.sampled_from(CODECS))
def test_nonsense_gives_bytes_and_no_error(data, codec):
    assert len(slice_data(data, codec)) <= 3 * len(data) + 3


def test_a_million_empty_units_end_soon():
    assert slice_data(b"\0\0\1" * 300_000, "h264") == b""
    assert len(slice_data(b"\0\0\0\0" * 300_000, "h264")) <= 1_200_000
