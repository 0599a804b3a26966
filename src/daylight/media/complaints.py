"""What decoders say while they work: they conceal many errors without marking the picture."""

import re
from collections.abc import Sequence
from typing import Final

import av.logging

_LEFT_OUT: Final = re.compile(
    r"mmco|[Rr]eference picture|co located|Could not find ref|RASL|missing ref"
)


def complains(said: Sequence[tuple[int, str, str]]) -> bool:
    """Whether the decoder spoke of an error. ``said``: (level, context, text), as captured.

    What it says of pictures that were left out on purpose does not count.
    """
    return any(level <= av.logging.ERROR and not _LEFT_OUT.search(text) for level, _, text in said)
