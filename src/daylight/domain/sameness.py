"""What other rooms say across items, as placing and the timeline need it: items by their keys."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Copy:
    """``copy`` shows nothing that ``original`` does not show, from its ``at_us`` on, with a ``score``.

    ``whole``: both show the same from end to end; else it is a part of it.
    """

    copy: int
    original: int
    at_us: int
    score: float
    whole: bool


@dataclass(frozen=True, slots=True)
class ActiveSpan:
    """From ``media_us`` on for ``length_us`` something moves; ``level`` in (0, 1]: how much."""

    media_us: int
    length_us: int
    level: float
