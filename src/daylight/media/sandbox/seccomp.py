"""The system call filter of the child: an allow-list, written as classic BPF.

Four answers, from mild to final:

- *allow*: what decoding files that are already open takes;
- *errno* EACCES for whatever names a path, EPERM for executable memory, ENOTTY for ioctl: harmless
  libraries try these and carry on without;
- *errno* ENOSYS for all else, known or not yet invented, so that the C library falls back to what
  is allowed (``clone3`` to ``clone``);
- *kill* for what only an intruder does: sockets, processes, other processes' memory and signals,
  io_uring, kernel doors, a foreign calling convention.

Source: Documentation/userspace-api/seccomp_filter.rst; include/uapi/linux/{filter,seccomp}.h.
"""

import ctypes
import errno
import fcntl
import platform
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from daylight.errors import SandboxMissing
from daylight.media.sandbox import libc
from daylight.media.sandbox.syscalls import ALLOWED, FATAL, GUARDED, IOCTL, PATHS

_KILL: Final = 0x8000_0000  # the whole process, by SIGSYS
_ALLOW: Final = 0x7FFF_0000
_ERRNO: Final = 0x0005_0000
_X32_BIT: Final = 0x4000_0000
MODE_FILTER: Final = 2  # also what a thread's status says of it
_SECCOMP: Final = {"x86_64": 317, "aarch64": 277}
_SET_MODE_FILTER: Final = 1
_ALL_THREADS: Final = 1  # SECCOMP_FILTER_FLAG_TSYNC: of them all, or of none

_PROT_EXEC: Final = 0x4
_CLONE_THREAD: Final = 0x0001_0000
# What glibc and musl ask for when they start a thread; not one flag more (no new namespace).
_THREAD_FLAGS: Final = 0x007D_0F00

_ANYBODY: Final = 0xFFFF_FFFF  # no process has this id; in place of it until it is known

# Offsets in struct seccomp_data; both architectures are little-endian.
_NUMBER: Final = 0
_ARCH: Final = 4


@dataclass(frozen=True, slots=True)
class Architecture:
    audit: int  # AUDIT_ARCH_*
    column: int  # of the tables in syscalls.py
    x32: bool  # has a second set of numbers, marked by one bit


_ARCHITECTURES: Final = {
    "x86_64": Architecture(audit=0xC000_003E, column=0, x32=True),
    "aarch64": Architecture(audit=0xC000_00B7, column=1, x32=False),
}

Code = list[bytes]


def _instruction(code: int, k: int, jump_true: int = 0, jump_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, jump_true, jump_false, k & 0xFFFF_FFFF)


def _load(offset: int) -> bytes:
    return _instruction(0x20, offset)  # BPF_LD | BPF_W | BPF_ABS


def _argument(index: int, *, high: bool = False) -> bytes:
    return _load(16 + 8 * index + (4 if high else 0))


def _return(value: int) -> bytes:
    return _instruction(0x06, value)  # BPF_RET | BPF_K


def _deny(number: int) -> bytes:
    return _return(_ERRNO | number)


def _if_equal(value: int, then: Code) -> Code:
    return [_instruction(0x15, value, 0, len(then)), *then]  # BPF_JMP | BPF_JEQ


def _if_at_least(value: int, then: Code) -> Code:
    return [_instruction(0x35, value, 0, len(then)), *then]  # BPF_JMP | BPF_JGE


def _if_any_bit(bits: int, then: Code) -> Code:
    return [_instruction(0x45, bits, 0, len(then)), *then]  # BPF_JMP | BPF_JSET


def _one_of(index: int, values: Iterable[int], otherwise: int) -> Code:
    """Allow when the low word of an argument is one of ``values``."""
    code: Code = [_argument(index)]
    for value in values:
        code += _if_equal(value, [_return(_ALLOW)])
    return [*code, _return(otherwise)]


def _without_exec() -> Code:
    return [_argument(2), *_if_any_bit(_PROT_EXEC, [_deny(errno.EPERM)]), _return(_ALLOW)]


def _threads_only() -> Code:
    return [
        _argument(0),
        *_if_any_bit(~_THREAD_FLAGS, [_return(_KILL)]),
        *_if_any_bit(_CLONE_THREAD, [_return(_ALLOW)]),
        _return(_KILL),
    ]


def _limits_read_only() -> Code:
    """prlimit64 with no new limit (a null pointer, both halves) of the calling process."""
    return [
        _argument(2, high=True),
        _instruction(0x15, 0, 1, 0),
        _deny(errno.EPERM),
        _argument(2),
        _instruction(0x15, 0, 1, 0),
        _deny(errno.EPERM),
        *_one_of(0, [0], _ERRNO | errno.EPERM),
    ]


def _itself(pid: int) -> Code:
    return _if_equal(pid, [_return(_ALLOW)])


