"""Memory that a model's worker shares with its parent: neither side can take it away from the other."""

import fcntl
import os

import numpy as np
import pytest

from daylight.errors import SandboxMissing
from daylight.media.inference.base import MOST_BYTES, Free, Port, Signature
from daylight.media.inference.room import Room, sealed_memory, size_of
from tests.media.inference.graphs import DOUBLING

LARGE = Signature((Port("x", (Free(0), 1 << 20)),), (Port("y", (Free(0), 1 << 20)),), (1 << 20,))


@pytest.fixture
def memory():
    descriptor = sealed_memory(DOUBLING)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize("size", [0, size_of(DOUBLING) - 1, size_of(DOUBLING) + 1])
def test_its_size_cannot_be_changed(memory, size):
    with pytest.raises(PermissionError):
        os.ftruncate(memory, size)
    with pytest.raises(PermissionError):
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)


def test_what_one_side_asks_the_other_is_asked(memory):
    ours, theirs = Room.behind(memory, DOUBLING), Room.behind(memory, DOUBLING)
    ours.ask([2], [np.arange(8, dtype=np.float32).reshape(2, 4)])
    assert theirs.asked([2])[0].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    theirs.answer([2], [theirs.asked([2])[0] * 2])
    told = ours.untrusted_answer([2])[0]
    assert told.tolist() == [[0, 2, 4, 6], [8, 10, 12, 14]]
    assert theirs.asked([2])[0][1, 3] == 7  # the answer lies elsewhere
    theirs.answer([2], [np.zeros((2, 4), np.float32)])
    assert told[1, 3] == 14


def test_what_has_another_shape_or_kind_is_refused(memory):
    room = Room.behind(memory, DOUBLING)
    for wrong in (np.zeros((2, 3), np.float32), np.zeros((2, 4), np.float64)):
        with pytest.raises(ValueError, match="x is"):
            room.ask([2], [wrong])
        with pytest.raises(ValueError, match="y is"):
            room.answer([2], [wrong])


def test_no_room_is_larger_than_what_may_be_asked():
    assert size_of(LARGE) == 2 * MOST_BYTES


def test_memory_that_cannot_be_sealed_is_not_used(monkeypatch):
    def refuse(*words):
        raise PermissionError(1, "no")

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    before = os.listdir("/proc/self/fd")
    with pytest.raises(SandboxMissing, match="seals no memory"):
        sealed_memory(DOUBLING)
    assert os.listdir("/proc/self/fd") == before
