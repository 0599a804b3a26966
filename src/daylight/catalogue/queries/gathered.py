"""What other detectors and analyses say, as placing and the timeline take it; keyed by item.

Each is empty as long as nothing was said.
"""

from collections.abc import Sequence

from daylight.domain.sameness import Copy


def copies() -> Sequence[Copy]:
    """Which items show nothing but what others show."""
    return ()


def contested() -> frozenset[int]:
    """Items that match footage which was public before."""
    return frozenset()
