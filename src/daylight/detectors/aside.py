"""Work that is done beside other work, which mostly waits: for the model's worker."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Done = TypeVar("Done")


def aside(work: Callable[[], Done]) -> Callable[[], Done]:
    """Begins it in a thread of its own. What is given back waits for it, and gives or raises what it did."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="aside")
    future = pool.submit(work)
    pool.shutdown(wait=False)
    return future.result
