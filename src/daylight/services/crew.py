"""A crew of forked children, one a job: the worker's half of an import on every core.

Threads would share one interpreter lock, and for files of some kilobytes the lock is the limit
(measured: children are 1.5 times as fast on two cores). A child inherits the job whole, so nothing
has to be sent to it; its result comes back through a pipe. Only a process without threads that hold
locks may fork like this: the import's own process walks and commits, and does nothing else.
"""

import ctypes
import os
import pickle
import select
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, NoReturn, Self, TypeVar

from daylight.errors import DaylightError, WorkerKilled

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_PIPE_BYTES = 1 << 20  # asked for; a result that does not fit waits until it is read

Label = TypeVar("Label")
Result = TypeVar("Result")


@dataclass(slots=True)
class _Child(Generic[Label]):
    pid: int
    label: Label
    received: bytearray


class Crew(Generic[Label, Result]):
    """At most ``size`` jobs under way. What a job raises is raised where its result is taken, and
    ``WorkerKilled`` where its child died before it had sent all of it.

    A job may raise ``DaylightError`` and ``OSError``; they are pickled, as its result is.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._children: dict[int, _Child[Label]] = {}
        self._poll = select.poll()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Whoever is still at work is ended: what was staged and not settled is left in the spool."""
        for fd, child in self._children.items():
            os.kill(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)
            os.close(fd)
        self._children.clear()

    @property
    def under_way(self) -> int:
        return len(self._children)

    def submit(self, label: Label, job: Callable[[], Result]) -> None:
        """Start ``job``; the caller has made room by :meth:`finished`."""
        reader, writer = os.pipe2(os.O_CLOEXEC)
        parent = os.getpid()
        # A Ctrl-C between fork and _work would unwind the parent's stack in the child.
        heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            pid = os.fork()
            if pid == 0:
                _work(job, writer, parent)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, heard)
        os.close(writer)
        self._children[reader] = _Child(pid, label, bytearray())
        self._poll.register(reader, select.POLLIN)

    def finished(self, *, leave: int) -> Iterator[tuple[Label, Result]]:
        """Results in the order in which they come, until at most ``leave`` jobs are under way."""
        while len(self._children) > leave:
            for fd, _ in self._poll.poll():
                piece = os.read(fd, _PIPE_BYTES)
                if piece:
                    self._children[fd].received += piece
                    continue
                yield self._reap(fd)

    def room(self) -> Iterator[tuple[Label, Result]]:
        """Results, until there is room for one more job."""
        return self.finished(leave=self._size - 1)

    def _reap(self, fd: int) -> tuple[Label, Result]:
        child = self._children.pop(fd)
        self._poll.unregister(fd)
        os.close(fd)
        _, status = os.waitpid(child.pid, 0)
        if status != 0:  # what it sent may be half of a result
            raise WorkerKilled(f"a worker of the import was ended (wait status {status})")
        outcome = pickle.loads(child.received)  # noqa: S301  # from our own child, by our own code
        if isinstance(outcome, BaseException):
            raise outcome
        return child.label, outcome


def _work(job: Callable[[], object], writer: int, parent: int) -> NoReturn:
    """The child: do the job, send what came of it, end without any clean-up of the parent's."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the group; the parent decides
    if os.getppid() != parent:
        os._exit(1)  # the parent died before it could be watched
    code = 1
    try:
        try:
            outcome = job()
        except (DaylightError, OSError) as error:
            outcome = error
        with os.fdopen(writer, "wb") as pipe:
            pickle.dump(outcome, pipe)
        code = 0
    finally:
        os._exit(code)
