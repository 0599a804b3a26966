"""Slots whose zygotes are forked from the first one, which alone is started from nothing."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from daylight.errors import HelpMissing, SandboxMissing
from daylight.media.executor import End, Task
from daylight.media.pool import ZygotePool
from tests.media import conftest
from tests.media.test_pool import children_of, ends, gone, until, zygote_of


@pytest.fixture
def pair():
    with ZygotePool(conftest.LOCKED, 2) as fresh:
        for _ in range(2):
            assert fresh.run(Task("echo", {})).end is End.DONE  # in turn
        yield fresh


def twin_of(pool: ZygotePool) -> int:
    (twin,) = children_of(zygote_of(pool))
    return twin


def alone(pool: ZygotePool, number: int) -> None:
    """Leave one slot for the tasks that follow."""
    pool._free.clear()
    pool._free.append(pool._all[number])


def test_the_second_is_forked_from_the_first_and_serves_a_slot_of_its_own(pair):
    first, twin = zygote_of(pair), twin_of(pair)
    with ThreadPoolExecutor(2) as threads:
        running = [threads.submit(pair.run, Task("sleep", {"seconds": 1.0})) for _ in range(2)]
        until(lambda: len(children_of(first)) == 2 and len(children_of(twin)) == 1)
        assert [one.result().end for one in running] == [End.DONE] * 2
    assert children_of(first) == [twin]
    assert [os.getsid(one) for one in (first, twin)] == [first, twin]


def test_many_more_than_an_order_takes_are_started():
    with ZygotePool(conftest.LOCKED, 70) as pool:
        (done,) = {pool.run(Task("echo", {})).end for _ in range(70)}
        assert done is End.DONE
        assert len(children_of(zygote_of(pool))) == 69


def test_one_killed_between_tasks_is_replaced(pair):
    twin = twin_of(pair)
    os.kill(twin, signal.SIGKILL)
    until(lambda: gone(twin))
    assert {pair.run(Task("echo", {})).end for _ in range(4)} == {End.DONE}


def test_one_killed_under_a_task_costs_that_task(pair):
    alone(pair, 1)
    twin = twin_of(pair)
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(pair.run, Task("sleep", {"seconds": 60}))
        (child,) = until(lambda: children_of(twin))
        os.kill(twin, signal.SIGKILL)
        assert ends(running.result(5)) == (End.CRASHED, "the media worker died")
    until(lambda: gone(child))
    assert pair.run(Task("echo", {})).end is End.DONE
    pair._free.append(pair._all[0])


def test_one_that_hangs_is_killed(pair, monkeypatch):
    monkeypatch.setattr("daylight.media.pool._GRACE_SECONDS", 0.5)
    alone(pair, 1)
    twin = twin_of(pair)
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(pair.run, Task("sleep", {"seconds": 60}))
        (child,) = until(lambda: children_of(twin))
        os.kill(twin, signal.SIGSTOP)
        os.kill(child, signal.SIGKILL)
        assert running.result(5).end is End.CRASHED
    until(lambda: gone(twin))
    pair._free.append(pair._all[0])


def test_it_outlives_the_first(pair):
    first, twin = zygote_of(pair), twin_of(pair)
    os.kill(first, signal.SIGKILL)
    until(lambda: gone(first))
    alone(pair, 1)
    assert pair.run(Task("echo", {})).end is End.DONE
    assert not gone(twin)
    pair._free.append(pair._all[0])


def test_closing_ends_all_of_them_and_keeps_no_descriptor():
    before = len(list(Path("/proc/self/fd").iterdir()))
    pool = ZygotePool(conftest.LOCKED, 3)
    for _ in range(3):
        assert pool.run(Task("echo", {})).end is End.DONE
    all_of_them = [zygote_of(pool), *children_of(zygote_of(pool))]
    assert len(all_of_them) == 3
    pool.close()
    assert all(gone(one) for one in all_of_them)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_closing_before_they_are_ready_leaves_nothing():
    with ZygotePool(conftest.LOCKED, 3) as pool:
        first = zygote_of(pool)
    assert gone(first)
    assert children_of(first) == []


def test_when_the_parent_is_killed_nothing_stays():
    script = (
        "import sys, threading\n"
        "from daylight.media.executor import Task\n"
        "from daylight.media.pool import ZygotePool\n"
        f"pool = ZygotePool({conftest.LOCKED!r}, 2)\n"
        "for _ in range(2):\n"
        "    threading.Thread(target=pool.run, args=(Task('sleep', {'seconds': 60}),)).start()\n"
    )
    with subprocess.Popen([sys.executable, "-c", script]) as parent:
        (first,) = until(lambda: children_of(parent.pid))
        twin = until(lambda: [one for one in children_of(first) if children_of(one)])[0]
        children = until(lambda: children_of(first) if len(children_of(first)) == 2 else None)
        everybody = {first, twin, *children, *children_of(twin)}
        assert len(everybody) == 4
        parent.kill()
    until(lambda: all(gone(one) for one in everybody), seconds=5)


def test_a_first_one_that_does_not_start_is_said_of_each():
    with ZygotePool([sys.executable, "-c", "raise SystemExit(3)"], 2) as pool:
        for _ in range(4):
            with pytest.raises(HelpMissing, match=r"exit code 3"):
                pool.run(Task("echo", {}))


def test_a_first_one_that_refuses_is_said_of_each():
    script = (
        "import threading\n"
        "from daylight.media.zygote import serve\n"
        "serve({}, lambda: threading.Thread(target=threading.Event().wait, daemon=True).start())\n"
    )
    with ZygotePool([sys.executable, "-c", script], 2) as pool:
        for _ in range(2):
            with pytest.raises(SandboxMissing, match="2 threads"):
                pool.run(Task("echo", {}))
