"""The worker of one model: ``python -I -m daylight.media.inference.worker SIGNATURE name=number …``.

The parent's socket is standard input; ``model`` is the descriptor of the model's bytes, which the
parent has checked. Before the library is loaded this process gives up sockets and writing; once it is,
all files and rights, so that what it starts as threads has none either. After a
warm-up all threads are locked as every decoder is, and from then on it sees nothing but numbers. A second
process waits beside it, so that it dies with its parent, and not with the thread that started it; it looks at
each thread before it says that the worker is ready.

Nothing is caught here: a request that the library does not survive ends the worker, and the parent
says so.
"""

import os
import select
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, NoReturn

from daylight.errors import SandboxMissing
from daylight.media.inference.arrays import Floats
from daylight.media.inference.base import Signature, length
from daylight.media.inference.room import Room, size_of
from daylight.media.inference.wire import (
    ANSWER,
    HEAD,
    MOST_WORDS,
    Said,
    free_of,
    from_json,
    settings_of,
)
from daylight.media.sandbox import lockdown

_SOCKET: Final = 0
_CPU_SECONDS: Final = 7 * 24 * 3600  # it lives as long as its parent, who holds the clock
_WARM: Final = 3  # the free numbers of the warm-up, at most
# Microseconds that a thread waits awake for its next part. Between two parts of one request there are fewer; without, each
# costs a call of the kernel, and with the library's own 1,000 or more, others on a busy machine wait for who does nothing.
_SPIN: Final = "20"
_FILTERS: Final = (
    2  # of system calls, that a locked thread is under: no sockets, and then hardly anything
)
_LOCKED: Final = b"l"

Run = Callable[[Sequence[int], list[Floats]], list[Floats]]
Load = Callable[[bytes, Signature], Run]
Library = Callable[[], None]


def import_onnx() -> None:
    """The library, after sockets and writing are gone, and before files are."""
    import onnxruntime  # noqa: F401


def load_onnx(model: bytes, signature: Signature) -> Run:
    """A session of as many threads as the signature says; what it answers is the same with any number of them."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads, options.intra_op_num_threads = 1, signature.threads
    options.add_session_config_entry("session.intra_op.spin_duration_us", _SPIN)
    options.add_session_config_entry("session.force_spinning_stop", "1")
    # The library's arena is kept from request to request, in large pages (``client``). Its plan of one block for
    # each shape takes a half more memory; the C library's own, without the arena, as much, grows, and is slower by a quarter.
    options.enable_cpu_mem_arena, options.enable_mem_pattern = True, False
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    wanted = [port.name for port in signature.outputs]

    def run(free: Sequence[int], inputs: list[Floats]) -> list[Floats]:
        del free
        named = {port.name: one for port, one in zip(signature.inputs, inputs, strict=True)}
        found: list[Floats] = session.run(wanted, named)
        return found

    return run


def _say(what: Said, size: int = 0, words: bytes = b"") -> None:
    rest = memoryview(ANSWER.pack(what, size) + words)
    while rest:
        rest = rest[os.write(_SOCKET, rest) :]


def _read(size: int) -> bytes:
    """Exactly so many bytes, or none when the parent is gone."""
    data = bytearray()
    while len(data) < size:
        more = os.read(_SOCKET, size - len(data))
        if not more:
            return b""
        data += more
    return bytes(data)


def _refuse(what: Said, words: str) -> NoReturn:
    told = words.encode()[:MOST_WORDS]
    _say(what, len(told), told)
    os._exit(0)


def _warm_up(run: Run, room: Room) -> None:
    """What is set up at first use is set up now; the shapes of the answers are those pinned."""
    free = [min(_WARM, most) for most in room.signature.most]
    room.answer(free, run(free, room.asked(free)))


def _prepare(
    load: Load, library: Library, room: Room, settings: dict[str, int], parent: int
) -> Run:
    try:
        lockdown.renounce()
        model = os.pread(settings["model"], settings["size"], 0)
        os.close(settings["model"])
        library()
        tasks = os.open("/proc/self/task", os.O_RDONLY)  # can be listed when nothing can be opened
        _count(tasks, 1, "when what runs models was loaded")
        lockdown.enclose(parent)
        run = load(model, room.signature)
        _warm_up(run, room)
        _count(tasks, room.signature.threads, "after its warm-up")
        os.close(tasks)
        memory = settings["memory"] + size_of(room.signature)
        cage = lockdown.Cage(parent, memory, _CPU_SECONDS, files=3, threads=False)
        lockdown.lock_threads(cage)
    except SandboxMissing as error:
        _refuse(Said.NO_SANDBOX, str(error))
    except ImportError as error:
        _refuse(Said.NO_LIBRARY, f"What runs models is not installed: {error}")
    return run


def _count(tasks: int, wanted: int, when: str) -> None:
    """A thread has what the one had that started it: one that is older than a lock, and unknown, is not held by it."""
    threads = len(os.listdir(tasks))
    if threads != wanted:
        raise SandboxMissing(f"The model's worker has {threads} threads {when}, not {wanted}.")


def _serve(run: Run, room: Room) -> None:
    while data := _read(HEAD.size):
        free = free_of(data, room.signature)
        room.answer(free, run(free, room.asked(free)))
        _say(Said.ARRAYS, length(room.signature.outputs, free))


def _watch(child: int) -> None:
    """Until the child ended, or the parent did: then the child dies with this process."""
    handle = os.pidfd_open(child)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(_SOCKET, select.POLLHUP | select.POLLRDHUP)
    poll.poll()


def _tidy(settings: dict[str, int]) -> None:
    """Nothing stays open but null, the socket and the model, and no way to what lies behind the room; memory is short
    here first.
    """
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (1, 2):
        os.dup2(null, standard)
    os.closerange(3, settings["model"])
    os.closerange(settings["model"] + 1, 512)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800", encoding="ascii")


def _tell(child: int, locked: int, threads: int) -> None:
    """Ready, or why not. The child says itself what it refuses, and then nothing is said here.

    A lock asked for by the only thread needs nobody who looks: where ``/proc`` hides it, it is believed.
    """
    said = os.read(locked, 1)
    os.close(locked)
    if said != _LOCKED:
        return
    try:
        why = lockdown.unheld(child, _FILTERS)
    except OSError as error:
        why = f"The model's worker cannot be looked at: {error}." if threads > 1 else ""
    if why:
        _refuse(Said.NO_SANDBOX, why)
    _say(Said.READY)


def _nothing() -> None:
    """For a worker that needs no library."""


def main(load: Load, words: Sequence[str], library: Library = _nothing) -> None:
    signature, settings = from_json(words[0]), dict(settings_of(words[1:]))
    room = Room.behind(settings["room"], signature)
    _tidy(settings)
    try:
        lockdown.check()
    except SandboxMissing as error:
        _refuse(Said.NO_SANDBOX, str(error))
    many = settings["threads"] > 1 and lockdown.holds_threads()
    room = replace(room, signature=replace(signature, threads=settings["threads"] if many else 1))
    parent = os.getpid()
    locked, say = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(locked)
            run = _prepare(load, library, room, settings, parent)
            os.write(say, _LOCKED)
            os.close(say)
            _serve(run, room)
        finally:
            os._exit(int(sys.exc_info()[0] is not None))
    os.close(say)
    _tell(child, locked, room.signature.threads)
    _watch(child)


if __name__ == "__main__":
    main(load_onnx, sys.argv[1:], import_onnx)
