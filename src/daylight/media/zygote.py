"""The worker process: warm, single-threaded, forked once for each task.

A worker module calls ``serve(programs, warm_up)`` and nothing else. The parent's socket is standard
input, as with inetd; each order on it is one datagram with descriptors: where messages go, the
request as a memory file, then the files of the task. The zygote itself reads neither request nor
media: it forks, reports how the child ended, and kills it when the parent says so or is gone.
The zygotes of further slots are forked from the first once it is warm; from then on each serves its
own slot, on a socket of its own.
"""

import contextlib
import fcntl
import gc
import importlib
import json
import os
import pkgutil
import resource
import select
import signal
import socket
import stat
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import av

from daylight.errors import InputRefused, SandboxMissing
from daylight.media.executor import End, TaskLimits
from daylight.media.failures import EXPECTED, crashed, failed
from daylight.media.program import Json, Program, Programs, Request
from daylight.media.sandbox import libc, lockdown
from daylight.media.wire import (
    DATAGRAM,
    KILL,
    MAX_FILES,
    TWINS,
    Allowance,
    Verdict,
    end_frame,
    message_frame,
)

_MESSAGES_FD: Final = 3
_FIRST_FILE_FD: Final = 4
_OPEN_FILES: Final = 512  # of the zygote: no descriptor has a higher number
_READY: Final = b'{"ready": true}'
_EXIT_CRASHED: Final = 70  # EX_SOFTWARE
_SESSION: Final = Path("/proc/self/autogroup")


class _Wire:
    """The child's end of the pipe: ``emit`` for the program, and the last word."""

    def __init__(self, descriptor: int, limits: TaskLimits) -> None:
        self._descriptor = descriptor
        self._allowance = Allowance(limits)

    def emit(self, kind: str, facts: Json, payload: bytes = b"") -> None:
        head = message_frame(kind, facts, payload)
        excess = self._allowance.take(len(head), len(payload))
        if excess:
            self.leave(Verdict(End.OVERSIZE, excess))
        self._write(head, payload)

    def leave(self, verdict: Verdict) -> NoReturn:
        """Say how it ended and be gone, without Python's tidying up."""
        try:
            self._write(end_frame(verdict), b"")
        finally:
            os._exit(0 if verdict.end is not End.CRASHED else _EXIT_CRASHED)

    def _write(self, head: bytes, payload: bytes) -> None:
        written = os.writev(self._descriptor, [head, payload])
        rest = memoryview(head)[written:]
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        rest = memoryview(payload)[max(0, written - len(head)) :]
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]


