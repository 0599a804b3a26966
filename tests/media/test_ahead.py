"""Reading ahead changes neither what comes nor its order, and leaves nothing running."""

import threading
import time
from contextlib import closing

import pytest

from daylight.media.ahead import ahead


def running() -> int:
    return sum(one.name.startswith("ahead") for one in threading.enumerate())


def test_everything_comes_in_order():
    assert list(ahead(iter(range(1, 100)), 3)) == list(range(1, 100))
    assert list(ahead(iter([]), 3)) == []
    assert running() == 0


def test_so_many_are_there_before_they_are_taken():
    made = []

    def source():
        for number in range(1, 10):
            made.append(number)
            yield number

    with closing(ahead(source(), 2)) as coming:
        assert next(coming) == 1
        deadline = time.monotonic() + 5
        while len(made) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.05)
        assert made == [1, 2, 3]
    assert running() == 0


def test_what_goes_wrong_comes_out_in_its_place():
    def source():
        yield 1
        yield 2
        raise ValueError("broken")

    taken = []
    with pytest.raises(ValueError, match="broken"):
        taken.extend(ahead(source(), 3))
    assert taken == [1, 2]
    assert running() == 0
