"""A process and all its children, stopped before each system call that changes files.

ptrace(2) with a seccomp(2) filter: only the calls in ``CALLS`` stop, so a traced import takes about
twice its time. It sees what the kernel sees: our own code, the forked crew, SQLite's C. At each stop
the caller decides: let it happen, make it fail with an errno, make it write less, or kill.

Linux on x86-64, Python's own ctypes; needs no compiler and no other tool.
"""

import ctypes
import errno
import os
import platform
import signal
import struct
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from typing import NoReturn

# Number and, by position, what each argument is.
CALLS = {
    1: ("write", "fd data size"),
    18: ("pwrite", "fd data size offset"),
    20: ("writev", "fd"),
    296: ("pwritev", "fd"),
    74: ("fsync", "fd"),
    75: ("fdatasync", "fd"),
    306: ("syncfs", "fd"),
    76: ("truncate", "path size"),
    77: ("ftruncate", "fd size"),
    285: ("fallocate", "fd"),
    2: ("create", "path flags"),
    85: ("create", "path"),
    257: ("create", "at path flags"),
    82: ("rename", "path target"),
    264: ("rename", "at path at target"),
    316: ("rename", "at path at target"),
    83: ("mkdir", "path"),
    258: ("mkdir", "at path"),
    84: ("unlink", "path"),
    87: ("unlink", "path"),
    263: ("unlink", "at path"),
    86: ("link", "path target"),
    265: ("link", "at path at target"),
    88: ("symlink", "path target"),
    266: ("symlink", "path at target"),
}
_FLAGS_AT = {2: 1, 257: 2}  # opening stops only where it may make a file

_TRACE = {"CONT": 7, "GETREGS": 12, "SETREGS": 13, "SYSCALL": 24, "SEIZE": 0x4206}
_OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x80 | 0x100000  # SYSGOOD, (V)FORK, CLONE, SECCOMP, EXITKILL
_EVENT_SECCOMP, _EVENT_STOP = 7, 128
_WALL = 0x40000000
_ARGUMENTS = (14, 13, 12, 7, 9, 8)  # rdi rsi rdx r10 r8 r9 in user_regs_struct
_RAX, _ORIG_RAX = 10, 15
_AT_FDCWD = -100

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


class Act(Enum):
    GO = "go"
    KILL = "kill"  # everybody, before the call happens
    KILL_ONE = "kill one"  # the process that calls
    TEAR = "tear"  # write half; what a kill or a full disk leaves
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Step:
    """One call, about to happen (``result`` None) or done. Paths are absolute, sizes in bytes.

    ``existed``: what it would make was there before. ``offset`` -1: where the file stands.
    """

    pid: int
    call: str
    path: bytes
    target: bytes = b""
    size: int = 0
    offset: int = -1
    existed: bool = False
    result: int | None = None


def available() -> str:
    """Empty, or why no process can be traced here."""
    if platform.machine() != "x86_64" or platform.system() != "Linux":
        return "the tracer knows Linux on x86-64 alone"
    try:
        code = Tracer(b"/", lambda _: Act.GO).run(lambda: 7)
    except OSError as error:
        return f"ptrace is not allowed here: {error.strerror}"
    return "" if code == 7 else "ptrace does not work here"


class Tracer:
    """``decide`` is asked before each call whose path lies under ``root``; ``done`` is told after it."""

    def __init__(
        self,
        root: bytes,
        decide: Callable[[Step], Act],
        done: Callable[[Step], None] | None = None,
        failure: int = errno.EIO,
    ) -> None:
        self._root, self._decide, self._done, self._failure = root, decide, done, failure
        self._main = 0
        self._under_way: dict[int, Step] = {}

    def run(self, job: Callable[[], int]) -> int | None:
        """Fork, run ``job`` traced to its end; its exit code, or None if it was killed."""
        go_reader, go_writer = os.pipe()
        self._main = os.fork()
        if self._main == 0:
            os.close(go_writer)
            _child(job, go_reader)
        os.close(go_reader)
        try:
            _ptrace("SEIZE", self._main, 0, _OPTIONS)
            os.write(go_writer, b"g")
        except OSError:
            os.kill(self._main, signal.SIGKILL)
            os.waitpid(self._main, 0)
            raise
        finally:
            os.close(go_writer)
        return self._follow()

    def _follow(self) -> int | None:
        code = None
        while True:
            try:
                pid, status = os.waitpid(-1, _WALL)
            except ChildProcessError:
                return code
            if os.WIFSTOPPED(status):
                self._stopped(pid, status)
            elif pid == self._main and os.WIFEXITED(status):
                code = os.WEXITSTATUS(status)

    def _stopped(self, pid: int, status: int) -> None:
        event, sign = status >> 16, os.WSTOPSIG(status)
        with suppress(ProcessLookupError):  # killed meanwhile
            if event == _EVENT_SECCOMP:
                self._at_call(pid)
            elif sign == signal.SIGTRAP | 0x80:
                self._after_call(pid)
            else:
                passed_on = 0 if event or sign == signal.SIGTRAP else sign
                _ptrace("CONT", pid, 0, passed_on)

    def _at_call(self, pid: int) -> None:
        registers = _registers(pid)
        step = _step(pid, registers)
        if not step.path.startswith(self._root):
            _ptrace("CONT", pid)
            return
        act = self._decide(step)
        if act is Act.KILL:
            os.killpg(self._main, signal.SIGKILL)
            return
        if act is Act.KILL_ONE:
            os.kill(pid, signal.SIGKILL)
            return
        if act is Act.FAIL:
            registers[_ORIG_RAX], registers[_RAX] = 2**64 - 1, 2**64 - self._failure
            _ptrace("SETREGS", pid, 0, ctypes.addressof(registers))
        if act is Act.TEAR:
            step = replace(step, size=half(step.size))
            registers[_ARGUMENTS[2]] = step.size
            _ptrace("SETREGS", pid, 0, ctypes.addressof(registers))
        if self._done is not None:
            self._under_way[pid] = step
        _ptrace("CONT" if self._done is None else "SYSCALL", pid)

    def _after_call(self, pid: int) -> None:
        step = self._under_way.pop(pid, None)
        if step is not None and self._done is not None:
            result = struct.unpack("q", struct.pack("Q", _registers(pid)[_RAX]))[0]
            self._done(replace(step, result=result))
        _ptrace("CONT", pid)


