"""Where somebody or something that may have to be covered is, over time: what finding and covering share.

A track is made of key frames as a mark's region is (``domain.marks.Key``): microseconds from media zero,
ten-thousandths of the picture; between two it moves evenly, before its first and after its last it is not.
"""

from dataclasses import dataclass
from enum import StrEnum

from daylight.domain.marks import Key


class Sort(StrEnum):
    FACE = "face"
    PERSON = "person"  # a whole body
    TEXT = "text"  # a label, a name, a plate, a screen
    HAND = "hand"  # drawn by a person


class Basis(StrEnum):
    """Why a key frame is where it is."""

    SEEN = "seen"  # the detector found it there
    FOLLOWED = "followed"  # the picture was followed from a neighbour
    CLOSED = "closed"  # between two that were seen: a gap that was closed
    KEPT = "kept"  # beyond the last that was seen, so that nothing shows at the ends
    FOLLOW = "follow"  # drawn by a person, and to be followed from here: nobody has yet
    LOST = "lost"  # followed so far, and here it was lost: a person has to look


@dataclass(frozen=True, slots=True)
class Track:
    """``score``: of its surest key frame, 0 to 1. ``bases``: one for each key frame."""

    name: str  # "face-1"; unique in an item
    sort: Sort
    keys: tuple[Key, ...]
    bases: tuple[Basis, ...]
    score: float

    @property
    def gaps_closed(self) -> int:
        """Key frames that no detection stands behind."""
        return sum(basis is Basis.CLOSED for basis in self.bases)
