"""Every probe gets out of a worker that is not locked (the control), and not out of ours."""

import errno
import json
import socket
import tempfile
from pathlib import Path

import numpy as np
import pytest

from daylight.errors import InferenceFailed
from daylight.media.inference.base import Port, Signature
from daylight.media.inference.client import InferenceLimits
from tests.media.inference.graphs import PROBES, worker
from tests.media.probe_programs import ESCAPES
from tests.media.test_sandbox_escape import KILLED, NOT_EVERYWHERE
from tests.media.test_sandbox_escape import PROBES as DECODERS

ASK = Signature((Port("way", (1,)),), (Port("found", (1,)),))
EXPECTED = {**DECODERS, "start_a_thread": KILLED}
NAMES = sorted(["start_a_thread", *(one.__name__ for one in ESCAPES)])
ESCAPED = -1.0
# What needs a file that it was given (a model's worker has none); what is bounded by the parent's clock.
NO_SUCH = {"reopen_given_for_writing", "change_given_mode", "change_given_times", "control_device"}
NO_SUCH |= {"burn", "burn_unheard", "execute", "execute_at", "memory_bomb", "memory_bomb_by_bits"}
# The descriptor that they try is the message pipe of a decoder.
NO_SUCH |= {"own_the_descriptor"}


@pytest.fixture(scope="module")
def place():
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as server:
        Path(name).chmod(0o777)
        (Path(name) / "victim").touch()
        yield Path(name), server.getsockname()[1]


def made(place, *words, threads=1):
    folder, port = place
    request = {
        "target": str(folder / "written"),
        "victim": str(folder / "victim"),
        "port": port,
        "seconds": 30,
    }
    limits = InferenceLimits(wall_seconds=5, memory_bytes=400 << 20)
    one = worker(
        json.dumps(request).encode(), command=[*PROBES, *words], signature=ASK, limits=limits
    )
    one._threads = threads  # on a machine with one core too
    return one


@pytest.fixture(scope="module", params=[1, 2], ids=["first thread", "second thread"])
def threads(request):
    """Which of its threads tries."""
    return request.param


@pytest.fixture(scope="module")
def locked(place, threads):
    with made(place, threads=threads) as one:
        yield one


@pytest.fixture
def unlocked(place, threads):
    """A new one each time: a probe that got out has changed what it is."""
    with made(place, "unlocked", threads=threads) as one:
        yield one


def tried(inference, name: str) -> float:
    way = np.array([NAMES.index(name) + 1], np.float32)
    return float(inference.run([], [way])[0][0])


@pytest.mark.parametrize("name", sorted(set(NAMES) - NO_SUCH))
def test_no_way_out(name, place, locked, unlocked):
    folder, _ = place
    control = tried(unlocked, name)
    if name in NOT_EVERYWHERE and control != ESCAPED:
        pytest.skip("this machine refuses it to everybody")
    assert control == ESCAPED
    (folder / "written").unlink(missing_ok=True)
    (folder / "victim").touch()
    expected = EXPECTED[name]
    if expected == KILLED:
        with pytest.raises(InferenceFailed, match="died"):
            tried(locked, name)
    else:
        assert tried(locked, name) == getattr(errno, str(expected))
    assert not (folder / "written").exists()
    assert (folder / "victim").exists()


@pytest.mark.parametrize("name", ["fork", "executable_memory", "change_personality", "raise_limit"])
def test_a_thread_beside_the_lock_would_get_out(name, place):
    """The control of the second thread's probes: they are made by it, and not by the one that asks for the lock."""
    with made(place, "half", threads=1) as one, pytest.raises((InferenceFailed, AssertionError)):
        assert tried(one, name) == ESCAPED
    with made(place, "half", threads=2) as one:
        assert tried(one, name) == ESCAPED


@pytest.mark.parametrize("name", ["read_file", "write_file", "list_folder", "delete_file"])
def test_files_are_shut_for_a_second_thread_by_landlock_alone(name, place):
    """Where the filter holds for the first thread only: as each layer of a decoder holds without the other."""
    with made(place, "half", threads=2) as one:
        assert tried(one, name) == errno.EACCES
    assert (place[0] / "victim").exists()


def test_memory_has_an_end(locked, unlocked):
    assert tried(unlocked, "memory_bomb") == ESCAPED
    with pytest.raises(InferenceFailed, match="died"):
        tried(locked, "memory_bomb")


def test_time_has_an_end(place):
    with made(place) as one:
        one._limits = InferenceLimits(wall_seconds=0.5)
        with pytest.raises(InferenceFailed, match="longer"):
            tried(one, "burn")
