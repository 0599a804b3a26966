"""The background: what stands still in a recording, as a small grey picture, to know its camera by.

The median over pictures spread evenly over the recording: what moves through goes out of it, what
stays (walls, the channel name) remains. Which pictures are taken is planned from the whole index, so
that it does not matter how the item was cut into spans.
"""

import struct
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.detectors.base import Blob, Finding, Material, Partial, Session, Span, Subject
from daylight.detectors.filmstrip import plan
from daylight.detectors.registry import Wants
from daylight.domain.background import HEIGHT, MAGIC, SPREAD_STEP, WIDTH
from daylight.media.picture import GREY, Picture

PICTURES: Final = 40  # at most; the median of more tells no more
_SIZE: Final = WIDTH * HEIGHT

Small = NDArray[np.uint8]


class Background:
    name = "background"
    version = 1
    wants = Wants.KEY_FRAMES

    def start(self, subject: Subject, span: Span) -> Session:
        index = subject.index
        if index is None or not len(index):
            return _Looks(frozenset())
        planned = plan(index, subject.facts.duration or Fraction(1))
        step = -(-len(planned) // PICTURES)
        return _Looks(frozenset(n for n in planned[::step] if span.first <= n < span.last))

    def merge(self, subject: Subject, partials: Sequence[Partial]) -> Finding:
        """Raises ``ValueError`` for a partial that is no whole number of pictures."""
        del subject
        data = b"".join(partial.data for partial in partials)
        looks = np.frombuffer(data, np.uint8).reshape(-1, HEIGHT, WIDTH)
        if not len(looks):
            return Finding({"pictures": 0})
        low, middle, high = np.percentile(looks, (25, 50, 75), axis=0, method="nearest")
        coarse = (high - low).reshape(HEIGHT // SPREAD_STEP, SPREAD_STEP, -1, SPREAD_STEP)
        spread = np.rint(coarse.mean(axis=(1, 3))).astype(np.uint8)
        facts = {
            "pictures": len(looks),
            "brightness": round(float(middle.mean()), 1),
            "contrast": round(float(middle.std()), 1),
        }
        packed = MAGIC + struct.pack("<H", len(looks)) + middle.tobytes() + spread.tobytes()
        return Finding(facts, (Blob("background", "application/octet-stream", packed),))


class _Looks:
    """Small grey pictures of the chosen key frames of one span."""

    def __init__(self, chosen: frozenset[int]) -> None:
        self._chosen = chosen
        self._looks: list[bytes] = []

    def push(self, material: Material, /) -> None:
        if not isinstance(material, Picture) or material.ordinal:
            return
        if material.number in self._chosen:
            self._looks.append(_halved(material.grey()).tobytes())

    def finish(self) -> Partial:
        return Partial({"pictures": len(self._looks)}, b"".join(self._looks))


def _halved(grey: Small) -> Small:
    """Four pixels to one, shape (HEIGHT, WIDTH)."""
    width, height = GREY
    blocks = grey.reshape(HEIGHT, height // HEIGHT, WIDTH, width // WIDTH)
    small: Small = np.rint(blocks.mean(axis=(1, 3), dtype=np.float32)).astype(np.uint8)
    return small
