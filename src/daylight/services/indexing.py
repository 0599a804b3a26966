"""Keeps what can be found by words in step with what is said: in the transaction that changes it."""

from daylight.catalogue.models import Segment
from daylight.catalogue.stems import stems
from daylight.domain.search import fold


def put(item: int, kind: str, ref: str, words: str, start_us: int | None = None) -> None:
    """Replace what is found under ``ref``; nothing is kept of empty words. ``item``: key."""
    drop(kind, ref)
    if folded := fold(words):
        Segment.objects.create(
            item_id=item,
            kind=kind,
            ref=ref,
            start_us=start_us,
            folded=folded,
            stems=stems(words),
        )


def drop(kind: str, ref: str) -> None:
    Segment.objects.filter(kind=kind, ref=ref).delete()
