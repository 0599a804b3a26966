"""The worker of one model: ``python -I -m daylight.media.inference.worker SIGNATURE name=number …``.

The parent's socket is standard input; ``model`` is the descriptor of the model's bytes, which the
parent has checked. Before the library is loaded this process gives up sockets and writing; after a
warm-up it locks itself as every decoder does, and from then on sees nothing but numbers. A second
process waits beside it, so that it dies with its parent, and not with the thread that started it.

Nothing is caught here: a request that the library does not survive ends the worker, and the parent
says so.
"""

import os
import select
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

import numpy as np

from daylight.errors import SandboxMissing
from daylight.media.inference.arrays import Floats, kind, packed, unpacked
from daylight.media.inference.base import Signature, length
from daylight.media.inference.wire import ANSWER, HEAD, Said, free_of, from_json, settings_of
from daylight.media.sandbox import lockdown

_SOCKET: Final = 0
_CPU_SECONDS: Final = 7 * 24 * 3600  # it lives as long as its parent, who holds the clock
_WARM: Final = 3  # the free numbers of the warm-up, at most

Run = Callable[[Sequence[int], list[Floats]], list[Floats]]
Load = Callable[[bytes, Signature], Run]


def load_onnx(model: bytes, signature: Signature) -> Run:
    """A session of one thread. The library is loaded here, after sockets and writing are gone."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    # The C library's memory is kept between requests instead (``client``): 180 MB where the library's own
    # arena and its plan of one block for each shape took 250, and as quick.
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    wanted = [port.name for port in signature.outputs]

    def run(free: Sequence[int], inputs: list[Floats]) -> list[Floats]:
        del free
        named = {port.name: one for port, one in zip(signature.inputs, inputs, strict=True)}
        found: list[Floats] = session.run(wanted, named)
        return found

    return run


def _say(what: Said, data: bytes = b"") -> None:
    for part in (ANSWER.pack(what, len(data)), data):
        rest = memoryview(part)
        while rest:
            rest = rest[os.write(_SOCKET, rest) :]


def _read(size: int) -> bytes:
    """Exactly so many bytes, or none when the parent is gone."""
    data = bytearray()
    while len(data) < size:
        more = os.read(_SOCKET, min(size - len(data), 1 << 20))
        if not more:
            return b""
        data += more
    return bytes(data)


def _refuse(what: Said, words: str) -> NoReturn:
    _say(what, words.encode()[:500])
    os._exit(0)


def _warm_up(run: Run, signature: Signature) -> None:
    """What is set up at first use is set up now; the shapes of the answers are those pinned."""
    free = [min(_WARM, most) for most in signature.most]
    _answer(run, signature, free, [np.zeros(p.sized(free), kind(p)) for p in signature.inputs])


def _answer(run: Run, signature: Signature, free: Sequence[int], inputs: list[Floats]) -> bytes:
    return packed(signature.outputs, free, run(free, inputs))


def _prepare(load: Load, signature: Signature, settings: dict[str, int], parent: int) -> Run:
    try:
        lockdown.renounce()
        model = os.pread(settings["model"], settings["size"], 0)
        os.close(settings["model"])
        run = load(model, signature)
        _warm_up(run, signature)
        threads = len(os.listdir("/proc/self/task"))
        if threads != 1:  # the lock holds for the thread that asks for it
            _refuse(Said.NO_SANDBOX, f"The model's worker has {threads} threads after its warm-up.")
        cage = lockdown.Cage(parent, settings["memory"], _CPU_SECONDS, files=3)
        lockdown.lock_down(cage)
    except SandboxMissing as error:
        _refuse(Said.NO_SANDBOX, str(error))
    except ImportError as error:
        _refuse(Said.NO_LIBRARY, f"What runs models is not installed: {error}")
    return run


def _serve(load: Load, signature: Signature, settings: dict[str, int], parent: int) -> None:
    run = _prepare(load, signature, settings, parent)
    _say(Said.READY)
    while data := _read(HEAD.size):
        free = free_of(data, signature)
        numbers = _read(length(signature.inputs, free))
        if not numbers:
            return
        _say(Said.ARRAYS, _answer(run, signature, free, unpacked(signature.inputs, free, numbers)))


def _watch(child: int) -> None:
    """Until the child ended, or the parent did: then the child dies with this process."""
    handle = os.pidfd_open(child)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(_SOCKET, select.POLLHUP | select.POLLRDHUP)
    poll.poll()


def _tidy(settings: dict[str, int]) -> None:
    """Nothing stays open but null, the socket and the model; memory is short here first."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (1, 2):
        os.dup2(null, standard)
    os.closerange(3, settings["model"])
    os.closerange(settings["model"] + 1, 512)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800", encoding="ascii")


def main(load: Load, words: Sequence[str]) -> None:
    signature, settings = from_json(words[0]), dict(settings_of(words[1:]))
    _tidy(settings)
    try:
        lockdown.check()
    except SandboxMissing as error:
        _refuse(Said.NO_SANDBOX, str(error))
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            _serve(load, signature, settings, parent)
        finally:
            os._exit(int(sys.exc_info()[0] is not None))
    _watch(child)


if __name__ == "__main__":
    main(load_onnx, sys.argv[1:])
