"""The viewer's mark: readable after encoding, gone elsewhere, and hiding nothing for good."""

import io
import sys
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from daylight.media.cut import PROGRAM, Mode, from_request, to_request
from daylight.media.executor import End, Task, TaskLimits
from daylight.media.mpegts import OFFSET
from daylight.media.playlist import TICKS
from daylight.media.pool import ZygotePool
from daylight.media.viewer_mark import _FONT, _PLACES, _STAYS, ViewerMark, lettered
from tests.media.reels import make, plan_of, play

TEXT = "8bdd229c 2026-11-26 12h"


def flat(width: int, height: int, value: int = 120) -> VideoFrame:
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = value
    return VideoFrame.from_ndarray(planes, format="yuv420p")


def test_every_sign_of_a_mark_has_its_own_dots():
    assert set("0123456789abcdef-h") == set(_FONT)
    assert len(set(_FONT.values())) == len(_FONT)
    assert all([len(row) for row in dots.split(" ")] == [5] * 7 for dots in _FONT.values())


def test_words_stand_under_each_other_and_unknown_signs_are_empty():
    assert lettered("12 3").shape[0] > lettered("12").shape[0]
    assert not lettered("€\n").any()
    assert lettered("").shape[1] >= 1


@pytest.mark.parametrize("size", [(16, 16), (64, 48), (352, 288), (1280, 720), (720, 1280)])
@pytest.mark.parametrize("value", [16, 120, 235])
def test_it_can_be_read_on_dark_grey_and_light(size, value):
    """The dots are lighter than what lies between them, wherever they are."""
    width, height = size
    frame = flat(width, height, value)
    marked = ViewerMark(TEXT, width, height).apply(frame, 0).to_ndarray()[:height].astype(int)
    assert (frame.to_ndarray()[:height] == value).all()  # the decoder's own is as it was
    scale = max(1, height // 216)
    mask = lettered(TEXT).repeat(scale, 0).repeat(scale, 1)[:height, :width]
    down, across = _PLACES[0][0]
    top, left = (height - mask.shape[0]) * down // 16, (width - mask.shape[1]) * across // 16
    spot = marked[top : top + mask.shape[0], left : left + mask.shape[1]]
    if mask.any() and not mask.all():
        assert spot[mask].min() - spot[~mask].max() >= 50
    assert (marked != value).mean() < 0.2 or width < 100


def test_it_moves_on_so_that_nothing_stays_hidden():
    mark, touched = ViewerMark(TEXT, 640, 480), []
    for number in range(len(_PLACES)):
        planes = mark.apply(flat(640, 480), number * _STAYS).to_ndarray()[:480]
        touched.append(planes != 120)
        assert touched[-1].any()
    assert not np.logical_and.reduce(touched).any()
    again = mark.apply(flat(640, 480), len(_PLACES) * _STAYS).to_ndarray()[:480]
    assert ((again != 120) == touched[0]).all()


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    folder = tmp_path_factory.mktemp("marked")
    size = {"size": (320, 200), "count": 100}
    return {
        "encoded": (make(folder / "a.mpg", "vob", "mpeg2video", gop=12, **size), "mpeg"),
        "copied": (make(folder / "b.mp4", "mp4", "libx264", **size), "mp4"),
    }


class One:
    def __init__(self, cut):
        self._cut = cut

    def cut(self, number):
        return self._cut


def made(recording, mode: Mode, **more) -> tuple[bytes, dict]:
    path, demuxer = recording
    return play(path, One(replace(plan_of(path, demuxer, mode).cut(0), **more)), 0)


def first_picture(data: bytes) -> np.ndarray:
    with av.open(io.BytesIO(data), format="mpegts") as container:
        frame = next(container.decode(video=0))
        assert frame.pts - OFFSET < TICKS
        return frame.to_ndarray(format="gray").astype(int)


def likeness(plain: np.ndarray, marked: np.ndarray, text: str) -> float:
    """How far what was added is the text at its first place, as a correlation."""
    mask = lettered(text)
    height, width = plain.shape
    down, across = _PLACES[0][0]
    top, left = (height - mask.shape[0]) * down // 16, (width - mask.shape[1]) * across // 16
    spot = np.s_[top : top + mask.shape[0], left : left + mask.shape[1]]
    return float(np.corrcoef(marked[spot].ravel(), mask.ravel())[0, 1])


def test_it_is_in_the_pixels_of_what_is_encoded(recording):
    plain = first_picture(made(recording["encoded"], Mode.CLEAR)[0])
    mine = first_picture(made(recording["encoded"], Mode.CLEAR, mark=TEXT)[0])
    other = TEXT.replace("8bdd229c", "17f60a54")
    assert likeness(plain, mine, TEXT) > 0.5
    assert likeness(plain, mine, TEXT) > likeness(plain, mine, other) + 0.1
    assert likeness(plain, plain, TEXT) < 0.2
    assert np.abs(plain - mine).mean() > 0.5


def test_what_is_copied_bears_none_unless_copying_is_forbidden(recording):
    copied, facts = made(recording["copied"], Mode.CLEAR, mark=TEXT)
    assert facts["copied"]
    assert copied == made(recording["copied"], Mode.CLEAR)[0]
    encoded, facts = made(recording["copied"], Mode.CLEAR, mark=TEXT, copies=False)
    assert not facts["copied"]
    plain = first_picture(copied)
    assert likeness(plain, first_picture(encoded), TEXT) > 0.5


def test_what_is_shielded_names_nobody(recording):
    for one in recording.values():
        assert made(one, Mode.SHIELDED, mark=TEXT) == made(one, Mode.SHIELDED)


def test_the_sandbox_draws_it_too(recording):
    """Nothing of the font is opened there: it is closed by then."""
    path, demuxer = recording["encoded"]
    cut = replace(plan_of(path, demuxer, Mode.CLEAR).cut(0), mark=TEXT)
    program = Path(__file__).with_name("playing_programs.py")
    with ZygotePool([sys.executable, str(program)], 1) as pool, path.open("rb") as file:
        outcome = pool.run(Task(PROGRAM, to_request(cut), (file.fileno(),), TaskLimits()))
    assert (outcome.end, outcome.untrusted_reason) == (End.DONE, "")
    picture = first_picture(outcome.messages[0].untrusted_payload)
    assert likeness(picture, picture, TEXT) > 0.5


def test_it_comes_through_json(recording):
    path, demuxer = recording["copied"]
    cut = replace(plan_of(path, demuxer, Mode.CLEAR).cut(0), mark=TEXT, copies=False)
    assert from_request(to_request(cut)) == cut