def half(size: int) -> int:
    """Of a write; of a large one whole blocks, as direct I/O gives them."""
    return size // 2 if size < 8192 else size // 2 // 4096 * 4096


def _child(job: Callable[[], int], go: int) -> NoReturn:
    code = 99
    try:
        os.setpgid(0, 0)
        if os.read(go, 1):
            _filter()
            code = job()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _filter() -> None:
    """Have the kernel stop this process and its children at the calls above."""
    no_new_privileges, set_seccomp, mode_filter = 38, 22, 2
    program = b"".join(_program())
    kept = ctypes.create_string_buffer(program, len(program))
    length_and_address = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(kept))
    _libc.prctl(no_new_privileges, 1, 0, 0, 0)
    if _libc.prctl(set_seccomp, mode_filter, length_and_address, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


def _program() -> Iterator[bytes]:
    """Classic BPF (seccomp(2)): trace the calls, an opening only with O_CREAT or O_TRUNC."""
    load, equal, any_bit, end = 0x20, 0x15, 0x45, 0x06
    trace, allow = 0x7FF00000, 0x7FFF0000
    plain = [number for number in CALLS if number not in _FLAGS_AT]
    last = len(plain) + 1 + 5 * len(_FLAGS_AT) + 1  # where "trace" stands, after "allow"
    yield struct.pack("HBBI", load, 0, 0, 0)
    for at, number in enumerate(plain, 1):
        yield struct.pack("HBBI", equal, last - at - 1, 0, number)
    for nth, (number, position) in enumerate(_FLAGS_AT.items()):
        at = len(plain) + 1 + 5 * nth
        yield struct.pack("HBBI", equal, 0, 4, number)
        yield struct.pack("HBBI", load, 0, 0, 16 + 8 * position)
        yield struct.pack("HBBI", any_bit, last - at - 3, 0, os.O_CREAT | os.O_TRUNC)
        yield struct.pack("HBBI", end, 0, 0, allow)
        yield struct.pack("HBBI", end, 0, 0, allow)
    yield struct.pack("HBBI", end, 0, 0, allow)
    yield struct.pack("HBBI", end, 0, 0, trace)


def _ptrace(request: str, pid: int, address: int = 0, data: int = 0) -> None:
    if _libc.ptrace(_TRACE[request], pid, address, data) == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _registers(pid: int) -> ctypes.Array[ctypes.c_ulonglong]:
    registers = (ctypes.c_ulonglong * 27)()
    _ptrace("GETREGS", pid, 0, ctypes.addressof(registers))
    return registers


def _step(pid: int, registers: ctypes.Array[ctypes.c_ulonglong]) -> Step:
    call, kinds = CALLS[registers[_ORIG_RAX]]
    paths: list[bytes] = []
    folder, size, offset = _AT_FDCWD, 0, -1
    for kind, place in zip(kinds.split(), _ARGUMENTS, strict=False):
        value = registers[place]
        if kind == "fd":
            paths.append(_link(pid, f"fd/{value}"))
        elif kind == "at":
            folder = ctypes.c_int(value & 0xFFFFFFFF).value
        elif kind in ("path", "target"):
            paths.append(_absolute(pid, folder, _text(pid, value)))
        elif kind == "size":
            size = value
        elif kind == "offset":
            offset = value
    made = paths[-1]
    target = made if len(paths) > 1 else b""
    return Step(pid, call, paths[0], target, size, offset, existed=os.path.lexists(made))


def _link(pid: int, name: str) -> bytes:
    try:
        return os.readlink(f"/proc/{pid}/{name}".encode())
    except FileNotFoundError:
        return b""


def _absolute(pid: int, folder: int, path: bytes) -> bytes:
    base = _link(pid, "cwd" if folder == _AT_FDCWD else f"fd/{folder}")
    return os.path.normpath(os.path.join(base, path))


def _text(pid: int, address: int) -> bytes:
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        memory.seek(address)
        text = b""
        while b"\0" not in text:  # by page: the next one may not be mapped
            text += memory.read(4096 - (address + len(text)) % 4096)
    return text.partition(b"\0")[0]
