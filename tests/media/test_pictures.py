import io
from fractions import Fraction

import av
import numpy as np
import pytest

from daylight.media.groups import groups
from daylight.media.keyframes import looked_at
from daylight.media.picture import WIDTH
from daylight.media.pictures import Tally, key_pictures
from daylight.media.probe import probe
from tests.media.films import FORMATS, film, opened
from tests.media.test_probe import turned


def looked(data: bytes, cuts: int) -> tuple[list[tuple[int, int, tuple[int, ...]]], Tally]:
    """(number, mean grey, shape) of every picture, decoded in ``cuts`` spans."""
    tally, seen = Tally(), []
    with opened(data) as descriptor:
        made = probe(descriptor)
        assert made.index is not None
        bounds = [len(made.index) * n // cuts for n in range(cuts + 1)]
        for first, last in zip(bounds, bounds[1:], strict=False):
            for one in key_pictures(descriptor, made.facts, made.index, (first, last), tally):
                if one.number >= last or one.ordinal:
                    continue
                small = one.small()
                seen.append((one.number, int(small.mean()), small.shape))
        assert [number for number, _, _ in seen] == looked_at(made.index)
    return seen, tally


@pytest.mark.parametrize(("container", "codec", "name"), FORMATS)
@pytest.mark.parametrize("cuts", [2, 4])
def test_spans_show_the_same_pictures_as_the_whole(container, codec, name, cuts):
    data = film(container, codec, frames=80)
    whole, tally = looked(data, 1)
    assert tally.corrupt == 0
    assert tally.decoded == len(whole) >= 1
    assert looked(data, cuts)[0] == whole


@pytest.mark.parametrize(("container", "codec", "name"), FORMATS)
def test_each_picture_is_the_one_of_its_place(container, codec, name):
    """Every tenth picture is a key picture, and its grey tells its number."""
    data = film(container, codec, frames=40)
    seen, _ = looked(data, 1)
    with opened(data) as descriptor:
        made = probe(descriptor)
    rate = made.facts.video.frame_rate
    for number, grey, shape in seen:
        frame = round(made.index.seconds(number) * rate)
        frame = frame - 1 if (container, codec) == ("avi", "mjpeg") and frame else frame
        assert abs(grey - (20 + frame * 4)) <= 6, (number, frame, grey)
        assert shape == (120, WIDTH, 3)


def test_mjpeg_is_decoded_once_a_second():
    data = film("avi", "mjpeg", frames=80, rate=8)
    seen, tally = looked(data, 1)
    assert 10 <= len(seen) <= 11
    assert tally.wanted == len(seen)


def test_a_turned_picture_stands_upright():
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        video = out.add_stream("libx264", rate=5)
        video.width, video.height, video.pix_fmt, video.thread_count = 64, 48, "yuv420p", 1
        pixels = np.zeros((48, 64, 3), np.uint8)
        pixels[:24] = 255  # bright above: turned clockwise, bright on the right
        frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = 0, Fraction(1, 5)
        out.mux([*video.encode(frame), *video.encode(None)])
    with opened(turned(file.getvalue(), (0, 1, -1, 0))) as descriptor:
        made = probe(descriptor)
        (one,) = key_pictures(descriptor, made.facts, made.index, (0, 1), Tally())
        small = one.small()
    assert small.shape == (WIDTH, 120, 3)
    assert small[:, :40].mean() < 40
    assert small[:, 80:].mean() > 200


def test_a_key_picture_that_does_not_decode_is_counted():
    data = bytearray(film("mp4", "libx264", frames=40, noise=90, size=(160, 120)))
    with opened(bytes(data)) as descriptor:
        index = probe(descriptor).index
    at, size = index.positions[2], index.sizes[2]
    data[at + 60 : at + size] = b"\xaa" * (size - 60)
    tally = Tally()
    with opened(bytes(data)) as descriptor:
        made = probe(descriptor)
        for _ in key_pictures(descriptor, made.facts, index, (0, 4), tally):
            pass
    assert (tally.wanted, tally.corrupt) == (4, 1)


@pytest.mark.parametrize(
    ("container", "codec"),
    [("mp4", "libx264"), ("mpegts", "libx264"), ("h264", "libx264"), ("matroska", "libx265")],
)
def test_between_far_key_frames_some_pictures_are_seen_too(container, codec):
    rate = 5
    data = film(container, codec, frames=rate * 20, gop=rate * 10, options={"bf": "0"})
    with opened(data) as descriptor:
        made = probe(descriptor)
        seen = list(key_pictures(descriptor, made.facts, made.index, (0, 1), Tally()))
        told = [(one.number, float(one.seconds), int(one.grey().mean())) for one in seen]
    assert [number for number, _, _ in told] == [0, 0, 0, 0, 0, 1]
    assert [one.ordinal == 0 for one in seen] == [True, *[False] * 4, True]
    for (_, seconds, _), expected in zip(told, [0, 2, 4, 6, 8, 10], strict=True):
        assert seconds == pytest.approx(expected, abs=0.25)


def test_where_nobody_looks_key_frames_are_tried_and_nothing_between(monkeypatch):
    data = bytearray(film("mp4", "libx264", frames=100, gop=50, noise=90, size=(160, 120)))
    with opened(bytes(data)) as descriptor:
        index = probe(descriptor).index
    at, size = index.positions[1], index.sizes[1]
    data[at + 60 : at + size] = b"\xaa" * (size - 60)
    decoded = []
    monkeypatch.setattr("daylight.media.pictures.decoded", lambda *one: decoded.append(one) or ())
    tallies = [Tally(), Tally()]
    with opened(bytes(data)) as descriptor:
        made = probe(descriptor)
        for tally, alone in zip(tallies, (True, False), strict=True):
            reach = (0, 2)
            for _ in key_pictures(descriptor, made.facts, index, reach, tally, keys_only=alone):
                pass
            assert bool(decoded) is not alone
    assert tallies[0] == tallies[1] == Tally(wanted=2, decoded=tallies[0].decoded, corrupt=1)


def test_what_lies_between_costs_no_more_than_its_limit(monkeypatch):
    monkeypatch.setattr("daylight.media.pictures.MOST_BETWEEN", 64 * 48 * 12)
    data = film("mp4", "libx264", frames=100, gop=50)
    with opened(data) as descriptor:
        made = probe(descriptor)
        seen = list(key_pictures(descriptor, made.facts, made.index, (0, 2), Tally()))
    assert [(one.number, one.ordinal > 0) for one in seen] == [(0, False), (0, True), (1, False)]


@pytest.mark.parametrize(("container", "codec", "name"), FORMATS)
def test_a_group_is_every_picture_up_to_the_next_key_frame(container, codec, name):
    data = film(container, codec, frames=40)
    with opened(data) as descriptor:
        made = probe(descriptor)
        rate = made.facts.video.frame_rate
        for wanted in ([0], [1, 2], [0, 2]):
            if len(made.index) <= max(wanted):
                continue
            for one in groups(descriptor, made.facts, made.index, wanted):
                assert one.number in wanted
                grey = int(one.grey().mean())
                frame = round(one.seconds * rate)
                frame -= (container, codec) == ("avi", "mjpeg") and frame > 0
                assert abs(grey - grey_of(frame)) <= 8, (one.number, frame, grey)


def grey_of(frame: int) -> int:
    """As the range of the picture is stretched when it becomes grey."""
    return 20 + frame * 4


def test_luma_is_that_of_every_pixel_and_a_grey_picture_is_made_once():
    with opened(film("mp4", "libx264", size=(66, 50))) as descriptor:
        made = probe(descriptor)
        (one, *_) = key_pictures(descriptor, made.facts, made.index, (0, 1), Tally())
        luma = one.luma()
        assert luma.shape == (50, 66)
        assert one.size == (66, 50)
        assert one.grey() is one.grey()
        assert one.grey().shape == (120, 160)
        assert len(one.payload()) == made.index.sizes[0]
