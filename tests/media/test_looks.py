"""What each look sends: blur, colour, size and sound each by itself, and one name for each."""

import io
from dataclasses import replace

import av
import numpy as np
import pytest

from daylight.media.cut import SHIELDED, Look, Mode, from_request, look_of, to_request
from daylight.media.cut_plan import plan_cuts
from tests.media.reels import look as facts_of
from tests.media.reels import make, play
from tests.media.test_segments import decoded, detail

LOOKS = sorted(
    {
        Look(mode, small=small or mode.is_strong, sound=sound)
        for mode in Mode
        for small in (True, False)
        for sound in (True, False)
    },
    key=lambda one: one.slug,
)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("looks") / "film.mp4"
    return make(path, "mp4", "libx264", count=60, size=(704, 396), sound="aac")


def plan(film, look):
    return plan_cuts(*facts_of(film, "mov"), look.mode, small=look.small, sound=look.sound)


def seen(data):
    """Width, detail of the luma, the most of colour, and whether there is sound."""
    pictures, sounds = decoded(data)
    frame = pictures[len(pictures) // 2][1]
    planes = frame.to_ndarray().astype(float)
    luma, colour = planes[: frame.height], planes[frame.height :]
    return frame.width, detail(luma), float(np.abs(colour - 128).max()), bool(sounds)


@pytest.mark.parametrize("look", LOOKS, ids=lambda one: one.slug)
def test_each_control_does_what_it_says_and_nothing_else(film, look):
    data, facts = play(film, plan(film, look), 0)
    width, fine, colour, heard = seen(data)
    assert heard is look.sound
    assert (colour <= 2) is look.mode.is_grey
    if look.mode.is_strong:
        assert fine < 8
    elif not look.mode.is_sharp:
        assert fine < 20
    else:
        assert fine > (20 if look.small else 30)
    wide = 704 if look.mode.is_sharp else 640
    assert width == (320 if look.small else wide)
    assert facts["copied"] is (look.mode is Mode.CLEAR and not look.small)


@pytest.mark.parametrize("look", LOOKS, ids=lambda one: one.slug)
def test_outside_of_the_span_the_shield_is_back_and_sound_is_silence(film, look):
    cut = plan(film, look).cut(0).shielded()

    class One:
        def cut(self, number):
            return cut

    data, _ = play(film, One(), 0)
    width, fine, colour, heard = seen(data)
    assert (width, heard) == (320, look.sound)
    assert fine < 8
    assert colour <= 2
    if look.sound:
        assert loudest(data) < 1e-4
        assert loudest(play(film, plan(film, look), 0)[0]) > 0.05


def loudest(data):
    with av.open(io.BytesIO(data), format="mpegts") as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return max(float(np.abs(one).max()) for one in frames)


def test_a_look_has_one_name():
    assert len({one.slug for one in LOOKS}) == len(LOOKS) == 20
    assert all(look_of(one.slug) == one for one in LOOKS)
    assert SHIELDED.slug == "shielded"
    assert [one.slug for one in LOOKS if one.is_shielded] == ["shielded"]


@pytest.mark.parametrize(
    "slug",
    [
        "",
        "-small",
        "shielded-small",
        "clear-sound-small",
        "CLEAR",
        "clear-sound-sound",
        "blurred",
        "clear-",
    ],
)
def test_what_is_no_name_of_a_look(slug):
    with pytest.raises(ValueError):  # noqa: PT011  # the enumeration's own, or ours
        look_of(slug)


def test_a_turned_picture_in_colour_is_set_upright(film):
    cut = replace(plan(film, Look(Mode.SOFT)).cut(0), rotation=90)

    class One:
        def cut(self, number):
            return cut

    pictures, _ = decoded(play(film, One(), 0)[0])
    frame = pictures[0][1]
    assert (frame.width, frame.height) == (360, 640)


@pytest.mark.parametrize("look", LOOKS[::5], ids=lambda one: one.slug)
def test_over_a_thin_line_the_same_takes_fewer_bytes(film, look):
    plain = plan(film, look).cut(0)
    assert from_request(to_request(replace(plain, thin=True))) == replace(plain, thin=True)

    class Thin:
        def cut(self, number):
            return replace(plain, thin=True)

    data, facts = play(film, Thin(), 0)
    width, fine, colour, heard = seen(data)
    assert width == 320
    assert not facts["copied"]
    assert heard is look.sound
    assert (colour <= 2) is look.mode.is_grey
    assert fine < (8 if look.mode.is_strong else 255)
    assert len(data) < 0.8 * len(play(film, plan(film, look), 0)[0])
