"""What of each kind of damage is seen, and that none is seen where there is none."""

import random

import pytest

from daylight.detectors.programs import PROGRAMS
from daylight.detectors.results import parse
from daylight.domain.media import MediaFacts, State, judged
from daylight.media.executor import End, Task
from daylight.media.inline import InlineExecutor
from daylight.media.structure import zero_tail
from tests.media.films import film, opened

KINDS = [
    ("mp4", "libx264"),
    ("mp4", "libx265"),
    ("matroska", "libx264"),
    ("matroska", "libx265"),
    ("avi", "mjpeg"),
    ("avi", "libx264"),
    ("mpegts", "libx264"),
    ("mpegts", "mpeg2video"),
    ("vob", "mpeg2video"),
    ("h264", "libx264"),
    ("hevc", "libx265"),
]
FILMS = {
    kind: film(*kind, size=(320, 240), noise=120, frames=60 if kind[1] == "mpeg2video" else 30)
    for kind in KINDS
}


@pytest.fixture(params=KINDS, ids=["/".join(kind) for kind in KINDS])
def kind(request):
    return request.param


def examined(data: bytes) -> MediaFacts:
    with opened(data) as descriptor:
        task = Task("examine", {"detectors": []}, [descriptor])
        outcome = InlineExecutor(PROGRAMS, i_am_a_test=True).run(task)
    assert outcome.end is End.DONE, outcome.untrusted_reason
    results = parse(outcome.messages)
    assert results.facts is not None
    seen = results.seen
    return judged(results.facts, seen.decoded, seen.corrupt) if seen else results.facts


def test_a_whole_film_is_whole(kind):
    facts = examined(FILMS[kind])
    assert (facts.state, facts.reason, facts.corrupt_key_frames) == (State.OK, "", 0)


@pytest.mark.parametrize("share", [0.31, 0.62, 0.93])
def test_a_cut_film_is_damaged(kind, share):
    data = FILMS[kind]
    if kind[0] == "hevc":
        pytest.skip("a decoder of HEVC is silent about a cut picture: docs/detectors.md")
    facts = examined(data[: int(len(data) * share) | 1])
    assert facts.state is not State.OK
    assert facts.reason


def test_zeros_at_the_end(kind):
    facts = examined(FILMS[kind] + bytes(100_000))
    assert facts.state is State.DAMAGED
    assert "zeros" in facts.reason


def test_lost_sectors(kind):
    data = bytearray(FILMS[kind])
    draw = random.Random(1)
    for at in draw.sample(range(2, len(data) // 4096), 6):
        data[at * 4096 : (at + 1) * 4096] = bytes(4096)
    assert examined(bytes(data)).state is not State.OK


def test_a_wiped_start(kind):
    facts = examined(bytes(512) + FILMS[kind][512:])
    assert facts.state is not State.OK
    assert "wiped" in facts.reason


def test_a_hole(kind):
    data = FILMS[kind]
    if kind[1] == "mpeg2video" or kind[0] in ("h264", "hevc"):
        pytest.skip("whole packs or pictures that are missing leave no trace: docs/detectors.md")
    middle = len(data) // 2
    assert examined(data[:middle] + data[middle + 5000 :]).state is not State.OK


@pytest.mark.parametrize("name", ["mp4", "matroska", "avi", "mpegts", "vob"])
def test_something_behind_the_end(name):
    data = next(film for kind, film in FILMS.items() if kind[0] == name)
    assert examined(data + random.Random(1).randbytes(70_001)).state is State.DAMAGED


def test_a_flipped_bit_in_every_key_picture_of_h264():
    with opened(FILMS["mp4", "libx264"]) as descriptor:
        from daylight.media.probe import probe

        index = probe(descriptor).index
    data = bytearray(FILMS["mp4", "libx264"])
    for at, size in zip(index.positions, index.sizes, strict=True):
        for part in range(2, 9):
            data[at + size * part // 10] ^= 0x55
    facts = examined(bytes(data))
    assert facts.state is not State.OK
    assert facts.corrupt_key_frames > 0


def test_black_mjpeg_is_not_taken_for_lost_sectors():
    import io

    import av
    import numpy as np

    file = io.BytesIO()
    with av.open(file, "w", format="avi") as out:
        video = out.add_stream("mjpeg", rate=8)
        video.width, video.height, video.pix_fmt = 704, 576, "yuvj420p"
        black = av.VideoFrame.from_ndarray(np.zeros((576, 704, 3), np.uint8), "rgb24")
        for number in range(60):
            frame = black.reformat(format="yuvj420p")
            frame.pts = number
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    assert bytes(512) in file.getvalue()
    assert examined(file.getvalue()).reason == ""


@pytest.mark.parametrize("zeros", [0, 1, 4096, (1 << 20) + 7])
def test_zeros_are_counted_from_the_end(zeros):
    with opened(b"\0\0x" + bytes(zeros)) as descriptor:
        assert zero_tail(descriptor, 3 + zeros) == zeros
