import os
import random
import struct
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daylight.domain.media import Kind, MediaFacts, State
from daylight.media.facts_json import MAX_TEXT, from_json, to_json
from daylight.media.keyframes import UNKNOWN, pack, unpack
from daylight.media.probe import Probe, probe
from tests.media.films import CODECS, FORMATS, film, opened, sine


def probed(data: bytes) -> Probe:
    with opened(data) as descriptor:
        return probe(descriptor)


@pytest.mark.parametrize(("container", "codec", "name"), FORMATS)
def test_what_a_film_is(container, codec, name):
    made = probed(film(container, codec))
    facts, video = made.facts, made.facts.video
    assert (facts.kind, facts.state, facts.reason, facts.container) == (
        Kind.VIDEO,
        State.OK,
        "",
        name,
    )
    assert video is not None
    assert made.index is not None
    assert (video.codec, video.width, video.height) == (CODECS.get(codec, codec), 64, 48)
    assert video.frames == 40
    assert facts.key_frames == len(made.index) >= 1
    rate = 25 if codec in ("mpeg1video", "mpeg2video") or container == "mjpeg" else 5
    assert video.frame_rate == rate
    assert facts.assumed_rate == (container == "mjpeg")
    assert abs(facts.duration - Fraction(40, rate)) <= Fraction(1, rate)
    assert not video.variable_rate
    assert unpack(pack(made.index)).times == made.index.times
    assert from_json(to_json(facts)) == facts


@pytest.mark.parametrize(
    ("container", "codec", "name"),
    [("mp4", "libx264", "mp4"), ("matroska", "libx264", "matroska"), ("mpegts", "libx264", "ts")],
)
def test_sound_beside_pictures(container, codec, name):
    facts = probed(film(container, codec, sound=True)).facts
    assert facts.state is State.OK
    assert facts.audio is not None
    assert (facts.audio.codec, facts.audio.sample_rate, facts.audio.channels) == ("aac", 16_000, 1)


def test_fragmented_mp4():
    flags = {"movflags": "frag_keyframe+empty_moov"}
    facts = probed(film("mp4", "libx264", options=flags)).facts
    assert (facts.state, facts.duration, facts.key_frames) == (State.OK, 8, 4)


@pytest.mark.parametrize("seconds", [1, 3])
def test_a_sound_alone(seconds):
    facts = probed(sine("matroska", "libopus", seconds=seconds)).facts
    assert (facts.kind, facts.state, facts.key_frames) == (Kind.AUDIO, State.OK, 0)
    assert abs(facts.duration - seconds) < Fraction(1, 10)


def test_a_lying_header_does_not_set_the_duration():
    data = film("mp4", "libx264")
    at = data.index(b"mvhd") + 4 + 12
    scale, length = struct.unpack_from(">II", data, at)
    assert length == 8 * scale
    lying = data[: at + 4] + struct.pack(">I", length * 50) + data[at + 8 :]
    assert probed(lying).facts.duration == 8


def test_a_rate_that_varies_is_seen():
    import io

    import av
    import numpy as np

    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as out:
        video = out.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt, video.thread_count = 64, 48, "yuv420p", 1
        at = 0
        for number in range(30):
            frame = av.VideoFrame.from_ndarray(np.full((72, 64), number, np.uint8), "yuv420p")
            frame.pts, frame.time_base = at, Fraction(1, 25)
            at += random.Random(number).randint(1, 9)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    assert probed(file.getvalue()).facts.video.variable_rate is True


@pytest.mark.parametrize(
    ("matrix", "turn"),
    [((0, 1, -1, 0), 90), ((-1, 0, 0, -1), 180), ((0, -1, 1, 0), 270), ((1, 0, 0, 1), 0)],
)
def test_a_turned_picture(matrix, turn):
    assert probed(turned(film("mp4", "libx264"), matrix)).facts.video.rotation == turn


