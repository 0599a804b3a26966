"""Every probe gets out of a plain forked child (the control) and does not get out of the sandbox."""

import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from daylight.errors import SandboxMissing
from daylight.media.executor import End, Task, TaskLimits
from daylight.media.pool import ZygotePool
from tests.media import conftest
from tests.media.probe_programs import X86

FORBIDDEN = "tried what the sandbox forbids"
KILLED = (End.CRASHED, FORBIDDEN)
NO_MEMORY = (End.FAILED, "MemoryError: ")
NO_TIME = (End.TIMED_OUT, "used up its processor time")

# name of the probe -> the error it is told, or how the child ends
PROBES: dict[str, str | tuple[End, str]] = {
    "read_file": "EACCES",
    "write_file": "EACCES",
    "write_bytes": "EACCES",
    "delete_file": "ENOSYS",
    "list_folder": "EACCES",
    "ask_for_path": "EACCES",
    "ask_for_path_by_empty": "EACCES",
    "reopen_given_for_writing": "EACCES",
    "change_given_mode": "ENOSYS",
    "change_given_times": "ENOSYS",
    "tcp": KILLED,
    "tcp_listen": KILLED,
    "udp": KILLED,
    "dns": KILLED,
    "unix_socket": KILLED,
    "fork": KILLED,
    "fork_bomb": KILLED,
    "spawn": KILLED,
    "clone3_process": "ENOSYS",
    "memory_bomb": NO_MEMORY,
    "memory_bomb_by_bits": NO_MEMORY,
    "burn": NO_TIME,
    "burn_unheard": NO_TIME,
    "trace_me": KILLED,
    "trace_parent": KILLED,
    "signal_parent": KILLED,
    "signal_parents_thread": KILLED,
    "queue_signal_to_parent": KILLED,
    "parents_memory": "EACCES",
    "parents_environment": "EACCES",
    "read_parents_memory": KILLED,
    "executable_memory": "EPERM",
    "executable_later": "EPERM",
    "io_uring": KILLED,
    "memory_file": KILLED,
    "user_fault": KILLED,
    "new_namespace": KILLED,
    "keyring": KILLED,
    "change_personality": KILLED,
    "raise_limit": "EPERM",
    "become_dumpable": "EPERM",
    "control_device": "ENOTTY",
    "own_the_descriptor": "EPERM",
    "host_name": "ENOSYS",
}

# What a hardened machine may refuse to everybody; without a control the probe proves nothing.
NOT_EVERYWHERE = {"io_uring", "user_fault", "new_namespace", "keyring", "trace_parent",
                  "read_parents_memory", "parents_memory"}  # fmt: skip

LIMITS = TaskLimits(wall_seconds=60, cpu_seconds=1, memory_bytes=400 << 20)


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def folder():
    """Open to everybody, since the child may be another user: only the sandbox is in its way."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.fixture
def task(folder: Path, listener: socket.socket):
    (folder / "victim").touch()
    (folder / "given").write_bytes(b"0123456789")
    (folder / "given").chmod(0o666)
    request = {
        "target": str(folder / "written"),
        "victim": str(folder / "victim"),
        "port": listener.getsockname()[1],
        "seconds": 2.2,
    }
    with (folder / "given").open("rb") as given:
        yield lambda name: Task(name, request, [given.fileno()], LIMITS)


@pytest.fixture(scope="module", params=["first", "twin"])
def locked(request, locked: ZygotePool) -> Iterator[ZygotePool]:
    """Once the slot that was started, once one whose zygote was forked from the first one's."""
    if request.param == "first":
        yield locked
        return
    with ZygotePool(conftest.LOCKED, 2) as pool:
        first = pool._free.popleft()
        yield pool
        assert pool._all[1].zygote._process is None  # nothing has put another in its place
        pool._free.append(first)


@pytest.mark.parametrize("name", PROBES)
def test_no_way_out(name, task, folder, locked: ZygotePool, unlocked: ZygotePool):
    control = unlocked.run(task(name))
    kinds = [message.untrusted_kind for message in control.messages]
    if name in NOT_EVERYWHERE and kinds == ["refused"]:
        pytest.skip(f"this machine refuses it to everybody: {control.messages[0].untrusted_facts}")
    assert (control.end, kinds) == (End.DONE, ["escaped"])
    (folder / "written").unlink(missing_ok=True)
    (folder / "victim").touch()

    outcome = locked.run(task(name))
    expected = PROBES[name]
    if isinstance(expected, str):
        said = [(m.untrusted_kind, m.untrusted_facts) for m in outcome.messages]
        assert (outcome.end, said) == (End.DONE, [("refused", expected)])
    else:
        assert (outcome.end, outcome.untrusted_reason) == expected
        assert outcome.messages == ()
    assert not (folder / "written").exists()
    assert (folder / "victim").exists()


