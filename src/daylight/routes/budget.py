"""What has come out of an archive so far, against its limits.

An archive inside an archive has a budget of its own that also charges the outer ones, so that a
bomb cannot be spread over many small inner archives. Thread-safe.
"""

import threading
from typing import Final, Self

from daylight.errors import LimitExceeded
from daylight.routes.base import Limits

RATIO_FREE_BYTES: Final = 64 << 20  # below this no ratio is suspicious: empty pictures, logs


class Budget:
    """``taken``: bytes of the archive read so far, or its size where members are read in any order."""

    def __init__(self, limits: Limits, taken: int, outer: Self | None = None) -> None:
        self.limits = limits
        self.depth: int = 1 if outer is None else outer.depth + 1
        self._outer = outer
        self._taken = taken
        self._out = 0
        self._members = 0
        self._lock = threading.Lock()
        if self.depth > limits.max_nesting:
            raise LimitExceeded(
                f"an archive lies more than {limits.max_nesting} archives deep (--max-nesting)"
            )

    def charge(self, out: int, taken: int | None = None) -> None:
        """``out`` more bytes have come out. Raises ``LimitExceeded``."""
        with self._lock:
            self._out += out
            if taken is not None:
                self._taken = max(self._taken, taken)
            total, read = self._out, self._taken
        if total > self.limits.max_total:
            raise self._over_total()
        check_ratio(self.limits, total, read)
        if self._outer is not None:
            self._outer.charge(out)

    def member(self, count: int = 1) -> None:
        """``count`` more members were met. Raises ``LimitExceeded``."""
        with self._lock:
            self._members += count
            met = self._members
        self.check_members(met)
        if self._outer is not None:
            self._outer.member(count)

    def check_claim(self, size: int) -> None:
        """Refuse a member that claims more than may still come out, before any of it is read."""
        if self._out + size > self.limits.max_total:
            raise self._over_total()

    def _over_total(self) -> LimitExceeded:
        return LimitExceeded(
            f"more than {self.limits.max_total} bytes would come out of one archive (--max-total)"
        )

    def check_members(self, claimed: int) -> None:
        """Refuse what claims too many members before anything is built from the claim."""
        if claimed > self.limits.max_members:
            raise LimitExceeded(
                f"one archive has more than {self.limits.max_members} members (--max-members)"
            )


def check_ratio(limits: Limits, out: int, taken: int) -> None:
    if out > RATIO_FREE_BYTES and out > limits.max_ratio * taken:
        raise LimitExceeded(
            f"more than {limits.max_ratio} bytes came out of each byte of an archive (--max-ratio)"
        )
