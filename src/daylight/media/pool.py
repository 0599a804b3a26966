"""The parent's side: a pool of zygotes, one task at a time on each.

Nothing here parses media. Messages come from the child over a pipe of the task's own; the zygote
only says how the child ended. The parent kills by asking the zygote, which knows its child for
certain, and by killing the zygote itself when that does not answer.
"""

import contextlib
import dataclasses
import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from daylight.errors import HelpMissing, SandboxMissing, UsageError
from daylight.media.executor import End, Hear, Outcome, Task, TaskLimits
from daylight.media.program import Json
from daylight.media.wire import DATAGRAM, KILL, MAX_FILES, TWINS, FrameReader, Verdict

_START_SECONDS: Final = 60.0  # imports and warm-up, on a slow and busy machine
_GRACE_SECONDS: Final = 10.0  # from the kill to the zygote's report
_CHUNK: Final = 1 << 20  # also the size of the pipe, where the kernel grants it

# All that a worker sees of the environment. One thread before the fork; no time zone file, no
# locale; few malloc arenas, since each takes address space.
_ENVIRONMENT: Final = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}


@dataclass(frozen=True, slots=True)
class _Report:
    """How the child ended: a wait status, and seconds of processor time."""

    status: int
    cpu: float


class _Zygote:
    """One worker process: started by us, or the twin of one that was. For one thread at a time,
    except ``kill``.
    """

    def __init__(
        self, control: socket.socket, process: subprocess.Popen[bytes] | None = None
    ) -> None:
        self._control, self._process = control, process
        self._handle = -1  # of a twin, which sends it when it is ready
        self._ready = False
        self._killed = False

    @property
    def alive(self) -> bool:
        if self._process is not None:
            return not self._killed and self._process.poll() is None
        return not self._killed and not (self._handle >= 0 and _ended(self._handle, seconds=0))

    def twins(self, count: int) -> list["_Zygote"]:
        """As many more, at most ``MAX_FILES``, forked from this one once it is warm."""
        pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(count)]
        self.order(TWINS, [theirs.fileno() for _, theirs in pairs])  # where it fails, they are gone
        for _, theirs in pairs:
            theirs.close()
        return [_Zygote(ours) for ours, _ in pairs]

    def wait_ready(self) -> None:
        """Raises ``SandboxMissing`` when it refuses, ``HelpMissing`` when it does not start."""
        if self._ready:
            return
        said = self._receive(_START_SECONDS)
        if said is None:
            self.kill()
            if self._process is None:
                return  # takes no order; the one started in its place will say why
            code = self._process.wait()
            raise HelpMissing(f"The media worker did not start (exit code {code}).")
        if "refused" in said:
            self.kill()
            raise SandboxMissing(str(said["refused"]))
        self._ready = True

    def order(self, text: bytes, descriptors: Sequence[int]) -> bool:
        """Send one order; False when the zygote is gone."""
        try:
            socket.send_fds(self._control, [text], descriptors)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def kill_child(self) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._control.send(KILL)

    def report(self, seconds: float) -> _Report | None:
        """How the child ended, or None when the zygote is gone or silent."""
        said = self._receive(seconds)
        return None if said is None else _Report(int(said["status"]), float(said["cpu"]))

    def _receive(self, seconds: float) -> dict[str, float | str] | None:
        self._control.settimeout(seconds)
        try:
            said, handles = self._next()
        except (TimeoutError, ConnectionResetError):
            return None
        for handle in handles:
            os.set_inheritable(handle, False)
            self._handle = handle
        return json.loads(said) if said else None

    def _next(self) -> tuple[bytes, list[int]]:
        try:
            said, handles, _, _ = socket.recv_fds(self._control, DATAGRAM, 1)
        except ConnectionResetError:  # it ended with an order unread; what it said comes after that
            said, handles, _, _ = socket.recv_fds(self._control, DATAGRAM, 1)
        return said, handles

    def kill(self) -> None:
        """End it and its child (which dies with its parent) at once."""
        self._killed = True  # it may take a while to be seen dead
        if self._process is not None:
            self._process.kill()
        elif self._handle >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        else:  # not ready, so without a task: it ends when it looks at its socket
            with contextlib.suppress(OSError):
                self._control.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.kill()
        if self._process is not None:
            self._process.wait()
        elif self._handle >= 0:
            _ended(self._handle)
            os.close(self._handle)
            self._handle = -1
        self._control.close()


