"""The few kernel calls that Python's ``os`` does not offer, through the C library."""

import contextlib
import ctypes
import os
from typing import Final

PR_SET_PDEATHSIG: Final = 1
PR_SET_DUMPABLE: Final = 4
PR_SET_NAME: Final = 15
PR_GET_NAME: Final = 16
PR_SET_SECCOMP: Final = 22
PR_SET_NO_NEW_PRIVS: Final = 38

_libc: Final = ctypes.CDLL(None, use_errno=True)
_libc.prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)
_libc.prctl.restype = ctypes.c_int
_libc.syscall.restype = ctypes.c_long
_holding: Final = ctypes.PyDLL(None, use_errno=True)  # does not let go of Python's lock meanwhile


def prctl(option: int, argument: int = 0, second: int = 0) -> None:
    """Set a property of the calling process; raises ``OSError``."""
    if _libc.prctl(option, argument, second, 0, 0) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def fork() -> int:
    """``os.fork`` without what Python does in the child: new locks, new seeds, threads forgotten.

    A process with one thread, as a zygote is, needs none of it, and it makes the kernel copy two
    hundred pages. Raises ``OSError``.
    """
    child = int(_holding.fork())
    if child < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return child


def give_back_memory() -> None:
    """What was freed goes back to the kernel: a child then gets empty pages, not copies of old ones."""
    with contextlib.suppress(AttributeError):  # a C library that keeps nothing back
        _libc.malloc_trim(0)


def syscall(number: int, *arguments: int | ctypes.Array[ctypes.c_char] | None) -> int:
    """Make any system call, with word-sized arguments or buffers; raises ``OSError``."""
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    result = int(_libc.syscall(ctypes.c_long(number), *words))
    if result < 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno))
    return result
