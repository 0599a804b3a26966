"""The fake beside the port: programs run in this very process. For tests of what lies above."""

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from typing import Self

from daylight.errors import UsageError
from daylight.media.executor import End, Hear, Outcome, Task
from daylight.media.failures import EXPECTED, failed
from daylight.media.program import Json, Program, Programs
from daylight.media.wire import FrameReader, Verdict, message_frame


class _Stopped(BaseException):
    """The inline way to end a child; no program can catch it by mistake."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__()
        self.verdict = verdict


class _InlineWire:
    """Messages take the way of the real ones, so that both refuse the same."""

    def __init__(self, task: Task) -> None:
        self.reader = FrameReader(task.limits)

    def emit(self, kind: str, facts: Json, payload: bytes = b"") -> None:
        self.reader.feed(message_frame(kind, facts, payload) + payload)
        if self.reader.fault is not None:
            raise _Stopped(self.reader.fault)


@contextlib.contextmanager
def _reopened(files: Sequence[int]) -> Iterator[list[int]]:
    with contextlib.ExitStack() as stack:
        ours = [os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY) for descriptor in files]
        for descriptor in ours:
            stack.callback(os.close, descriptor)
        yield ours


def _run(program: Program, task: Task, wire: _InlineWire) -> Verdict:
    try:
        with _reopened(task.files) as files:
            program(json.loads(json.dumps(task.request)), files, wire.emit)
    except EXPECTED as error:
        return failed(error)
    except _Stopped as stopped:
        return stopped.verdict
    return Verdict(End.DONE, "")


class InlineExecutor:
    """No sandbox, no limits but those of messages: raises unless told that this is a test.

    A program's unexpected exception comes through, so that a test shows it.
    """

    def __init__(self, programs: Programs, *, i_am_a_test: bool = False) -> None:
        if not i_am_a_test:
            raise UsageError("The inline executor has no sandbox; it is for tests only.")
        self.slots = 1
        self._programs = programs

    def run(self, task: Task, hear: Hear | None = None) -> Outcome:
        wire = _InlineWire(task)
        verdict = _run(self._programs[task.program], task, wire)
        messages = tuple(wire.reader.messages)
        if hear is not None:  # afterwards, so that what it raises is no fault of the program's
            for message in messages:
                hear(message)
            messages = ()
        return Outcome(verdict.end, verdict.untrusted_reason, messages)

    def close(self) -> None:
        """Nothing to close."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