def _ended(handle: int, *, seconds: float | None = None) -> bool:
    """Whether the process behind a handle has ended; waits for it, without ``seconds`` for good."""
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))


def _started(command: Sequence[str], yielding: int) -> _Zygote:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            command,
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            env=_ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )
    if yielding:  # its children, and its twins, have it from there
        most = max(yielding, os.getpriority(os.PRIO_PROCESS, 0))
        os.setpriority(os.PRIO_PROCESS, process.pid, most)
    return _Zygote(ours, process)


def _started_all(command: Sequence[str], yielding: int, count: int) -> list[_Zygote]:
    """The first from nothing; the others are its twins, for the warm-up is long."""
    first = _started(command, yielding)
    made = [first]
    while len(made) < count:
        made += first.twins(min(MAX_FILES, count - len(made)))
    return made


class _Slot:
    """A place for one zygote, started anew when it is gone."""

    def __init__(self, command: Sequence[str], yielding: int, zygote: _Zygote) -> None:
        self._command, self._yielding = command, yielding
        self._lock = threading.Lock()
        self._closed = False
        self.zygote = zygote

    def start(self, text: bytes, descriptors: Sequence[int]) -> _Zygote:
        """Order a task of a live zygote; one that died since its last task is replaced."""
        for _ in range(2):
            if not self.zygote.alive:
                self._restart()
            self.zygote.wait_ready()
            if self.zygote.order(text, descriptors):
                return self.zygote
        raise HelpMissing("The media worker dies before it takes a task.")

    def _restart(self) -> None:
        with self._lock:
            if self._closed:
                raise UsageError("The media workers were closed.")
            self.zygote.close()
            self.zygote = _started(self._command, self._yielding)

    def shut(self) -> None:
        """Kill, and do not start again; from any thread."""
        with self._lock:
            self._closed = True
            self.zygote.kill()


def _read_messages(pipe: int, limits: TaskLimits, reader: FrameReader) -> Verdict | None:
    """Read until the child's side is closed; why it must be stopped before that, or None."""
    deadline = time.monotonic() + limits.wall_seconds
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    while (left := deadline - time.monotonic()) > 0 and poll.poll(left * 1000):
        untrusted = os.read(pipe, _CHUNK)
        if not untrusted:
            return None
        reader.feed(untrusted)
        if reader.fault is not None:
            return reader.fault
    return Verdict(End.TIMED_OUT, f"took longer than {limits.wall_seconds:g} seconds")


def _by_signal(number: int) -> Verdict:
    if number == signal.SIGXCPU:
        return Verdict(End.TIMED_OUT, "used up its processor time")
    if number == signal.SIGSYS:
        return Verdict(End.CRASHED, "tried what the sandbox forbids")
    return Verdict(End.CRASHED, f"killed by signal {number} ({signal.strsignal(number)})")


def _judge(limits: TaskLimits, said: Verdict | None, report: _Report | None) -> Verdict:
    """How a task ended that was not stopped from here. The kernel's word counts before its own."""
    if report is None:
        return Verdict(End.CRASHED, "the media worker died")
    if os.WIFSIGNALED(report.status):
        number = os.WTERMSIG(report.status)
        # Where SIGXCPU is ignored, SIGKILL follows a second later.
        spent = number == signal.SIGKILL and report.cpu >= limits.cpu_seconds
        return _by_signal(signal.SIGXCPU if spent else number)
    if said is None:
        return Verdict(End.CRASHED, "ended without a word")
    if os.WEXITSTATUS(report.status) != 0 and said.end is not End.CRASHED:
        return Verdict(End.CRASHED, "ended otherwise than it said")
    return said


