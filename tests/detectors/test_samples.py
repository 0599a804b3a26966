"""Sound handed out for a model: the same samples as detectors hear, and no lie is taken for them."""

import io
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.detectors.programs import PROGRAMS
from daylight.detectors.samples import MOST, PROGRAM, Stretches
from daylight.detectors.sound_slabs import RATE, SLAB
from daylight.domain.media import Kind, MediaFacts, State
from daylight.errors import MediaRefused
from daylight.media.executor import End, Message, Task
from daylight.media.facts_json import to_json
from daylight.media.inline import InlineExecutor
from daylight.media.probe import probe
from tests.media.films import opened


def wav(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((values * 32767).astype("<i2").tobytes())
    return file.getvalue()


def handed_out(data: bytes, facts=None):
    heard, stretches = [], Stretches()

    def hear(message):
        if (one := stretches.take(message)) is not None:
            heard.append(one)

    with opened(data) as descriptor:
        said = to_json(probe(descriptor).facts) if facts is None else facts
        executor = InlineExecutor(PROGRAMS, i_am_a_test=True)
        outcome = executor.run(Task(PROGRAM, {"facts": said}, [descriptor]), hear)
    return outcome, heard, stretches


def test_what_is_handed_out_is_what_is_there():
    values = np.sin(np.arange(25 * RATE + 77) / 20).astype(np.float32) * 0.5
    outcome, heard, stretches = handed_out(wav(values))
    assert (outcome.end, outcome.messages, stretches.ended) == (End.DONE, (), True)
    assert [one.at for one in heard] == [0, SLAB, 2 * SLAB]
    assert [one.follows for one in heard] == [False, True, True]
    joined = np.concatenate([one.values for one in heard])
    assert np.abs(joined[: len(values)] - values).max() < 1e-4
    assert len(joined) - len(values) < RATE // 10
    assert not joined[len(values) :].any()


def test_what_has_no_sound_is_said():
    silent = to_json(MediaFacts(Kind.AUDIO, State.OK, container="wav", demuxer="wav"))
    outcome, heard, stretches = handed_out(b"RIFF....WAVE", silent)
    assert outcome.end is End.FAILED
    assert heard == []
    assert not stretches.ended


GOOD = Message("samples", {"at": 0, "follows": False}, bytes(200))
END = Message("end", {"gaps": 0, "ran_back": 0}, b"")


@pytest.mark.parametrize(
    "lie",
    [
        Message("samples", {"at": 50, "follows": False}, bytes(2)),  # it was there before
        Message("samples", {"at": 200, "follows": True}, bytes(2)),
        Message("samples", {"at": -1, "follows": False}, bytes(2)),
        Message("samples", {"at": True, "follows": False}, bytes(2)),
        Message("samples", {"at": MOST, "follows": False}, bytes(2)),
        Message("samples", {"at": 1.5, "follows": False}, bytes(2)),
        Message("samples", {"follows": False}, bytes(2)),
        Message("samples", [], bytes(2)),
        Message("samples", {"at": 100, "follows": True}, bytes(3)),
        Message("samples", {"at": 100, "follows": True}, b""),
        Message("samples", {"at": 100, "follows": True}, bytes(2 * SLAB + 2)),
        Message("finding", {"at": 100, "follows": True}, bytes(2)),
        Message("end", {"gaps": -1, "ran_back": 0}, b""),
        Message("end", {}, b""),
        Message("end", {"gaps": 0, "ran_back": 0}, b"x"),
    ],
)
def test_a_lie_is_refused(lie):
    stretches = Stretches()
    stretches.take(GOOD)
    with pytest.raises(MediaRefused):
        stretches.take(lie)


def test_nothing_comes_after_the_end():
    stretches = Stretches()
    assert stretches.take(END) is None
    for late in (GOOD, END):
        with pytest.raises(MediaRefused):
            stretches.take(late)


@given(st.binary(min_size=2, max_size=400).filter(lambda data: len(data) % 2 == 0))
def test_any_bytes_are_samples_within_full_scale(data):
    one = Stretches().take(Message("samples", {"at": 0, "follows": False}, data))
    assert one is not None
    assert one.values.dtype == np.float32
    assert np.abs(one.values).max() <= 1.0001
