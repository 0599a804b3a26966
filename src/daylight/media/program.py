"""What runs inside the sandboxed child.

A program gets a request (JSON), open read-only descriptors, and a way to send messages back; it
returns when it is done and raises to say that it failed. It is looked up by name in the table that
the zygote was started with, so that this room knows none of its users.

Inside, no path can be opened or asked about: everything a program imports must be imported before
(by the worker module or its warm-up), and the size of a file is ``os.lseek(fd, 0, os.SEEK_END)``
(``os.fstat`` fails where the C library makes a path call of it).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None


class Emit(Protocol):
    def __call__(self, kind: str, facts: Json, payload: bytes = b"") -> None:
        """Send one message; blocks while the parent is slow. Too long a message ends the child.

        ``kind`` has at most 64 characters. For one thread at a time.
        """
        ...


Request = Mapping[str, Json]
Program = Callable[[Request, Sequence[int], Emit], None]
Programs = Mapping[str, Program]
