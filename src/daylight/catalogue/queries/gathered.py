"""What other detectors and analyses say, as placing and the timeline take it; keyed by item.

Each is empty as long as nothing was said.
"""

from collections.abc import Sequence
from typing import Final

from daylight.catalogue.models import Contested, Relation
from daylight.catalogue.queries.salvages import salvages
from daylight.domain.sameness import Copy

_PARTS: Final = frozenset({"trimmed", "contained"})  # kinds of which b is the part
_WHOLE: Final = 0.97  # of an item's length, to be all of it


def copies() -> Sequence[Copy]:
    """Which items show nothing but what others show: whole copies, and what lies whole in another."""
    rows = Relation.objects.order_by("pk").values_list(
        "kind",
        "item_a_id",
        "item_b_id",
        "a_start_us",
        "length_us",
        "score",
        "item_b__media__duration_us",
    )
    rebuilt = salvages()
    lengths = {key: one.duration_us for key, one in rebuilt.items()}
    return [
        Copy(b, a, at, score, kind not in _PARTS)
        for kind, a, b, at, length, score, duration in rows.iterator(chunk_size=2000)
        if kind not in _PARTS or length >= (lengths.get(b, duration) or 0) * _WHOLE
    ]


def contested() -> frozenset[int]:
    """Items that match footage which was public before."""
    return frozenset(Contested.objects.values_list("item_id", flat=True))
