"""Stills of the very pictures: each number and each moment, against a plain decoding from the start."""

import hashlib
import io
import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from daylight.domain.media import State
from daylight.errors import MediaRefused
from daylight.media import frames as program
from daylight.media.cut import Mode
from daylight.media.exact import exact_pictures, shown_order
from daylight.media.failures import EXPECTED
from daylight.media.frame_ask import FrameAsk, checked, from_request, to_request
from daylight.media.frames import frames
from daylight.media.keyframes import pack
from daylight.media.probe import probe
from daylight.media.reading import UNTIMED, open_media
from daylight.media.shield import grains
from tests.media.films import opened
from tests.media.reels import make

OPEN = {"x264-params": "open-gop=1:bframes=3:b-pyramid=normal:scenecut=0"}
OPEN_HEVC = {"x265-params": "open-gop=1:bframes=3:scenecut=0:log-level=none:pools=none"}
REFRESH = {"x264-params": "intra-refresh=1:bframes=0"}
UNEVEN = [n * 3 + (n % 7 == 0) for n in range(60)]
# name: container, codec, other arguments
REELS = {
    "h264.mp4": ("mp4", "libx264", {"options": {"bf": "2"}}),
    "open.mp4": ("mp4", "libx264", {"options": OPEN}),
    "refresh.mp4": ("mp4", "libx264", {"options": REFRESH, "gop": 15}),
    "uneven.mkv": ("matroska", "libx264", {"times": UNEVEN, "options": {"bf": "2"}}),
    "one-key.mkv": ("matroska", "libx264", {"gop": 1000}),
    "open.ts": ("mpegts", "libx264", {"options": OPEN}),
    "late.ts": ("mpegts", "libx264", {"start": 25 * 1000}),
    "open.h264": ("h264", "libx264", {"options": OPEN}),
    "refresh.h264": ("h264", "libx264", {"options": REFRESH, "gop": 15}),
    "open.hevc": ("hevc", "libx265", {"options": OPEN_HEVC}),
    "open-hevc.mp4": ("mp4", "libx265", {"options": OPEN_HEVC}),
    "mpeg2.mpg": ("vob", "mpeg2video", {"options": {"bf": "2"}, "sound": "mp2"}),
    "mpeg1.mpg": ("mpeg", "mpeg1video", {"options": {"bf": "2"}}),
    "mpeg2.ts": ("mpegts", "mpeg2video", {"options": {"bf": "2"}}),
    "mpeg2.m2v": ("mpeg2video", "mpeg2video", {"options": {"bf": "2"}}),
    "asp.avi": ("avi", "mpeg4", {"options": {"bf": "2"}}),
    "mjpeg.avi": ("avi", "mjpeg", {"pixels": "yuvj420p"}),
    "vp9.webm": ("webm", "libvpx-vp9", {"options": {"deadline": "realtime"}}),
}  # fmt: skip


class Reel:
    """A film, what it is, and every picture that a plain decoding makes of it."""

    def __init__(self, path: Path, name: str) -> None:
        container, codec, other = REELS[name]
        other = {"count": 60, "gop": 12, "size": (64, 48), **other}
        self.data = make(path / name, container, codec, **other).read_bytes()
        with opened(self.data) as fd:
            probed = probe(fd)
            self.facts, self.index = probed.facts, probed.index
            with open_media(fd, self.facts.demuxer) as film:
                plain = list(film.decode(film.streams[self.index.stream]))
        self.hashes = [hashed(frame) for frame in plain]
        self.times = [
            Fraction(0) if f.pts is None else f.pts * f.time_base - self.facts.start for f in plain
        ]

    def ask(self, **wanted):
        """(what is said, the still) of each message."""
        ask = FrameAsk(self.facts, wanted.pop("mode", Mode.CLEAR), **wanted)
        sent = []
        with opened(self.data) as fd, opened(pack(self.index)) as index:
            frames(to_request(ask), [fd, index], lambda kind, *said: sent.append(said))
        return [checked(*one) for one in sent]

    def number(self, said) -> int:
        return self.index.ordinals[said.group] + said.rank

    def group(self, number: int) -> int:
        return max(g for g, first in enumerate(self.index.ordinals) if first <= number)

    def seconds(self, said) -> Fraction:
        return self.index.seconds(said.group) + said.offset


def hashed(frame) -> str:
    return hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest()


