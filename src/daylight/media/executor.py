"""The port through which the rest of Daylight has hostile bytes looked at.

Everything that comes back is ``untrusted_`` until checked by whoever asked.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, Self

from daylight.media.program import Json

SLOTS: Final = max(2, os.cpu_count() or 2)  # for whoever has all items to go through


class End(StrEnum):
    DONE = "done"
    FAILED = "failed"  # the program raised; ``untrusted_reason`` is its sentence
    CRASHED = "crashed"  # killed by a signal, a seccomp violation or an exit without a word
    TIMED_OUT = "timed-out"
    OVERSIZE = "oversize"  # sent more, or longer, messages than allowed


@dataclass(frozen=True, slots=True)
class TaskLimits:
    wall_seconds: float = 120.0
    cpu_seconds: int = 100
    memory_bytes: int = 2 << 30  # address space of the child
    message_bytes: int = 64 << 20  # one message
    total_bytes: int = 256 << 20  # all messages of a task
    facts_bytes: int = 4 << 20  # the JSON of all messages: parsed, it takes 20 times that


@dataclass(frozen=True, slots=True)
class Task:
    """``files`` are open descriptors of regular files; they stay the caller's to close.

    The program gets each opened anew and read-only, at offset 0. Large inputs (the blobs of
    partials) go in as files too: ``os.memfd_create`` makes one without a disk.
    """

    program: str
    request: Mapping[str, Json]
    files: Sequence[int] = ()
    limits: TaskLimits = TaskLimits()


@dataclass(frozen=True, slots=True)
class Message:
    untrusted_kind: str
    untrusted_facts: Json
    untrusted_payload: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a task ended, and what it sent until then (also when it ended badly)."""

    end: End
    untrusted_reason: str
    messages: tuple[Message, ...]


Hear = Callable[[Message], None]


class Executor(Protocol):
    """Thread-safe; ``run`` blocks while all ``slots`` are taken.

    With ``hear``, each message is handed to it as it comes, in the caller's thread, and the outcome
    has none: what a task sends then takes no memory here. The task waits meanwhile, and its time
    goes on. What ``hear`` raises ends the task and comes through.

    However a task ends, ``run`` says so in its outcome. It raises ``SandboxMissing`` or
    ``HelpMissing`` when no task at all can be run here, ``UsageError`` when it was closed.
    """

    slots: int

    def run(self, task: Task, hear: Hear | None = None) -> Outcome: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...
