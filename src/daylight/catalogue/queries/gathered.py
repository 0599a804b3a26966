"""What other detectors and analyses say, as placing and the timeline take it; keyed by item.

Each is empty as long as nothing was said.
"""

from collections.abc import Mapping, Sequence

from daylight.catalogue.queries.burnt_clocks import burnt_clocks as readings
from daylight.domain.burnt_clock import BurntClock
from daylight.domain.sameness import Copy


def burnt_clocks() -> Mapping[int, BurntClock]:
    """What the burnt-in clock and label of each item say."""
    return readings()


def copies() -> Sequence[Copy]:
    """Which items show nothing but what others show."""
    return ()


def contested() -> frozenset[int]:
    """Items that match footage which was public before."""
    return frozenset()