def of_still(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.fixture(scope="module", params=list(REELS))
def reel(request, tmp_path_factory) -> Reel:
    return Reel(tmp_path_factory.mktemp("reel"), request.param)


@pytest.fixture
def by_hash(monkeypatch):
    """Stills that are the hash of all the picture's values, and not a lossy copy."""
    coded = b"\x89PNG\r\n\x1a\n"
    monkeypatch.setattr(program, "_shown", lambda frame, ask, turned: frame)
    monkeypatch.setattr(program, "_coded", lambda frame, whole: coded + hashed(frame).encode())
    said = program._said

    def about(one, values, *, wanted):
        return said(one, np.zeros((1, 1)), wanted=wanted)

    monkeypatch.setattr(program, "_said", about)


def test_each_number_is_that_picture(reel: Reel, by_hash):
    for number, truth in enumerate(reel.hashes):
        group = reel.group(number)
        rank = number - reel.index.ordinals[group]
        sent = reel.ask(group=group, rank=rank, before=2, after=2)
        (wanted,) = [one for one in sent if one.wanted]
        assert reel.number(wanted) == number
        for one in sent:
            assert one.data[8:].decode() == reel.hashes[reel.number(one)], (number, one.rank)
        assert truth == wanted.data[8:].decode()
        numbers = [reel.number(one) for one in sent]
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        assert numbers[-1] == min(number + 2, len(reel.hashes) - 1)


def test_each_moment_shows_the_picture_that_stands_then(reel: Reel, by_hash):
    if reel.facts.demuxer in UNTIMED:
        pytest.skip("its times are numbers")
    ends = [*reel.times[1:], reel.times[-1] + 1]
    for number, (time, end) in enumerate(zip(reel.times, ends, strict=True)):
        middle = (time + end) / 2
        starts = [reel.index.seconds(n) for n in range(len(reel.index))]
        group = max((g for g, start in enumerate(starts) if start <= middle), default=0)
        (said,) = [one for one in reel.ask(group=group, reach=middle - starts[group]) if one.wanted]
        assert said.data[8:].decode() == reel.hashes[number]
        assert reel.number(said) == number
        assert abs(reel.seconds(said) - time) < Fraction(1, 1000)


def test_pictures_without_times_are_counted(tmp_path, by_hash):
    reel = Reel(tmp_path, "open.h264")
    (said,) = reel.ask(group=2, rank=3)
    assert said.pts is None
    assert said.offset == 3 * reel.index.time_base


def test_what_cannot_be_decoded_gives_the_one_beside_it(tmp_path, by_hash):
    """Two pictures in the middle of a group are wiped: forwards the next, backwards the one before."""
    reel = Reel(tmp_path, "mjpeg.avi")
    starts = [reel.data.find(b"\xff\xd8", 200)]
    for _ in range(40):
        starts.append(reel.data.find(b"\xff\xd8", starts[-1] + 2))
    data = bytearray(reel.data)
    data[starts[20] : starts[22]] = bytes(starts[22] - starts[20])
    whole, reel.data = reel.data, bytes(data)
    found = {
        toward: [o for o in reel.ask(group=20, rank=0, toward=toward) if o.wanted][0]
        for toward in (-1, 1)
    }
    assert whole != reel.data
    assert reel.number(found[-1]) < 20 <= reel.number(found[1])


def test_shielded_stills_are_coarse_grey_and_small(tmp_path):
    reel = Reel(tmp_path, "h264.mp4")
    shielded = of_still(reel.ask(group=0, rank=3, mode=Mode.SHIELDED)[0].data)
    clear = of_still(reel.ask(group=0, rank=3)[0].data)
    assert shielded.ndim == 2
    assert clear.shape == (48, 64, 3)
    assert shielded.shape == (48, 64)
    coarse = Image.fromarray(shielded).resize(grains(64, 48), Image.Resampling.BOX)
    again = np.asarray(coarse.resize((64, 48), Image.Resampling.BILINEAR), int)
    assert np.abs(again - shielded).max() < 30 < np.abs(again - clear[..., 0]).max()


def test_a_whole_still_is_the_picture_itself(tmp_path):
    reel = Reel(tmp_path, "h264.mp4")
    (said,) = reel.ask(group=1, rank=2, whole=True, before=3, after=3)
    assert said.media_type == "image/png"
    with opened(reel.data) as fd:
        order = shown_order(fd, reel.facts, reel.index, 1)
        pictures = exact_pictures(fd, reel.facts, reel.index, 1, order)
        frame = next(itertools.islice((o for o in pictures if o.rank == 2), 1)).frame
        wanted = frame.reformat(format="rgb24", interpolation="AREA").to_ndarray()
    assert (of_still(said.data) == wanted).all()


def test_damaged_and_hostile_films_end(tmp_path):
    reel = Reel(tmp_path, "open.ts")
    whole = reel.data
    for cut in (0, 188, 1000, len(whole) // 2, len(whole) - 300):
        reel.data = whole[:cut]
        for wanted in ({"rank": 5}, {"reach": Fraction(1)}):
            try:
                assert reel.ask(group=len(reel.index) - 1, **wanted)
            except EXPECTED:
                pass
    reel.data = whole
    assert reel.facts.state is State.OK
    with pytest.raises(MediaRefused):
        reel.ask(group=999, rank=0)


def test_a_request_survives_the_way(tmp_path):
    facts = Reel(tmp_path, "mjpeg.avi").facts
    ask = FrameAsk(facts, Mode.SHIELDED, 3, reach=Fraction(7, 3), toward=-1, before=2, whole=True)
    assert from_request(to_request(ask)) == ask


@pytest.mark.parametrize(
    ("facts", "data"),
    [
        (None, b"\xff\xd8\xff"),
        ({}, b"\xff\xd8\xff"),
        ({"group": 0, "place": 0, "rank": -1, "width": 1, "height": 1}, b"\xff\xd8\xff"),
        (
            {"group": 0, "place": 0, "rank": 0, "width": 1, "height": 1, "offset": [1, 0]},
            b"\xff\xd8\xff",
        ),
        (
            {"group": 0, "place": 0, "rank": 0, "width": 1, "height": 1, "offset": [1, 1]},
            b"<html>",
        ),
    ],
)
def test_what_the_sandbox_says_is_checked(facts, data):
    with pytest.raises(MediaRefused):
        checked(facts, data)