def _reopen(descriptor: int) -> int:
    """The same file anew, read-only and with an offset of its own."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise InputRefused("A task was given a descriptor that is not of a regular file.")
    return os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY)


def _arrange(messages: int, files: Sequence[int]) -> list[int]:
    """Leave nothing open but null, the message pipe and the files, at known numbers."""
    spare = _FIRST_FILE_FD + MAX_FILES
    reopened = [_reopen(descriptor) for descriptor in files]
    sources = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, spare) for descriptor in reopened]
    pipe = fcntl.fcntl(messages, fcntl.F_DUPFD, spare)
    null = fcntl.fcntl(os.open(os.devnull, os.O_RDWR), fcntl.F_DUPFD, spare)
    targets = list(range(_FIRST_FILE_FD, _FIRST_FILE_FD + len(sources)))
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.dup2(pipe, _MESSAGES_FD)
    for source, target in zip(sources, targets, strict=True):
        os.dup2(source, target)
    os.closerange(_FIRST_FILE_FD + len(targets), _OPEN_FILES)
    return targets


def _read_all(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def _run(wire: _Wire, program: Program, request: Request, files: Sequence[int]) -> NoReturn:
    try:
        program(request, files, wire.emit)
    except EXPECTED as error:
        traceback.clear_frames(error.__traceback__)  # what filled the memory, if that is why
        wire.leave(failed(error))
    wire.leave(Verdict(End.DONE, ""))


def _cage(limits: TaskLimits, files: int, parent: int) -> lockdown.Cage:
    return lockdown.Cage(
        parent=parent,
        memory_bytes=limits.memory_bytes,
        cpu_seconds=limits.cpu_seconds,
        files=_FIRST_FILE_FD + files,
    )


def _child(
    programs: Programs, order: Mapping[str, Any], descriptors: list[int], parent: int
) -> None:
    """Everything after the fork; never returns, whatever happens."""
    limits = TaskLimits(**order["limits"])
    wire = _Wire(descriptors[0], limits)
    try:
        untrusted = _read_all(descriptors[1])
        files = _arrange(descriptors[0], descriptors[2:])
        wire = _Wire(_MESSAGES_FD, limits)
        lockdown.lock_down(_cage(limits, len(files), parent))
        program = programs.get(order["program"])
        if program is None:
            wire.leave(Verdict(End.CRASHED, "no program of that name"))
        _run(wire, program, json.loads(untrusted), files)
    finally:
        # An exception on its way out is a fault of ours; it must not unwind into the zygote.
        try:
            kind, _, where = sys.exc_info()
            wire.leave(crashed(kind or SystemExit, where))
        finally:
            os._exit(_EXIT_CRASHED)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _watch(control: socket.socket, pid: int) -> None:
    """Until the child is gone; kill it when the parent says so, and end when the parent ended."""
    handle = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(control, select.POLLIN)
    try:
        while handle not in (ready := [descriptor for descriptor, _ in poll.poll()]):
            if control.fileno() in ready:
                said = control.recv(DATAGRAM)
                _kill(pid)
                if not said:
                    sys.exit(0)
    finally:
        os.close(handle)


def _do_task(
    control: socket.socket, programs: Programs, text: bytes, descriptors: list[int]
) -> None:
    """Fork for one order, wait, report {"status": wait status, "cpu": seconds}."""
    order = json.loads(text)
    zygote = os.getpid()
    pid = libc.fork()
    if pid == 0:
        _child(programs, order, descriptors, zygote)
    for descriptor in descriptors:
        os.close(descriptor)
    _watch(control, pid)
    _, status, usage = os.wait4(pid, 0)
    report = {"status": status, "cpu": usage.ru_utime + usage.ru_stime}
    control.send(json.dumps(report).encode())


def _twins(control: socket.socket, descriptors: list[int]) -> socket.socket:
    """Fork a zygote for each socket, as warm as this one; the socket to serve from here on.

    A twin hands the parent, whose child it is not, a handle of itself.
    """
    for descriptor in descriptors:
        if libc.fork() == 0:
            os.setsid()  # a session, and so a share of the processors, as if it had been started
            control.close()
            for other in descriptors:
                if other != descriptor:
                    os.close(other)
            own, handle = socket.socket(fileno=descriptor), os.pidfd_open(os.getpid())
            socket.send_fds(own, [_READY], [handle])
            os.close(handle)
            return own
    for descriptor in descriptors:
        os.close(descriptor)
    return control


def _serve_one(control: socket.socket, programs: Programs) -> socket.socket | None:
    """Wait for one order and do it; where the next one comes from, None when the parent closed it."""
    order, descriptors, _, _ = socket.recv_fds(control, DATAGRAM, MAX_FILES + 2)
    if not order:
        return None
    if order == TWINS:
        return _twins(control, descriptors)
    if order != KILL:  # a stale one: that child was gone already
        _do_task(control, programs, order, descriptors)
    return control


def gave_way(session: Path = _SESSION) -> bool:
    """Whether this session has the process's own niceness, as far as the kernel knows sessions.

    Where it shares processors out between sessions (autogroup: on for most desktops), that of a process counts within its session
    only. False where it is to be asked again: it takes ten such words a second from whoever is not root.
    """
    try:
        session.write_text(str(os.getpriority(os.PRIO_PROCESS, 0)), encoding="ascii")
    except BlockingIOError:
        return False
    except OSError:  # it knows none, or has no say in this
        return True
    return True


def _take_socket() -> socket.socket:
    """The parent's socket off standard input, and null in its place."""
    control = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    return control


def _import_all_of_av() -> None:
    """PyAV imports the parts for a kind of stream when it first meets one: too late in a child."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if module.name not in {"av.__main__", "av.datasets"}:
            importlib.import_module(module.name)


def _prepare(warm_up: Callable[[], None]) -> None:
    # When memory runs out, the kernel shall take a worker before the process that writes.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800", encoding="ascii")
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    lockdown.check()
    _import_all_of_av()
    warm_up()
    gc.collect()
    libc.give_back_memory()
    gc.freeze()  # else the collector writes to every page that the children share
    gc.enable()
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        raise SandboxMissing(
            f"The media worker has {threads} threads after its warm-up; it must have one to fork."
        )


def serve(programs: Programs, warm_up: Callable[[], None]) -> None:
    """Serve orders until the parent closes the socket; called by a worker module's main.

    ``warm_up`` must make every lazy import and first-use set-up happen (decode a known clip): in
    the children no file can be opened any more. It must leave no thread behind.
    """
    control = _take_socket()
    try:
        _prepare(warm_up)
    except SandboxMissing as error:
        control.send(json.dumps({"refused": str(error)}).encode())
        sys.exit(error.exit_code)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the parent is gone
        control.send(_READY)
        serving: socket.socket | None = control
        settled: socket.socket | None = None  # a twin's socket is another, and its session too
        while serving is not None:
            settled = serving if serving is settled or gave_way() else None
            serving = _serve_one(serving, programs)
