"""Lock the calling process in: limits, no privileges, Landlock, system call filter. No way back."""

import contextlib
import ctypes
import os
import platform
import signal
import struct
from dataclasses import dataclass
from functools import cache
from typing import Final

from daylight.errors import SandboxMissing
from daylight.media.sandbox import landlock, libc, limits, seccomp

_NOBODY: Final = 65534
_CAPSET: Final = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION_3: Final = 0x2008_0522
_Buffer = ctypes.Array[ctypes.c_char]


@dataclass(frozen=True, slots=True)
class Cage:
    """``parent`` is the process whose death ends this one; ``files`` how many it was given."""

    parent: int
    memory_bytes: int
    cpu_seconds: int
    files: int


def _drop_privileges() -> None:
    """Become nobody when root (where a container allows it), and give up every capability."""
    if os.geteuid() == 0:
        # In a user namespace without these ids, or without CAP_SETUID, the rest has to do.
        with contextlib.suppress(OSError):
            os.setgroups([])
        with contextlib.suppress(OSError):
            os.setresgid(_NOBODY, _NOBODY, _NOBODY)
            os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    number, header, nothing = _no_capability()
    libc.syscall(number, header, nothing)


@cache
def _no_capability() -> tuple[int, _Buffer, _Buffer]:
    """The system call's number, and what it takes."""
    header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), 8)
    return _CAPSET[platform.machine()], header, ctypes.create_string_buffer(24)


def _die_with(parent: int) -> None:
    # After the change of user, which would clear it.
    libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it died before the line above


def lock_down(cage: Cage) -> None:
    """Lock the calling, single-threaded process; raises ``SandboxMissing`` or ``OSError``.

    The order matters: what needs a file or a right comes before what takes it away.
    """
    version = landlock.known_abi()
    rules = seccomp.program(os.getpid())
    limits.apply(memory_bytes=cage.memory_bytes, cpu_seconds=cage.cpu_seconds, files=cage.files)
    libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
    _drop_privileges()
    _die_with(cage.parent)
    libc.prctl(libc.PR_SET_DUMPABLE, 0)
    landlock.restrict_self(version)
    seccomp.install(rules)


def renounce() -> None:
    """No socket and nothing written from here on, by the calling, single-threaded process.

    For the time in which foreign code is loaded, before ``lock_down``; files can still be read.
    Raises ``SandboxMissing`` or ``OSError``.
    """
    version = landlock.abi()
    libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
    landlock.restrict_self(version, landlock.read_only(version))
    seccomp.install(seccomp.without_sockets())


def _try_to_open() -> bytes:
    try:
        os.close(os.open("/", os.O_RDONLY))
    except PermissionError:
        return b"held"
    return b"The sandbox does not hold on this kernel: a file could be opened from inside."


def _trial(answer: int, parent: int) -> None:
    """In a throw-away child: lock down and see that it holds."""
    try:
        lock_down(Cage(parent=parent, memory_bytes=4 << 30, cpu_seconds=10, files=8))
    except (SandboxMissing, OSError) as error:
        os.write(answer, str(error).encode())
    else:
        os.write(answer, _try_to_open())
    finally:
        os._exit(0)


def _work_out() -> None:
    """What is the same for all children of this process is known before they are forked."""
    landlock.known_abi()
    seccomp.program(os.getpid())
    _no_capability()


def check() -> None:
    """Try the whole lock-down in a child; raises ``SandboxMissing`` unless it holds.

    Once for a zygote, before the first of its children.
    """
    _work_out()
    receive, answer = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        _trial(answer, parent)
    os.close(answer)
    said = os.read(receive, 1000)
    os.close(receive)
    os.waitpid(child, 0)
    if said != b"held":
        why = said.decode(errors="replace") or "The trial of the sandbox was cut short."
        raise SandboxMissing(why)
