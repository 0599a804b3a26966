"""Head and shoulders grown from a face, for heads that turn away, and where more than faces identifies.

A face's box is about as wide as 0.75 of a head; shoulders are about three faces wide, and reach two
faces' heights below the chin (proportions of figure drawing: no measurement of anybody).
"""

from typing import Final

from daylight.domain.marks import WHOLE, Key
from daylight.domain.tracks import Sort, Track

ASIDE: Final = 1.0  # faces' widths on either side
ABOVE: Final = 0.6  # faces' heights over the face: hair, a hat
BELOW: Final = 2.0  # and under it


def grown(track: Track) -> Track:
    """A person in place of a face: the same moments, reasons and score, under the name of a person."""
    name = track.name.replace(Sort.FACE.value, Sort.PERSON.value, 1)
    keys = tuple(_grown(key) for key in track.keys)
    return Track(name, Sort.PERSON, keys, track.bases, track.score)


def _grown(key: Key) -> Key:
    left = max(0, int(key.left - ASIDE * key.width))
    top = max(0, int(key.top - ABOVE * key.height))
    right = min(WHOLE, int(key.left + (1 + ASIDE) * key.width))
    bottom = min(WHOLE, int(key.top + (1 + BELOW) * key.height))
    return Key(key.at_us, left, top, right - left, bottom - top)