@contextlib.contextmanager
def _descriptor(number: int) -> Iterator[int]:
    try:
        yield number
    finally:
        os.close(number)


def _request_file(request: Mapping[str, Json]) -> int:
    """The request in memory, as a file: of any length, and nothing for the zygote to parse."""
    text = memoryview(json.dumps(request, allow_nan=False).encode("ascii"))
    number = os.memfd_create("request", os.MFD_CLOEXEC)
    while text:
        text = text[os.write(number, text) :]
    return number


def _order(task: Task) -> bytes:
    order = {"program": task.program, "limits": dataclasses.asdict(task.limits)}
    return json.dumps(order).encode("ascii")


def _start(slot: _Slot, task: Task, send: int) -> _Zygote:
    # More room saves switches between the two for every filmstrip; it is not granted to all.
    with contextlib.suppress(OSError):
        fcntl.fcntl(send, fcntl.F_SETPIPE_SZ, _CHUNK)
    with _descriptor(send), _descriptor(_request_file(task.request)) as request:
        return slot.start(_order(task), [send, request, *task.files])


def _perform(slot: _Slot, task: Task, hear: Hear | None) -> Outcome:
    reader = FrameReader(task.limits, hear)
    receive, send = os.pipe2(os.O_CLOEXEC)
    with _descriptor(receive):
        zygote = _start(slot, task, send)
        stopped = _read_messages(receive, task.limits, reader)
    if stopped is not None:
        zygote.kill_child()
    report = zygote.report(_GRACE_SECONDS)
    if report is None:
        zygote.kill()
    verdict = stopped or _judge(task.limits, reader.said, report)
    return Outcome(verdict.end, verdict.untrusted_reason, tuple(reader.messages))


class ZygotePool:
    """Runs each task in a fresh sandboxed child of one of ``slots`` warm worker processes.

    ``command`` (absolute paths: it starts in the root folder, with next to no environment) runs a
    module that calls ``daylight.media.zygote.serve``. The workers start at once; the first task on
    each waits until it is ready. ``yielding``: how far they give way to others on the machine (nice,
    0 to 19).
    """

    def __init__(self, command: Sequence[str], slots: int, *, yielding: int = 0) -> None:
        self.slots = slots
        zygotes = _started_all(command, yielding, slots)
        self._all = [_Slot(command, yielding, zygote) for zygote in zygotes]
        self._free = deque(self._all)
        self._changed = threading.Condition()
        self._closed = False

    def run(self, task: Task, hear: Hear | None = None) -> Outcome:
        """As ``Executor.run``. At most 64 files a task."""
        if len(task.files) > MAX_FILES:
            raise UsageError(f"A task takes at most {MAX_FILES} files, not {len(task.files)}.")
        slot = self._take()
        undisturbed = False
        try:
            outcome = _perform(slot, task, hear)
            undisturbed = True
            return outcome
        finally:
            if not undisturbed:  # interrupted: its answers would be taken for the next task's
                slot.zygote.kill()
            self._give_back(slot)

    def _take(self) -> _Slot:
        with self._changed:
            self._changed.wait_for(lambda: self._free or self._closed)
            if self._closed:
                raise UsageError("The media workers were closed.")
            return self._free.popleft()

    def _give_back(self, slot: _Slot) -> None:
        with self._changed:
            self._free.append(slot)
            self._changed.notify_all()

    def close(self) -> None:
        """Kill all workers and their children, and wait for tasks in flight to say so."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for slot in self._all:
            slot.shut()
        with self._changed:
            self._changed.wait_for(lambda: len(self._free) == self.slots)
        for slot in self._all:
            slot.zygote.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
