"""Several things at once, and never more of them waiting than fit in memory."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from threading import Event
from typing import Final, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")
AT_ONCE: Final = 4  # hashing, encryption and disks release the interpreter's lock


def in_flight(work: Callable[[Task, Event], Result], tasks: Iterable[Task]) -> Iterator[Result]:
    """``work`` of every task, in threads, as each is done. What one raises ends all.

    The event is set when the others are to stop, see :func:`until`. ``work`` must not touch the
    catalogue: Django gives each thread a connection of its own.
    """
    halt = Event()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running: set[Future[Result]] = set()
        try:
            for task in tasks:
                running.add(pool.submit(work, task, halt))
                if len(running) >= AT_ONCE * 2:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (one.result() for one in done)
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (one.result() for one in done)
        finally:
            halt.set()
            pool.shutdown(wait=True, cancel_futures=True)


def until(halt: Event, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """``chunks``, cut off by ``CancelledError`` once ``halt`` is set; nobody waits for it then."""
    for chunk in chunks:
        if halt.is_set():
            raise CancelledError
        yield chunk
