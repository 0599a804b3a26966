"""Reading ahead: a thread makes what comes next, while who takes it is at work with what came before."""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

One = TypeVar("One")


def ahead(source: Iterator[One], most: int) -> Generator[One, None, None]:
    """The same, in the same order; what ``source`` raises comes out where it would have come next.

    At most ``most`` are there before they are taken. All of ``source`` runs in one thread, which is gone when this
    was gone through, or was closed.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as pool:
        coming: deque[Future[One | None]] = deque()
        try:
            for _ in range(most):
                coming.append(pool.submit(next, source, None))
            while (one := coming.popleft().result()) is not None:
                coming.append(pool.submit(next, source, None))
                yield one
        finally:
            for future in coming:
                future.cancel()