def _guards(pid: int, *, threads: bool) -> dict[str, Code]:
    no = _ERRNO | errno.EPERM
    harmless_fcntl = [fcntl.F_GETFD, fcntl.F_GETFL, fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC]
    return {
        "mmap": _without_exec(),
        "mprotect": _without_exec(),
        "clone": _threads_only() if threads else [_return(_KILL)],
        "fcntl": _one_of(1, harmless_fcntl, no),
        "prctl": _one_of(0, [libc.PR_SET_NAME, libc.PR_GET_NAME], no),
        "tgkill": [_argument(0), *_itself(pid), _return(_KILL)],  # abort(3) signals itself
        "prlimit64": _limits_read_only(),
    }


def _architecture() -> Architecture:
    try:
        return _ARCHITECTURES[platform.machine()]
    except KeyError:
        raise SandboxMissing(
            "Hostile media cannot be opened safely: there is no system call table for this"
            f" processor ({platform.machine()})."
        ) from None


def _answers(names: dict[str, tuple[int | None, int | None]], column: int, answer: bytes) -> Code:
    code: Code = []
    for numbers in names.values():
        number = numbers[column]
        if number is not None:
            code += _if_equal(number, [answer])
    return code


def program(pid: int, *, threads: bool = True) -> bytes:
    """The filter for the process ``pid`` on this machine, as an array of ``struct sock_filter``.

    ``threads``: whether it may start any. All but the id is worked out once, in the zygote: it is the same for
    all its children.
    """
    before, after = _around_itself(_architecture(), threads)
    return b"".join([before, *_itself(pid), after])


@cache
def _around_itself(here: Architecture, threads: bool) -> tuple[bytes, bytes]:
    """What of the filter comes before the process's own id, and after."""
    code, own = _code(here, _ANYBODY, threads=threads), _itself(_ANYBODY)
    (at,) = (n for n in range(len(code)) if code[n : n + len(own)] == own)
    return b"".join(code[:at]), b"".join(code[at + len(own) :])


def _code(here: Architecture, pid: int, *, threads: bool) -> Code:
    column = here.column
    code: Code = [_load(_ARCH), _instruction(0x15, here.audit, 1, 0), _return(_KILL)]
    code.append(_load(_NUMBER))
    if here.x32:
        code += _if_at_least(_X32_BIT, [_return(_KILL)])
    code += _answers(ALLOWED, column, _return(_ALLOW))
    for name, guard in _guards(pid, threads=threads).items():
        number = GUARDED[name][column]
        if number is not None:
            code += _if_equal(number, guard)
    code += _answers({"ioctl": IOCTL}, column, _deny(errno.ENOTTY))
    code += _answers(PATHS, column, _deny(errno.EACCES))
    code += _answers(FATAL, column, _return(_KILL))
    return [*code, _deny(errno.ENOSYS)]


def without_sockets() -> bytes:
    """A filter that only refuses sockets: for loading a library that is not to talk to anybody."""
    here = _architecture()
    code: Code = [_load(_ARCH), _instruction(0x15, here.audit, 1, 0), _return(_KILL)]
    code.append(_load(_NUMBER))
    if here.x32:
        code += _if_at_least(_X32_BIT, [_return(_KILL)])
    talking = {name: FATAL[name] for name in ("socket", "socketpair", "io_uring_setup")}
    code += _answers(talking, here.column, _deny(errno.EACCES))
    return b"".join([*code, _return(_ALLOW)])


def install(filter_program: bytes) -> None:
    """Put the calling thread, and all it starts, under the filter for good.

    Needs no_new_privs. Raises ``SandboxMissing`` where the kernel takes no filters.
    """
    code = ctypes.create_string_buffer(filter_program, len(filter_program))
    pointer = _header(code)
    try:
        libc.prctl(libc.PR_SET_SECCOMP, MODE_FILTER, ctypes.addressof(pointer))
    except OSError as error:
        raise _missing(str(error.strerror)) from error


def install_everywhere(filter_program: bytes) -> None:
    """As ``install``, of every thread that the process has: they all are under it, or none is.

    A thread that has filters of its own, which the calling one has not, cannot be put under it.
    """
    code = ctypes.create_string_buffer(filter_program, len(filter_program))
    pointer, number = _header(code), _SECCOMP[platform.machine()]
    try:
        left = libc.syscall(number, _SET_MODE_FILTER, _ALL_THREADS, pointer)
    except OSError as error:
        raise _missing(str(error.strerror)) from error
    if left:
        raise _missing(f"thread {left} stays outside")


def _header(code: "ctypes.Array[ctypes.c_char]") -> "ctypes.Array[ctypes.c_char]":
    """What the kernel calls ``struct sock_fprog``: the number of instructions, padding, a pointer to them."""
    header = struct.pack("=H6xQ", len(code) // 8, ctypes.addressof(code))
    return ctypes.create_string_buffer(header, len(header))


def _missing(why: str) -> SandboxMissing:
    return SandboxMissing(
        f"Hostile media cannot be opened safely: this kernel takes no seccomp filter ({why})."
    )
