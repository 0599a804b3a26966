"""The parent's side: starts the worker of a model, asks it, and replaces it when it is gone."""

import fcntl
import hashlib
import os
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self

from daylight.domain.digest import Digest
from daylight.errors import HelpMissing, InferenceFailed, ModelRefused, SandboxMissing, UsageError
from daylight.media.inference import wire
from daylight.media.inference.arrays import Floats, Numbers, believed
from daylight.media.inference.base import Signature, length
from daylight.media.inference.room import Room, sealed_memory
from daylight.media.inference.wire import ANSWER, MOST_WORDS, Said

_START_SECONDS: Final = 60.0

# All that a worker sees of the environment. Newer builds of the library report to their maker from
# the moment they are loaded: that is forbidden here, by the sandbox, and by the versions we take.
# Memory is taken in large pages where there are: finding one's way in small ones takes an eighth of the time.
_ENVIRONMENT: Final = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "ORT_DISABLE_TELEMETRY": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass(frozen=True, slots=True)
class InferenceLimits:
    """Of one request, and of the worker's address space."""

    wall_seconds: float = 60.0
    memory_bytes: int = 2 << 30


class _Lost(Exception):
    """The worker is gone, silent or out of its mind; the text says which."""


class _Worker:
    def __init__(
        self,
        command: Sequence[str],
        signature: Signature,
        settings: Mapping[str, int],
    ) -> None:
        memory = sealed_memory(signature)
        self._socket, theirs = socket.socketpair()
        with theirs, os.fdopen(memory, "rb"):
            self.room = Room.behind(memory, signature)
            words = [f"{name}={value}" for name, value in {**settings, "room": memory}.items()]
            self._process = subprocess.Popen(
                [*command, wire.to_json(signature), *words],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[settings["model"], memory],
                env=_ENVIRONMENT,
                cwd="/",
                start_new_session=True,
            )
        self._deadline = 0.0

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, free: Sequence[int], answer: int, seconds: float) -> list[Floats]:
        """What lies in the room. Raises ``_Lost``. ``answer``: how many bytes a good answer has."""
        self._deadline = time.monotonic() + seconds
        try:
            self._left()
            self._socket.sendall(wire.head(free))
            self._answer(Said.ARRAYS, answer)
        except TimeoutError:
            raise _Lost(f"the model took longer than {seconds:g} seconds") from None
        except (BrokenPipeError, ConnectionResetError):
            raise _Lost("the model's worker died") from None
        return self.room.untrusted_answer(free)

    def wait_ready(self) -> None:
        """Raises ``SandboxMissing`` or ``HelpMissing``."""
        self._deadline = time.monotonic() + _START_SECONDS
        try:
            self._answer(Said.READY, 0)
        except (TimeoutError, ConnectionResetError, _Lost) as error:
            raise HelpMissing(f"The model's worker did not start: {error}.") from error

    def _answer(self, wanted: Said, size: int) -> None:
        what, said = ANSWER.unpack(self._read(ANSWER.size))
        if what == wanted and said == size:
            return
        if wanted is Said.READY and what in (Said.NO_SANDBOX, Said.NO_LIBRARY):
            words = bytes(self._read(min(said, MOST_WORDS))).decode(errors="replace")
            raise SandboxMissing(words) if what == Said.NO_SANDBOX else HelpMissing(words)
        raise _Lost("the model's worker sent what makes no sense")

    def _read(self, size: int) -> bytearray:
        untrusted = bytearray()
        while len(untrusted) < size:
            self._left()
            more = self._socket.recv(size - len(untrusted))
            if not more:
                raise _Lost("the model's worker died")
            untrusted += more
        return untrusted

    def _left(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)

    def end(self) -> None:
        self._process.kill()  # what it watches over dies with it
        self._process.wait()
        self._socket.close()


class ModelWorker:
    """As ``Inference``: one model in one locked process, started at the first request.

    ``command`` runs ``daylight.media.inference.worker``. Raises ``ModelRefused`` unless ``model``
    is what ``digest`` says.
    """

    def __init__(
        self,
        command: Sequence[str],
        model: bytes,
        digest: Digest,
        signature: Signature,
        limits: InferenceLimits = InferenceLimits(),
    ) -> None:
        if hashlib.sha256(model).digest() != digest:
            raise ModelRefused("a model's bytes are not those that were pinned")
        self.signature = signature
        self._command = command
        self._limits, self._size = limits, len(model)
        self._threads = min(signature.threads, len(os.sched_getaffinity(0)))
        self._model = _sealed(model)
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._closed = False

    def run(self, free: Sequence[int], inputs: Sequence[Numbers]) -> list[Floats]:
        self.signature.check(free)
        size = length(self.signature.outputs, free)
        with self._lock:
            worker = self._live()
            asked = False
            try:
                worker.room.ask(free, inputs)
                answer = worker.ask(free, size, self._limits.wall_seconds)
                asked = True
            except _Lost as lost:
                raise InferenceFailed(str(lost)) from lost
            finally:
                if not asked:  # also when interrupted: its answer would be taken for the next one's
                    self._drop()
        return believed(answer)

    def _live(self) -> _Worker:
        if self._closed:
            raise UsageError("The model's worker was closed.")
        if self._worker is not None and not self._worker.alive:
            self._drop()
        if self._worker is None:
            settings = {"model": self._model, "size": self._size, "threads": self._threads}
            settings["memory"] = self._limits.memory_bytes
            self._worker = _Worker(self._command, self.signature, settings)
            ready = False
            try:
                self._worker.wait_ready()
                ready = True
            finally:
                if not ready:
                    self._drop()
        return self._worker

    def _drop(self) -> None:
        if self._worker is not None:
            self._worker.end()
            self._worker = None

    def close(self) -> None:
        with self._lock:
            self._drop()
            if not self._closed:
                os.close(self._model)
            self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _sealed(data: bytes) -> int:
    """The bytes as a file in memory that nobody can change."""
    number = os.memfd_create("model", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(number, rest) :]
    with suppress(OSError):  # an old kernel, or one that is hardened: the worker reads it once
        fcntl.fcntl(
            number,
            fcntl.F_ADD_SEALS,
            fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL,
        )
    return number
