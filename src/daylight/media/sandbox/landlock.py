"""Landlock with no rule at all: nothing in the file system can be opened, made or changed.

Landlock rules are checked in the kernel's own path walk, so they hold whatever name a path is given.
Each ABI version knows more rights; all those that the running kernel knows are handled, and none is
granted. Source: Documentation/userspace-api/landlock.rst and include/uapi/linux/landlock.h.
"""

import ctypes
import errno
import os
import struct
from functools import cache
from typing import Final

from daylight.errors import SandboxMissing
from daylight.media.sandbox import libc

# These three have the same number on every architecture.
_CREATE_RULESET: Final = 444
_RESTRICT_SELF: Final = 446
_CREATE_RULESET_VERSION: Final = 1

# (ABI that brought it, how many rights are known from then on)
_FILE_RIGHTS: Final = ((1, 13), (2, 14), (3, 15), (5, 16))
_READING: Final = 0b1101  # EXECUTE, READ_FILE, READ_DIR
_NET_RIGHTS: Final = ((4, 2),)  # TCP bind, TCP connect
_SCOPES: Final = ((6, 2),)  # abstract unix sockets, signals


def abi() -> int:
    """The Landlock version of the running kernel; raises ``SandboxMissing`` if there is none."""
    try:
        return libc.syscall(_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            why = "Landlock is in this kernel but was switched off at boot (see lsm=)"
        else:
            why = "this kernel has no Landlock"
        raise SandboxMissing(f"Hostile media cannot be opened safely: {why}.") from error


@cache
def known_abi() -> int:
    """As ``abi``, asked of the kernel once: a child has it from its zygote."""
    return abi()


def _mask(table: tuple[tuple[int, int], ...], version: int) -> int:
    known = max((count for since, count in table if version >= since), default=0)
    return (1 << known) - 1


def ruleset(version: int) -> bytes:
    """``struct landlock_ruleset_attr`` as long as this ABI version knows it."""
    words = [_mask(_FILE_RIGHTS, version)]
    if version >= 4:
        words.append(_mask(_NET_RIGHTS, version))
    if version >= 6:
        words.append(_mask(_SCOPES, version))
    return struct.pack(f"={len(words)}Q", *words)


def read_only(version: int) -> bytes:
    """As ``ruleset``, of files alone, and reading (and running) them is left."""
    return struct.pack("=Q", _mask(_FILE_RIGHTS, version) & ~_READING)


def restrict_self(version: int, attributes: bytes = b"") -> None:
    """Shut the calling thread in, for good: out of everything, or of what ``attributes`` say.

    Needs no_new_privs; raises ``OSError``.
    """
    attributes = attributes or ruleset(version)
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    handle = libc.syscall(_CREATE_RULESET, buffer, len(attributes), 0)
    try:
        libc.syscall(_RESTRICT_SELF, handle, 0)
    finally:
        os.close(handle)
