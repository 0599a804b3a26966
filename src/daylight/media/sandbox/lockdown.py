"""Lock the calling process in: limits, no privileges, Landlock, system call filter. No way back."""

import contextlib
import ctypes
import os
import platform
import signal
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from daylight.errors import SandboxMissing
from daylight.media.sandbox import landlock, libc, limits, seccomp

_NOBODY: Final = 65534
_CAPSET: Final = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION_3: Final = 0x2008_0522
_Buffer = ctypes.Array[ctypes.c_char]


@dataclass(frozen=True, slots=True)
class Cage:
    """``parent`` is the process whose death ends this one; ``files`` how many it was given.

    ``threads``: whether it may start more of them.
    """

    parent: int
    memory_bytes: int
    cpu_seconds: int
    files: int
    threads: bool = True


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
    rules = _rules(cage)
    _apply(cage)
    enclose(cage.parent)
    seccomp.install(rules)


def enclose(parent: int) -> None:
    """The part of ``lock_down`` that holds for the thread that asks, and for all that it starts afterwards.

    For a process that is to have several threads, and has one now. No file can be opened from here on.
    """
    version = landlock.known_abi()
    libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
    _drop_privileges()
    _die_with(parent)
    libc.prctl(libc.PR_SET_DUMPABLE, 0)
    landlock.restrict_self(version)


def lock_threads(cage: Cage) -> None:
    """The rest of ``lock_down`` for a process that was enclosed before it had a second thread: for all of them at once."""
    _apply(cage)
    seccomp.install_everywhere(_rules(cage))


def _rules(cage: Cage) -> bytes:
    return seccomp.program(os.getpid(), threads=cage.threads)


def _apply(cage: Cage) -> None:
    limits.apply(memory_bytes=cage.memory_bytes, cpu_seconds=cage.cpu_seconds, files=cage.files)


def unheld(pid: int, filters: int) -> str:
    """Why a thread of another process is not held by all that a kernel tells of a thread; nothing if each is.

    ``filters``: how many were installed since it was forked from this one. Raises ``OSError`` where nobody may look.
    """
    own = _status(Path("/proc/thread-self")).get("Seccomp_filters")
    if own is None:
        raise OSError("this kernel does not tell how many filters a thread has")
    wanted = str(int(own) + filters)
    for thread in Path(f"/proc/{pid}/task").iterdir():
        told = _status(thread)
        held = {"NoNewPrivs": "1", "Seccomp": str(seccomp.MODE_FILTER), "Seccomp_filters": wanted}
        held |= dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapAmb"), "0" * 16)
        for name, value in held.items():
            if told.get(name) != value:
                return f"{name} is {told.get(name)} and not {value} in a thread of a process that was locked"
    return ""


def _status(thread: Path) -> Mapping[str, str]:
    lines = (thread / "status").read_text(encoding="ascii", errors="replace").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


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


def _lock_alone(cage: Cage) -> bytes:
    lock_down(cage)
    return _try_to_open()


def _lock_two(cage: Cage) -> bytes:
    """What the second thread, which was there before the lock, is told after it."""
    said: list[bytes] = []
    locked = threading.Event()

    def second() -> None:
        locked.wait()
        said.append(_try_to_open())

    enclose(cage.parent)
    thread = threading.Thread(target=second)
    thread.start()
    lock_threads(cage)
    locked.set()
    thread.join()
    return said[0]


def _trial(lock: Callable[[Cage], bytes], answer: int, wait: int, parent: int) -> None:
    """In a throw-away child: lock down and see that it holds."""
    try:
        said = lock(Cage(parent=parent, memory_bytes=4 << 30, cpu_seconds=10, files=8))
    except (SandboxMissing, OSError) as error:
        os.write(answer, str(error).encode())
    else:
        os.write(answer, said)
        os.read(wait, 1)
    finally:
        os._exit(0)


def _work_out() -> None:
    """What is the same for all children of this process is known before they are forked."""
    landlock.known_abi()
    seccomp.program(os.getpid())
    _no_capability()


def _tried(lock: Callable[[Cage], bytes], look: Callable[[int], str]) -> str:
    """What a child says that was locked, or ``look`` of it; nothing if it holds."""
    _work_out()
    receive, answer = os.pipe()
    wait, go = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        os.close(go)
        _trial(lock, answer, wait, parent)
    os.close(answer)
    os.close(wait)
    said = os.read(receive, 1000)
    os.close(receive)
    try:
        if said == b"held":
            return look(child)
    finally:
        os.close(go)
        os.waitpid(child, 0)
    return said.decode(errors="replace") or "The trial of the sandbox was cut short."


def check() -> None:
    """Try the whole lock-down in a child; raises ``SandboxMissing`` unless it holds.

    Once for a zygote, before the first of its children.
    """
    why = _tried(_lock_alone, lambda _: "")
    if why:
        raise SandboxMissing(why)


def holds_threads() -> bool:
    """Whether several threads can be locked together here, and looked at afterwards: tried in a child.

    Not where a kernel cannot, or where ``/proc`` hides processes even from whoever started them.
    """
    try:
        return not _tried(_lock_two, lambda child: unheld(child, 1))
    except OSError:
        return False
