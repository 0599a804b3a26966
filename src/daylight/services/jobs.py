"""Work that the review room does while nobody waits for an answer: asked for, asked after, and stopped.

A job is of whoever asked for it; nobody else learns of it. What comes of it stays in memory until it is fetched or
grows old, and is used with the rights held then. Work of seconds and work of minutes stand in two lines, one at a
time each, so that cores are left for whoever plays.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, Self

from django.db import connections

from daylight.errors import DaylightError, UsageError
from daylight.media.executor import Executor, Hear, Message, Outcome, Task
from daylight.services.workspace import Workspace

KEPT: Final = 120.0  # seconds that what came of it is kept
MOST: Final = 24  # jobs that are known at once
_log = logging.getLogger("django.daylight")


class State(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class Line(StrEnum):
    SHORT = "short"
    LONG = "long"


class _Stopped(Exception):
    """Goes through everything that would keep a failure: nothing failed."""


@dataclass(slots=True)
class Job:
    """``at_us``: of the item, how far it is; ``made``: what came of it; ``error``: why nothing did."""

    kind: str
    agent: str
    item: str
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    state: State = State.WAITING
    at_us: int = 0
    made: Any = None
    error: DaylightError | None = None
    ended: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def over(self) -> bool:
        return self.state not in (State.WAITING, State.RUNNING)

    def watched(self, ws: Workspace) -> Workspace:
        """The same workspace, whose sandbox ends what it does once the job is stopped."""
        return replace(ws, start_executor=lambda slots: _Watched(ws.start_executor(slots), self))


Work = Callable[[Job], Any]


class _Watched:
    """An executor that tells how far it is, and of which nothing is taken any more once the job is stopped."""

    def __init__(self, inner: Executor, job: Job) -> None:
        self._inner, self._job = inner, job
        self.slots = inner.slots

    def run(self, task: Task, hear: Hear | None = None) -> Outcome:
        self._check()
        if hear is None:
            outcome = self._inner.run(task)
        else:
            heard = hear

            def told(message: Message) -> None:
                self._check()
                self._note(message)
                heard(message)

            outcome = self._inner.run(task, told)
        self._check()
        return outcome

    def _check(self) -> None:
        if self._job.stop.is_set():
            raise _Stopped

    def _note(self, message: Message) -> None:
        facts = message.untrusted_facts
        at = facts.get("at") if isinstance(facts, dict) else None
        if type(at) is int:
            self._job.at_us = max(0, at)

    def close(self) -> None:
        self._inner.close()

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._inner.__exit__(*exc)


class Jobs:
    """Thread-safe. ``clock``: seconds that only go on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._lines = {
            line: ThreadPoolExecutor(1, thread_name_prefix=f"job-{line.value}") for line in Line
        }

    def begin(
        self, line: Line, kind: str, agent: str, item: str, work: Work, *, join: bool = False
    ) -> Job:
        """The job. What the same person asked for before, of the same kind and item, is stopped; with ``join``
        that one goes on.

        ``UsageError`` where too many wait.
        """
        job = Job(kind, agent, item)
        with self._lock:
            self._forget()
            for other in self._jobs.values():
                if (other.kind, other.agent, other.item) == (kind, agent, item):
                    if join and not other.over and not other.stop.is_set():
                        return other
                    _stop(other)
            if sum(not one.over for one in self._jobs.values()) >= MOST:
                raise UsageError("others wait for too much already")
            self._jobs[job.id] = job
            future = self._lines[line].submit(self._run, job, work)
        future.add_done_callback(_say)
        return job

    def find(self, number: str, agent: str, item: str) -> Job | None:
        """Of whoever asked for it, while it is known."""
        with self._lock:
            self._forget()
            job = self._jobs.get(number)
        return job if job is not None and (job.agent, job.item) == (agent, item) else None

    def stop(self, job: Job) -> None:
        with self._lock:
            _stop(job)

    def close(self) -> None:
        """Stop all; whoever asks after them is told so."""
        with self._lock:
            for job in self._jobs.values():
                _stop(job)
        for one in self._lines.values():
            one.shutdown(wait=False, cancel_futures=True)

    def _run(self, job: Job, work: Work) -> None:
        """In a thread of its line. What nobody foresaw is a failure, and is told to the room's log."""
        if job.over:
            return
        job.state, state = State.RUNNING, State.FAILED
        try:
            job.made = work(job)
            state = State.DONE
        except DaylightError as error:
            job.error = error
        except _Stopped:
            state = State.STOPPED
        finally:
            if job.stop.is_set():
                job.made, state = None, State.STOPPED
            job.state, job.ended = state, self._clock()
            connections.close_all()

    def _forget(self) -> None:
        now = self._clock()
        old = [one.id for one in self._jobs.values() if one.over and now - one.ended > KEPT]
        for number in old:
            del self._jobs[number]


def _stop(job: Job) -> None:
    job.stop.set()
    job.made = None
    if job.state is State.WAITING:
        job.state = State.STOPPED


def _say(future: "Future[None]") -> None:
    if not future.cancelled() and future.exception() is not None:
        _log.error("a job failed", exc_info=future.exception())
