"""Jobs of the room: of whoever asked, one at a time in a line, stopped without a trace, kept for a while."""

import logging
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from daylight.catalogue.queries.vault import custodian_here
from daylight.detectors.pictures import PROGRAM as PICTURES
from daylight.detectors.programs import PROGRAMS
from daylight.domain.progress import Silent
from daylight.errors import MediaRefused, UsageError
from daylight.media.executor import Task
from daylight.services import faces, redactions
from daylight.services.follow import find
from daylight.services.jobs import KEPT, MOST, Jobs, Line, State
from daylight.services.studio import stretch_of
from tests.services.test_follow import asking
from tests.services.test_redact import Inline, item, room  # noqa: F401  # room: a fixture

ANN, BEN = "a" * 32, "b" * 32


@pytest.fixture
def known():
    made = Jobs()
    yield made
    made.close()


def until(job, *states: State) -> None:
    deadline = time.monotonic() + 20
    while job.state not in states:
        assert time.monotonic() < deadline, job.state
        time.sleep(0.005)


def begin(known, work=lambda job: 7, agent=ANN, item="one", kind="k", line=Line.LONG, **more):
    return known.begin(line, kind, agent, item, work, **more)


def test_what_comes_of_it_is_for_whoever_asked(known):
    job = begin(known)
    until(job, State.DONE)
    assert known.find(job.id, ANN, "one").made == 7
    assert known.find(job.id, BEN, "one") is None
    assert known.find(job.id, ANN, "two") is None
    assert known.find("0" * 32, ANN, "one") is None


def test_what_failed_says_why_and_what_nobody_foresaw_is_logged(known, caplog):
    def refuse(job):
        raise MediaRefused("no")

    job = begin(known, refuse)
    until(job, State.FAILED)
    assert isinstance(job.error, MediaRefused)
    with caplog.at_level(logging.ERROR, "django.daylight"):
        job = begin(known, lambda job: 1 // 0)
        until(job, State.FAILED)
        begin(known, line=Line.LONG)
        known._lines[Line.LONG].shutdown(wait=True)
    assert job.error is None
    assert "a job failed" in caplog.text


def test_one_at_a_time_in_each_line_and_the_short_one_does_not_wait_for_the_long(known):
    going = threading.Event()
    long = begin(known, lambda job: going.wait(20))
    waiting = begin(known, agent=BEN)
    short = begin(known, line=Line.SHORT, kind="s")
    until(short, State.DONE)
    assert waiting.state is State.WAITING
    going.set()
    until(waiting, State.DONE)
    assert long.state is State.DONE


def test_asked_again_the_first_is_stopped_or_joined(known):
    going = threading.Event()
    first = begin(known, lambda job: going.wait(20))
    until(first, State.RUNNING)
    assert begin(known, join=True) is first
    second = begin(known)
    going.set()
    until(first, State.STOPPED)
    until(second, State.DONE)
    assert first.made is None
    assert begin(known, join=True) is not second


def test_too_many_are_refused(known):
    going = threading.Event()
    for number in range(MOST):
        begin(known, lambda job: going.wait(20), item=str(number))
    with pytest.raises(UsageError):
        begin(known, item="more")
    going.set()


def test_it_is_forgotten_in_time():
    now = [0.0]
    known = Jobs(lambda: now[0])
    job = begin(known)
    until(job, State.DONE)
    now[0] = KEPT - 1
    assert known.find(job.id, ANN, "one") is job
    now[0] = KEPT + 1
    assert known.find(job.id, ANN, "one") is None
    known.close()


def test_closing_stops_what_waits_and_what_runs(known):
    running = begin(known, lambda job: job.stop.wait(20))
    until(running, State.RUNNING)
    waiting = begin(known, agent=BEN)
    known.close()
    until(running, State.STOPPED)
    assert waiting.state is State.STOPPED


def test_looking_for_faces_that_is_stopped_leaves_no_finding(room, known, monkeypatch):  # noqa: F811
    """A failure would be kept, and nobody would look again."""
    sent = threading.Event()

    def pictures(request, files, emit):
        size = request["width"], request["height"]
        for number in range(1_000_000):
            emit("frame", {"at": number}, bytes(size[0] * size[1] * 3))
            sent.set()

    class Finder:
        def __init__(self, executor):
            self.executor = executor

        def find(self, file, facts, size):
            wide = {"facts": facts, "width": 32, "height": 32}
            self.executor.run(Task(PICTURES, wide, [file]), lambda message: None)

    @contextmanager
    def finder(ws):
        with ws.start_executor(1) as executor:
            yield Finder(executor)

    monkeypatch.setattr(faces, "_finder", finder)
    ws = replace(room, start_executor=lambda slots: Inline({**PROGRAMS, PICTURES: pictures}))
    job = begin(known, lambda job: faces.tracks_of(job.watched(ws), item().digest, Silent()))
    assert sent.wait(20)
    known.stop(job)
    until(job, State.STOPPED)
    assert job.at_us > 0 or job.error is None
    assert faces.kept_of(ws, item().digest) is None


def test_following_tells_how_far_it_is(room, known):  # noqa: F811
    me, ws = custodian_here(), room
    redactions.save(ws, me, asking())
    where = stretch_of(me, item(), "hand-1", 0)

    def work(job):
        with job.watched(ws).start_executor(1) as executor:
            return find(ws, me, item(), executor, where, Silent())

    job = begin(known, work)
    until(job, State.DONE)
    assert job.at_us > 600_000
    assert job.made.on
