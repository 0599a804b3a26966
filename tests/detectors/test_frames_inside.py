"""Stills made in the real sandbox: the same as outside, and never for ever."""

import io
import sys
from collections.abc import Iterator
from fractions import Fraction

import pytest
from PIL import Image

from daylight.detectors.programs import PROGRAMS
from daylight.media.cut import Mode
from daylight.media.executor import End, Executor, Task, TaskLimits
from daylight.media.frame_ask import PROGRAM, FrameAsk, to_request
from daylight.media.inline import InlineExecutor
from daylight.media.keyframes import pack
from daylight.media.pool import ZygotePool
from daylight.media.smaller import PROGRAM as SMALLER
from tests.media.films import opened
from tests.media.test_frames import REELS, Reel

LIMITS = TaskLimits(wall_seconds=20.0)


@pytest.fixture(scope="module")
def worker() -> Iterator[Executor]:
    with ZygotePool([sys.executable, "-m", "daylight.detectors.worker"], 1) as pool:
        yield pool


@pytest.mark.parametrize("name", sorted(REELS))
def test_inside_as_outside(worker, tmp_path, name):
    """Decoding begins amid the stream and is left early, which has made decoders wait for ever."""
    reel = Reel(tmp_path, name)
    inline = InlineExecutor(PROGRAMS, i_am_a_test=True)
    last = len(reel.index) - 1
    with opened(reel.data) as film, opened(pack(reel.index)) as index:
        for mode, whole in ((Mode.SHIELDED, False), (Mode.CLEAR, False), (Mode.CLEAR, True)):
            for wanted in ({"rank": 1}, {"rank": 0, "before": 6}, {"reach": Fraction(1, 4)}):
                ask = FrameAsk(reel.facts, mode, last, after=2, whole=whole, **wanted)
                task = Task(PROGRAM, to_request(ask), [film, index], LIMITS)
                inside, outside = worker.run(task), inline.run(task)
                assert inside.end is End.DONE, inside.untrusted_reason
                assert inside.messages == outside.messages


def test_a_filmstrip_is_made_smaller_inside(worker):
    file = io.BytesIO()
    Image.effect_noise((1601, 90), 80).convert("RGB").save(file, "JPEG", quality=80)
    with opened(file.getvalue()) as sheet:
        outcome = worker.run(Task(SMALLER, {}, [sheet], LIMITS))
    assert outcome.end is End.DONE, outcome.untrusted_reason
    (message,) = outcome.messages
    assert len(message.untrusted_payload) < len(file.getvalue()) / 3
    assert Image.open(io.BytesIO(message.untrusted_payload)).size == (801, 45)
    with opened(b"no picture") as sheet:
        assert worker.run(Task(SMALLER, {}, [sheet], LIMITS)).end is End.FAILED
