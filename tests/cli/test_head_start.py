"""The sandbox warms up while the rest of the program is loaded, for verbs that need it at once."""

from contextlib import closing
from dataclasses import dataclass, field

import pytest

from daylight import start
from daylight.media.executor import SLOTS


@dataclass
class Slots:
    slots: int
    closed: list[str] = field(default_factory=list)

    def close(self):
        self.closed.append("closed")


@pytest.fixture
def started(monkeypatch):
    made = []

    def started(slots):
        made.append(Slots(slots))
        return made[-1]

    monkeypatch.setattr(start, "start_examiner", started)
    return made


def head_start(*words):
    return closing(start.HeadStart(start.asked_for(words)))


def test_who_asks_for_as_many_is_given_what_was_started(started):
    with head_start("--vault", "v", "examine", "--only", "probe") as early:
        (first,) = started
        assert early.start(SLOTS) is first
        assert early.start(SLOTS) is not first  # it is theirs now
    assert [one.closed for one in started] == [[], []]


def test_what_nobody_takes_is_closed(started):
    with head_start("examine"):
        pass
    assert [one.closed for one in started] == [["closed"]]


def test_another_number_is_started_anew(started):
    with head_start("examine") as early:
        made = early.start(SLOTS + 1)
    assert made.slots == SLOTS + 1
    assert [one.closed for one in started] == [["closed"], []]


@pytest.mark.parametrize("words", [("status",), ("examine", "--help"), ()])
def test_others_start_nothing(started, words):
    with head_start(*words) as early:
        assert started == []
        assert early.start(3).slots == 3
