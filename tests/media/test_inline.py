import os

import pytest

from daylight.errors import MediaRefused, UsageError
from daylight.media.executor import End, Task, TaskLimits
from daylight.media.inline import InlineExecutor


def read(request, files, emit):
    emit("read", {"at": os.lseek(files[0], 0, os.SEEK_CUR)}, os.read(files[0], request["count"]))


def refuse(request, files, emit):
    emit("before", [1])
    raise MediaRefused("It is a playlist.")


def much(request, files, emit):
    while True:
        emit("much", None, bytes(100))


def wrong(request, files, emit):
    raise RuntimeError("a fault")


PROGRAMS = {program.__name__: program for program in (read, refuse, much, wrong)}


@pytest.fixture
def inline():
    with InlineExecutor(PROGRAMS, i_am_a_test=True) as executor:
        yield executor


def test_it_is_unusable_in_production():
    with pytest.raises(UsageError):
        InlineExecutor(PROGRAMS)


def test_it_runs_a_program_as_the_pool_does(inline, given):
    outcome = inline.run(Task("read", {"count": 4}, [given]))
    assert outcome.end is End.DONE
    (message,) = outcome.messages
    assert (message.untrusted_facts, message.untrusted_payload) == ({"at": 0}, b"0123")
    assert os.lseek(given, 0, os.SEEK_CUR) == 3


def test_it_says_failures_as_the_pool_does(inline):
    outcome = inline.run(Task("refuse", {}))
    assert (outcome.end, outcome.untrusted_reason) == (End.FAILED, "It is a playlist.")
    assert [m.untrusted_facts for m in outcome.messages] == [[1]]


def test_it_holds_the_limits_of_messages(inline):
    outcome = inline.run(Task("much", {}, limits=TaskLimits(total_bytes=1000)))
    assert outcome.end is End.OVERSIZE
    assert 1 <= len(outcome.messages) < 10


def test_a_fault_comes_through(inline):
    with pytest.raises(RuntimeError):
        inline.run(Task("wrong", {}))
