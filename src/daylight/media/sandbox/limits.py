"""What a child may use of the machine, held by the kernel."""

import resource
from typing import Final

_OPEN_FILES: Final = 64  # beyond those it was given
# The user's tasks in all, not the child's alone: a stop for thread bombs, far above honest use.
_TASKS: Final = 4096


def _set(what: int, soft: int, hard: int | None = None) -> None:
    _, ceiling = resource.getrlimit(what)
    wanted = soft if hard is None else hard
    if ceiling != resource.RLIM_INFINITY:
        soft, wanted = min(soft, ceiling), min(wanted, ceiling)
    resource.setrlimit(what, (soft, wanted))


def apply(*, memory_bytes: int, cpu_seconds: int, files: int) -> None:
    """Set the rlimits of the calling process; ``files`` is how many descriptors it was given.

    ``memory_bytes`` bounds the address space, which is more than what is resident. Past
    ``cpu_seconds`` of processor time comes SIGXCPU, and a second later SIGKILL.
    """
    _set(resource.RLIMIT_AS, memory_bytes)
    _set(resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 1)
    _set(resource.RLIMIT_FSIZE, 0)
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_MEMLOCK, 0)
    _set(resource.RLIMIT_NPROC, _TASKS)
    _set(resource.RLIMIT_NOFILE, files + _OPEN_FILES)
