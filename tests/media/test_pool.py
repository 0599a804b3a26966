import json
import os
import resource
import signal
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from daylight.errors import HelpMissing, SandboxMissing, UsageError
from daylight.media.executor import End, Task, TaskLimits
from daylight.media.pool import ZygotePool
from daylight.media.zygote import gave_way
from tests.media import conftest
from tests.media.probe_programs import small_clip


@pytest.fixture
def pool():
    with ZygotePool(conftest.LOCKED, 1) as fresh:
        yield fresh


def processes() -> dict[int, tuple[int, str]]:
    """Every living process: its parent and state."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            found[int(entry.name)] = (int(parent), state)
    return found


def children_of(pid: int) -> list[int]:
    return [
        child for child, (parent, state) in processes().items() if parent == pid and state != "Z"
    ]


def gone(pid: int) -> bool:
    return processes().get(pid, (0, "Z"))[1] == "Z"


def until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.005)
    raise AssertionError("it did not happen in time")


def zygote_of(pool: ZygotePool) -> int:
    return pool._all[0].zygote._process.pid


def ends(outcome):
    return outcome.end, outcome.untrusted_reason


def test_a_program_gets_its_request_and_answers(locked):
    request = {"text": "žluťoučký \udc80", "nested": [1, 2.5, None, {"x": True}]}
    outcome = locked.run(Task("echo", request))
    assert ends(outcome) == (End.DONE, "")
    (message,) = outcome.messages
    assert (message.untrusted_kind, message.untrusted_payload) == ("echo", b"payload")
    assert message.untrusted_facts == request


def test_a_request_may_be_long(locked):
    request = {"text": "x" * (3 << 20)}
    assert locked.run(Task("echo", request)).messages[0].untrusted_facts == request


def test_files_are_read_from_their_own_beginning(locked, given):
    outcome = locked.run(Task("read_given", {}, [given, given]))
    assert [m.untrusted_payload for m in outcome.messages[1::2]] == [b"0123456789"] * 2
    assert outcome.messages[0].untrusted_facts == {"offset": 0, "size": 10}
    assert locked.run(Task("seek_given", {}, [given])).end is End.DONE
    assert os.lseek(given, 0, os.SEEK_CUR) == 3


def test_a_memory_file_is_a_file(locked):
    number = os.memfd_create("blob")
    os.write(number, b"partial")
    assert locked.run(Task("read_given", {}, [number])).messages[1].untrusted_payload == b"partial"
    os.close(number)


def test_many_files_and_one_too_many(locked, given):
    (message,) = locked.run(Task("descriptors", {}, [given] * 64)).messages
    assert message.untrusted_facts["found"] == list(range(68))
    with pytest.raises(UsageError, match="64"):
        locked.run(Task("echo", {}, [given] * 65))


def test_only_regular_files_go_in(locked, tmp_path):
    folder = os.open(tmp_path, os.O_RDONLY)
    left, right = os.pipe()
    for number in (folder, left):
        assert locked.run(Task("read_given", {}, [number])).end is End.CRASHED
    for number in (folder, left, right):
        os.close(number)


def test_threads_work(locked):
    assert locked.run(Task("threads", {})).messages[0].untrusted_facts == list(range(8))


def test_a_film_is_decoded_inside_by_several_threads(locked, tmp_path):
    (tmp_path / "clip").write_bytes(small_clip())
    with (tmp_path / "clip").open("rb") as clip:
        outcome = locked.run(Task("decode", {"format": "mp4"}, [clip.fileno()]))
    assert outcome.end is End.DONE
    expected = range(0, 250, 25)
    assert outcome.messages[0].untrusted_facts == pytest.approx(expected, abs=4)


def test_messages_keep_their_order(locked):
    outcome = locked.run(Task("many", {"count": 3000}))
    assert [m.untrusted_facts for m in outcome.messages] == list(range(3000))
    assert outcome.messages[42].untrusted_payload == b"42" * 10


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("raise_ours", (End.FAILED, "It is a playlist.")),
        ("raise_value", (End.FAILED, ("ValueError: " + "x" * 600)[:500])),
        ("unheard_facts", (End.FAILED, "ValueError: Out of range float values are not JSON compliant")),
        ("abort", (End.CRASHED, "killed by signal 6 (Aborted)")),
        ("segfault", (End.CRASHED, "killed by signal 11 (Segmentation fault)")),
        ("exit_silently", (End.CRASHED, "ended without a word")),
    ],
)  # fmt: skip
def test_how_it_ends(locked, name, expected):
    assert ends(locked.run(Task(name, {}))) == expected
    assert locked.run(Task("echo", {})).end is End.DONE


def test_messages_before_a_bad_end_are_kept(locked):
    for name in ("raise_ours", "abort"):
        assert [m.untrusted_facts for m in locked.run(Task(name, {})).messages] == [1]


def test_ffmpegs_refusal_is_a_failure(locked):
    outcome = locked.run(Task("raise_ffmpeg", {}))
    assert outcome.end is End.FAILED
    assert "InvalidDataError" in outcome.untrusted_reason


def test_a_fault_of_ours_names_the_line_and_no_words(locked):
    for name, kind in (("raise_other", "RuntimeError"), ("leave", "SystemExit")):
        outcome = locked.run(Task(name, {}))
        assert outcome.end is End.CRASHED
        assert outcome.untrusted_reason.startswith(f"{kind} at probe_programs.py:")
        assert "words" not in outcome.untrusted_reason


def test_an_unknown_program_is_said(locked):
    assert ends(locked.run(Task("nobody", {}))) == (End.CRASHED, "no program of that name")


def test_an_odd_signal_is_said(locked):
    outcome = locked.run(Task("real_time_signal", {}))
    assert outcome.end is End.CRASHED
    assert "signal 37" in outcome.untrusted_reason


def test_running_out_of_memory_leaves_breath_to_say_so(locked):
    outcome = locked.run(Task("fill_memory", {}, limits=TaskLimits(memory_bytes=400 << 20)))
    assert ends(outcome) == (End.FAILED, "MemoryError: ")


def test_an_honest_child_that_sends_too_much(locked):
    limits = TaskLimits(message_bytes=1000, total_bytes=3000, facts_bytes=500)
    one = locked.run(Task("big", {"count": 1, "bytes": 1001}, limits=limits))
    assert ends(one) == (End.OVERSIZE, "a message was longer than allowed")
    assert one.messages == ()
    all_of_them = locked.run(Task("big", {"count": 9, "bytes": 900}, limits=limits))
    assert ends(all_of_them) == (End.OVERSIZE, "all messages together were longer than allowed")
    assert len(all_of_them.messages) == 3
    facts = locked.run(Task("facts", {"bytes": 600}, limits=limits))
    assert ends(facts) == (End.OVERSIZE, "the facts of all messages were longer than allowed")


def test_a_lying_child_that_sends_too_much(locked):
    limits = TaskLimits(message_bytes=2 << 20, total_bytes=20 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = locked.run(Task("flood", {}, limits=limits))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert outcome.end is End.OVERSIZE
    assert sum(len(m.untrusted_payload) for m in outcome.messages) <= limits.total_bytes
    assert grown < 60 << 10  # KiB


END = b'{"end":"done","reason":""}'
DONE = struct.pack("=BIQ", 2, len(END), 0) + END


@pytest.mark.parametrize(
    ("lie", "expected"),
    [
        ({"hex": b"garbage".hex(), "times": 1000}, "the child sent garbage: an unknown frame"),
        ({"hex": (DONE * 2).hex()}, "the child sent garbage: bytes after the end"),
        ({"hex": DONE.hex(), "then": "abort"}, "killed by signal 6 (Aborted)"),
        ({"hex": DONE[:-1].hex()}, "ended without a word"),
        ({"hex": ""}, "ended without a word"),
    ],
)
def test_a_lie_is_a_crash(locked, lie, expected):
    assert ends(locked.run(Task("raw", lie))) == (End.CRASHED, expected)
    assert locked.run(Task("echo", {})).end is End.DONE


def test_a_child_that_says_done_and_stays_is_stopped(locked):
    lie = {"hex": DONE.hex(), "then": "hang"}
    assert locked.run(Task("raw", lie, limits=TaskLimits(wall_seconds=0.3))).end is End.TIMED_OUT


def test_a_promise_of_an_endless_message_costs_no_memory(locked):
    head = struct.pack("=BIQ", 1, 10, (64 << 20) - 100)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = locked.run(Task("raw", {"hex": head.hex()}))
    assert ends(outcome) == (End.CRASHED, "ended without a word")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 << 10


def test_what_is_heard_as_it_comes_is_not_kept(locked):
    heard = []
    outcome = locked.run(Task("many", {"count": 500}), heard.append)
    assert ends(outcome) == (End.DONE, "")
    assert outcome.messages == ()
    assert [m.untrusted_facts for m in heard] == list(range(500))


def test_who_hears_too_much_ends_the_task(locked):
    def enough(message):
        raise LookupError("enough")

    with pytest.raises(LookupError):
        locked.run(Task("many", {"count": 500}), enough)
    assert [m.untrusted_facts for m in locked.run(Task("echo", {"n": 1})).messages] == [{"n": 1}]


def test_what_is_heard_takes_no_memory(locked):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sizes = []
    limits = TaskLimits(total_bytes=1 << 30)
    task = Task("big", {"count": 200, "bytes": 1 << 20}, limits=limits)
    assert locked.run(task, lambda m: sizes.append(len(m.untrusted_payload))).end is End.DONE
    assert sizes == [1 << 20] * 200
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60 << 10  # KiB


def test_two_slots_work_side_by_side():
    with ZygotePool(conftest.LOCKED, 2) as pool, ThreadPoolExecutor(2) as threads:
        slow = threads.submit(pool.run, Task("sleep", {"seconds": 1.5}))
        until(lambda: len(pool._free) == 1)
        assert pool.run(Task("echo", {})).end is End.DONE
        assert not slow.done()
        assert slow.result().end is End.DONE


def test_more_callers_than_slots_wait_their_turn():
    with ZygotePool(conftest.LOCKED, 2) as pool, ThreadPoolExecutor(8) as threads:
        tasks = [threads.submit(pool.run, Task("echo", {"n": n})) for n in range(60)]
        wait(tasks)
        assert [t.result().messages[0].untrusted_facts["n"] for t in tasks] == list(range(60))


def test_a_zygote_killed_between_tasks_is_replaced(pool):
    assert pool.run(Task("echo", {})).end is End.DONE
    victim = zygote_of(pool)
    os.kill(victim, signal.SIGKILL)
    until(lambda: gone(victim))
    assert pool.run(Task("echo", {})).end is End.DONE
    assert zygote_of(pool) != victim


def test_a_zygote_killed_under_a_task_costs_that_task(pool):
    assert pool.run(Task("echo", {})).end is End.DONE
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(pool.run, Task("sleep", {"seconds": 60}))
        (child,) = until(lambda: children_of(zygote_of(pool)))
        os.kill(zygote_of(pool), signal.SIGKILL)
        assert ends(running.result(5)) == (End.CRASHED, "the media worker died")
    until(lambda: gone(child))
    assert pool.run(Task("echo", {})).end is End.DONE


def test_a_zygote_that_hangs_is_killed(pool, monkeypatch):
    monkeypatch.setattr("daylight.media.pool._GRACE_SECONDS", 0.5)
    assert pool.run(Task("echo", {})).end is End.DONE
    victim = zygote_of(pool)
    os.kill(victim, signal.SIGSTOP)
    outcome = pool.run(Task("echo", {}, limits=TaskLimits(wall_seconds=0.3)))
    assert outcome.end is End.TIMED_OUT
    until(lambda: gone(victim))
    assert pool.run(Task("echo", {})).end is End.DONE


def test_closing_ends_workers_children_and_callers():
    pool = ZygotePool(conftest.LOCKED, 1)
    assert pool.run(Task("echo", {})).end is End.DONE
    zygote = zygote_of(pool)
    with ThreadPoolExecutor(2) as threads:
        running = threads.submit(pool.run, Task("sleep", {"seconds": 60}))
        (child,) = until(lambda: children_of(zygote))
        waiting = threads.submit(pool.run, Task("echo", {}))
        pool.close()
        assert running.result(5).end is End.CRASHED
        with pytest.raises(UsageError):
            waiting.result(5)
    assert gone(zygote)
    until(lambda: gone(child))
    with pytest.raises(UsageError):
        pool.run(Task("echo", {}))
    pool.close()


def test_when_the_parent_is_killed_nothing_stays():
    script = (
        "import sys\n"
        "from daylight.media.executor import Task\n"
        "from daylight.media.pool import ZygotePool\n"
        f"ZygotePool({conftest.LOCKED!r}, 1).run(Task('burn', {{'seconds': 60}}))\n"
    )
    with subprocess.Popen([sys.executable, "-c", script]) as parent:
        (zygote,) = until(lambda: children_of(parent.pid))
        # The trial of the sandbox is a child too; the one that burns stays.
        child = until(lambda: [c for c in children_of(zygote) if burns(c)])[0]
        parent.kill()
    until(lambda: gone(zygote) and gone(child), seconds=3)


def burns(pid: int) -> bool:
    try:
        times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    except OSError:
        return False
    return sum(map(int, times)) > 10


def test_no_descriptor_is_lost(pool, given):
    def count(pid):
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))

    kinds = [
        Task("echo", {}, [given]), Task("abort", {}), Task("raise_ours", {}),
        Task("raw", {"hex": "00" * 50}), Task("big", {"count": 1, "bytes": 2000},
        limits=TaskLimits(message_bytes=100)),
    ]  # fmt: skip
    for task in kinds:
        pool.run(task)
    before = count(os.getpid()), count(zygote_of(pool))
    for n in range(200):
        pool.run(kinds[n % len(kinds)])
    assert (count(os.getpid()), count(zygote_of(pool))) == before
    assert children_of(zygote_of(pool)) == []


def test_an_interrupted_caller_does_not_leave_answers_behind(pool, monkeypatch):
    assert pool.run(Task("echo", {})).end is End.DONE

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("daylight.media.pool._read_messages", interrupted)
        with pytest.raises(KeyboardInterrupt):
            pool.run(Task("many", {"count": 10}))
    outcome = pool.run(Task("echo", {"mine": 1}))
    assert [m.untrusted_facts for m in outcome.messages] == [{"mine": 1}]


def test_a_worker_that_does_not_start_is_said():
    with ZygotePool([sys.executable, "-c", "raise SystemExit(3)"], 1) as pool:
        for _ in range(2):
            with pytest.raises(HelpMissing, match=r"exit code 3"):
                pool.run(Task("echo", {}))


def test_a_worker_with_threads_refuses_to_fork():
    script = (
        "import threading\n"
        "from daylight.media.zygote import serve\n"
        "serve({}, lambda: threading.Thread(target=threading.Event().wait, daemon=True).start())\n"
    )
    with ZygotePool([sys.executable, "-c", script], 1) as pool:
        with pytest.raises(SandboxMissing, match="2 threads"):
            pool.run(Task("echo", {}))


def test_the_parent_does_not_load_what_decodes():
    script = (
        "import sys, json, daylight.media.pool\n"
        "print(json.dumps([m for m in ('av', 'numpy') if m in sys.modules]))\n"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout
    assert json.loads(out) == []


def test_runs_from_a_thread_that_ends(pool):
    """Zygotes must not die with the thread that started them."""
    os.kill(zygote_of(pool), signal.SIGKILL)
    until(lambda: gone(zygote_of(pool)))
    starter = threading.Thread(target=pool.run, args=(Task("echo", {}),))
    starter.start()
    starter.join()
    zygote = zygote_of(pool)
    assert pool.run(Task("echo", {})).end is End.DONE
    assert zygote_of(pool) == zygote


def test_slots_that_yield_give_way():
    own = os.getpriority(os.PRIO_PROCESS, 0)
    for yielding in (0, 15):
        with ZygotePool(conftest.LOCKED, 1, yielding=yielding) as made:
            assert os.getpriority(os.PRIO_PROCESS, zygote_of(made)) == max(own, yielding)


@pytest.mark.skipif(
    not Path("/proc/self/autogroup").exists() or os.geteuid() != 0,
    reason="this kernel knows none; who is not root is heard ten times a second",
)
def test_their_sessions_give_way_too():
    """Processors are shared out between sessions first: a process's own niceness says nothing to other sessions."""
    with ZygotePool(conftest.LOCKED, 3, yielding=15) as made:
        made.run(Task("echo", {}))
        for slot in made._all:
            slot.zygote.wait_ready()
            until(lambda slot=slot: session_of(slot).read_text().endswith("nice 15\n"))
        assert len({session_of(slot).read_text() for slot in made._all}) == 3


def session_of(slot) -> Path:
    one = slot.zygote
    number = one._process.pid if one._process else process_behind(one._handle)
    return Path(f"/proc/{number}/autogroup")


def process_behind(handle: int) -> int:
    told = Path(f"/proc/self/fdinfo/{handle}").read_text()
    return int(told.partition("Pid:")[2].split()[0])


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (None, True),
        (BlockingIOError(), False),
        (FileNotFoundError(), True),
        (PermissionError(), True),
    ],
)
def test_a_session_whose_word_is_not_taken_yet_says_it_again(tmp_path, monkeypatch, error, told):
    def refuse(*words, **options):
        raise error

    if error is not None:
        monkeypatch.setattr(Path, "write_text", refuse)
    assert gave_way(tmp_path / "autogroup") is told
    if error is None:
        own = str(os.getpriority(os.PRIO_PROCESS, 0))
        assert (tmp_path / "autogroup").read_text() == own