def turned(data: bytes, matrix: tuple[int, int, int, int]) -> bytes:
    plain = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    a, b, c, d = (65536 * one for one in matrix)
    at = data.index(plain, data.index(b"tkhd"))
    return data[:at] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30) + data[at + 36 :]


def test_hostile_metadata_is_cut_and_kept_as_data():
    title = "\x1b[2J\u202e\n<script>" + "я" * 5000
    facts = probed(film("matroska", "libx264", metadata={"title": title})).facts
    kept = dict(facts.untrusted_metadata)["title"]
    assert kept == title[:MAX_TEXT]
    assert title[:20] not in facts.reason + facts.encoder


def test_metadata_that_is_no_utf8():
    data = film("avi", "mjpeg", metadata={"title": "QQQQQQQQ"})
    facts = probed(data.replace(b"QQQQQQQQ", b"\xff\xfe\xe2\xe8\xd0\x80\xc3\x28")).facts
    assert facts.state is State.OK
    dict(facts.untrusted_metadata)["title"].encode("utf-8")


def test_encoder_strings():
    facts = probed(film("h264", "libx264")).facts
    assert facts.encoder.startswith("x264 - core")


def test_raw_streams_bear_byte_positions():
    data = film("h264", "libx264")
    index = probed(data).index
    assert all(
        data[at : at + 3] == b"\0\0\0" or data[at : at + 3] == b"\0\0\1" for at in index.positions
    )
    assert UNKNOWN not in index.positions


def test_playlists_and_text_are_not_opened():
    facts = probed(b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n").facts
    assert (facts.kind, facts.state, facts.demuxer) == (Kind.OTHER, State.UNREADABLE, "")
    assert probed(b"words\n").facts == MediaFacts(Kind.DOCUMENT, State.OK, container="text")
    assert probed(b"").facts == MediaFacts(Kind.EMPTY, State.OK)


def test_mp4_without_its_index_says_so():
    data = film("mp4", "libx264", frames=80, noise=90)
    facts = probed(data[: len(data) // 2]).facts
    assert (facts.kind, facts.state) == (Kind.VIDEO, State.UNREADABLE)
    assert "cut off" in facts.reason
    assert "(moov) is missing" in facts.reason


CUT = [
    film(container, codec, frames=20, sound=container in ("mp4", "matroska", "mpegts"))
    for container, codec, _ in FORMATS
    if codec != "libvpx-vp9"
]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(CUT), st.floats(0, 1), st.integers(0, 2**32), st.integers(0, 40))
def test_cut_and_broken_films_are_said_to_be_so_and_nothing_else(data, share, seed, flips):
    broken = bytearray(data[: int(len(data) * share)])
    draw = random.Random(seed)
    for _ in range(flips if broken else 0):
        broken[draw.randrange(len(broken))] ^= 1 << draw.randrange(8)
    made = probed(bytes(broken))
    assert made.facts.kind in Kind
    assert bool(made.facts.reason) == (made.facts.state is not State.OK)
    assert from_json(to_json(made.facts)) == made.facts
    if made.index is not None:
        assert len(made.index) == made.facts.key_frames


def test_real_recordings_are_whole(shared_media):
    folders = ("audio", "cctv", "faces", "photos", "video")
    names = [f for d in folders for f in sorted((shared_media / d).iterdir())]
    broken = {"Matroska.mkv", "QuickTime.mov"}  # made without their pictures
    for name in names:
        with open(name, "rb") as file:
            facts = probe(file.fileno()).facts
        assert (facts.state is State.OK) == (name.name not in broken), (name.name, facts.reason)
        assert facts.kind in (Kind.VIDEO, Kind.AUDIO, Kind.IMAGE, Kind.DOCUMENT)


def test_what_others_have_broken_ends_in_a_state(shared_media):
    for name in sorted((shared_media / "damaged").iterdir()):
        descriptor = os.open(name, os.O_RDONLY)
        try:
            assert probe(descriptor).facts.state in State
        finally:
            os.close(descriptor)
