"""Every picture of an item, handed out; and nothing else believed."""

import io

import pytest
from PIL import Image

from daylight.detectors.pictures import PROGRAM, Frames
from daylight.detectors.programs import PROGRAMS
from daylight.domain.marks import MAX_US
from daylight.errors import MediaRefused
from daylight.media.executor import End, Message, Task
from daylight.media.facts_json import to_json
from daylight.media.inline import InlineExecutor
from daylight.media.probe import probe
from tests.media.films import film, opened

PICTURE = bytes(2 * 3 * 3)


def test_good_pictures_come_through():
    frames = Frames(3, 2)
    one = frames.take(Message("frame", {"at": 40}, PICTURE))
    assert one is not None
    assert (one.at, one.pixels.shape) == (40, (2, 3, 3))
    assert frames.take(Message("end", {}, b"")) is None
    assert frames.ended


@pytest.mark.parametrize(
    ("kind", "facts", "data"),
    [
        ("frame", {"at": 41}, PICTURE[1:]),
        ("frame", {"at": 41}, PICTURE + b"\0"),
        ("frame", {"at": 40}, PICTURE),
        ("frame", {"at": -1}, PICTURE),
        ("frame", {"at": MAX_US + 1}, PICTURE),
        ("frame", {"at": True}, PICTURE),
        ("frame", {"at": 1.5}, PICTURE),
        ("frame", {}, PICTURE),
        ("frame", [], PICTURE),
        ("other", {"at": 41}, PICTURE),
        ("end", {}, b"more"),
    ],
)
def test_anything_else_is_refused(kind, facts, data):
    frames = Frames(3, 2)
    frames.take(Message("frame", {"at": 40}, PICTURE))
    with pytest.raises(MediaRefused):
        frames.take(Message(kind, facts, data))


def test_nothing_comes_after_the_end():
    frames = Frames(3, 2)
    frames.take(Message("end", {}, b""))
    with pytest.raises(MediaRefused):
        frames.take(Message("frame", {"at": 0}, PICTURE))


def handed_out(data, width, height):
    frames, shown = Frames(int(width), height), []

    def hear(message):
        if (one := frames.take(message)) is not None:
            shown.append(one)

    with opened(data) as descriptor:
        facts = to_json(probe(descriptor).facts)
        request = {"facts": facts, "width": width, "height": height}
        executor = InlineExecutor(PROGRAMS, i_am_a_test=True)
        outcome = executor.run(Task(PROGRAM, request, [descriptor]), hear)
    return outcome, shown, frames


@pytest.mark.parametrize(("container", "codec"), [("mp4", "libx264"), ("h264", "libx264")])
def test_every_picture_is_handed_out_in_order(container, codec):
    outcome, shown, frames = handed_out(film(container, codec, frames=50, rate=25), 160, 128)
    assert (outcome.end, frames.ended) == (End.DONE, True)
    assert len(shown) == 50
    assert [one.at for one in shown] == [n * 40_000 for n in range(50)]


def test_a_size_that_is_none_is_refused():
    with pytest.raises(TypeError):
        handed_out(film("mp4", "libx264"), "160", 128)


def test_an_image_is_one_picture_upright():
    picture = Image.new("RGB", (64, 32), (200, 10, 10))
    picture.paste((10, 200, 10), (0, 0, 32, 32))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    file = io.BytesIO()
    picture.save(file, "JPEG", exif=exif)
    outcome, shown, frames = handed_out(file.getvalue(), 128, 160)
    assert (outcome.end, frames.ended, len(shown)) == (End.DONE, True, 1)


def test_a_film_that_breaks_off_gives_what_it_has():
    whole = film("mpegts", "libx264", frames=40)
    outcome, shown, _ = handed_out(whole[: len(whole) // 2], 160, 128)
    assert outcome.end is End.DONE
    assert 0 < len(shown) < 40
