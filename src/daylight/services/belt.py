"""A thread that looks at pictures while the next ones are decoded, a few apart."""

import queue
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Generic, TypeVar

_AHEAD: Final = (
    8 << 20
)  # bytes of pictures that are decoded before they are needed; one in any case,
_MOST: Final = 4
Picture = TypeVar("Picture")


class Belt(Generic[Picture]):
    """Hands pictures to a thread; what ``look`` raises comes out at ``put`` or ``stop``. ``size``: bytes of a picture."""

    def __init__(
        self, pool: ThreadPoolExecutor, look: Callable[[Picture], None], size: int = _AHEAD
    ) -> None:
        ahead = max(1, min(_MOST, _AHEAD // max(1, size)))
        self._waiting: queue.Queue[Picture | None] = queue.Queue(ahead)
        self._look, self._stopped = look, False
        self._work: Future[None] = pool.submit(self._run)

    def put(self, picture: Picture | None) -> None:
        if picture is not None:
            self._hand_on(picture)

    def _hand_on(self, picture: Picture | None) -> None:
        while True:
            if self._work.done():
                self._work.result()
                return
            try:
                self._waiting.put(picture, timeout=0.2)
            except queue.Full:
                continue
            return

    def _run(self) -> None:
        while (picture := self._waiting.get()) is not None:
            if not self._stopped:
                self._look(picture)

    def stop(self, *, whole: bool) -> None:
        """``whole``: what is waiting is looked at still."""
        self._stopped = not whole
        self._hand_on(None)
        if whole:
            self._work.result()