@pytest.mark.parametrize("name", ["execute", "execute_at"])
def test_no_other_program(name, task, locked: ZygotePool, unlocked: ZygotePool):
    by_shell = f"killed by signal {int(signal.SIGUSR1)} ({signal.strsignal(signal.SIGUSR1)})"
    assert unlocked.run(task(name)).untrusted_reason == by_shell
    outcome = locked.run(task(name))
    assert outcome.end is not End.DONE or outcome.messages[0].untrusted_facts == "EACCES"
    assert outcome.untrusted_reason != by_shell


@pytest.mark.skipif(not X86, reason="x32 exists on x86_64 only")
def test_no_second_calling_convention(locked: ZygotePool, unlocked: ZygotePool):
    assert unlocked.run(Task("foreign_calls", {})).end is End.DONE
    assert locked.run(Task("foreign_calls", {})).untrusted_reason == FORBIDDEN


def test_an_endless_sleep_is_cut_off(locked: ZygotePool):
    limits = TaskLimits(wall_seconds=0.3)
    outcome = locked.run(Task("sleep", {"seconds": 3600}, limits=limits))
    assert outcome.end is End.TIMED_OUT
    assert [m.untrusted_kind for m in outcome.messages] == ["asleep"]
    assert locked.run(Task("echo", {})).end is End.DONE


def test_nothing_is_inherited(locked: ZygotePool, given: int):
    with socket.socket() as ours:
        os.set_inheritable(ours.fileno(), True)
        (message,) = locked.run(Task("descriptors", {}, [given, given])).messages
    assert message.untrusted_facts == {"files": [4, 5], "found": [0, 1, 2, 3, 4, 5]}


def test_nothing_of_the_environment_is_seen(monkeypatch):
    monkeypatch.setenv("DAYLIGHT_VAULT", "/somewhere")
    with ZygotePool(conftest.LOCKED, 1) as pool:
        (message,) = pool.run(Task("environment", {})).messages
    assert not [name for name in message.untrusted_facts if "DAYLIGHT" in name or name == "HOME"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to have something to give up")
def test_root_is_given_up(locked: ZygotePool, unlocked: ZygotePool):
    (control,) = unlocked.run(Task("who", {})).messages
    (message,) = locked.run(Task("who", {})).messages
    assert control.untrusted_facts["uid"] == [0, 0]
    assert message.untrusted_facts["uid"] == [65534] * 2
    assert message.untrusted_facts["gid"] == [65534] * 2


@pytest.mark.skipif(os.geteuid() != 0, reason="without root all the other tests show it")
def test_it_holds_for_an_ordinary_user(given: int):
    reading = "+dac_read_search"  # so that it finds this checkout, wherever that is
    user = ["setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups",
            "--inh-caps", reading, "--ambient-caps", reading]  # fmt: skip
    with ZygotePool([*user, *conftest.LOCKED], 1) as pool:
        (message,) = pool.run(Task("who", {})).messages
        assert message.untrusted_facts["uid"] == [54321] * 2
        for name, error in (("read_file", "EACCES"), ("parents_environment", "EACCES")):
            (message,) = pool.run(Task(name, {}, [given])).messages
            assert (message.untrusted_kind, message.untrusted_facts) == ("refused", error)
        assert pool.run(Task("signal_parent", {})).untrusted_reason == FORBIDDEN
        assert pool.run(Task("threads", {})).end is End.DONE


def test_the_worker_refuses_without_landlock(tmp_path: Path):
    worker = tmp_path / "worker.py"
    worker.write_text(
        "from daylight.media.sandbox import libc\n"
        "from daylight.media.zygote import serve\n"
        "import errno\n"
        "def no(*a): raise OSError(errno.ENOSYS, 'no')\n"
        "libc.syscall = no\n"
        "serve({}, lambda: None)\n"
    )
    with ZygotePool([sys.executable, str(worker)], 1) as pool:
        with pytest.raises(SandboxMissing, match="no Landlock"):
            pool.run(Task("echo", {}))
