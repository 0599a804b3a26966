"""Several at once: bounded, and over at once when one fails."""

import threading
from concurrent.futures import CancelledError
from threading import Event

import pytest

from daylight.services.flight import AT_ONCE, in_flight, until


def test_everything_comes_back_and_never_much_waits():
    taken, given = [], []

    def tasks():
        for number in range(100):
            taken.append(number)
            assert len(taken) - len(given) <= AT_ONCE * 4
            yield number

    for one in in_flight(lambda task, halt: task * 2, tasks()):
        given.append(one)  # noqa: PERF402  # the length is looked at meanwhile
    assert sorted(given) == [n * 2 for n in range(100)]


def test_one_that_fails_stops_the_others():
    began = Event()
    stopped = []

    def work(task, halt):
        if task == 0:
            began.wait(30)
            raise ValueError("this one")
        try:
            for _ in until(halt, endless(began)):
                pass
        except CancelledError:
            stopped.append(task)
            raise

    with pytest.raises(ValueError, match="this one"):
        list(in_flight(work, range(3)))
    assert stopped
    assert threading.active_count() < 10


def endless(began):
    while True:
        began.set()
        yield b""


def test_whoever_stops_asking_stops_the_work():
    found = in_flight(lambda task, halt: task, range(1000))
    next(found)
    found.close()
