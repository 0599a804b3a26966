"""The still of an image: one picture to look at, clear and shielded, without its metadata."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from PIL import Image

from daylight.detectors.base import (
    Blob,
    Finding,
    Material,
    Partial,
    Session,
    Span,
    Subject,
)
from daylight.detectors.base import Still as StillPicture
from daylight.detectors.registry import Wants
from daylight.detectors.sheets import Pixels, jpeg, shielded

LONGEST: Final = 1280  # pixels of the longer side


class Still:
    name = "still"
    version = 1
    wants = Wants.STILL

    def start(self, subject: Subject, span: Span) -> Session:
        del subject, span
        return _One()

    def merge(self, subject: Subject, partials: Sequence[Partial]) -> Finding:
        del subject
        shown = [partial for partial in partials if partial.data]
        if not shown:
            return Finding({"shown": False})
        height, width = shown[0].facts["height"], shown[0].facts["width"]
        if not isinstance(height, int) or not isinstance(width, int):
            raise TypeError("a still has a size")
        pixels = np.frombuffer(shown[0].data, np.uint8).reshape(height, width, 3)
        facts = {"width": width, "height": height}
        return Finding(
            {"shown": True},
            (
                Blob("still-clear", "image/jpeg", jpeg(pixels), facts),
                Blob("still-shielded", "image/jpeg", jpeg(shielded(pixels)), facts),
            ),
        )


class _One:
    def __init__(self) -> None:
        self._pixels: Pixels | None = None

    def push(self, material: Material, /) -> None:
        if isinstance(material, StillPicture):
            picture = Image.fromarray(material.pixels)
            picture.thumbnail((LONGEST, LONGEST), Image.Resampling.BICUBIC)
            self._pixels = np.asarray(picture)

    def finish(self) -> Partial:
        if self._pixels is None:
            return Partial({})
        height, width = self._pixels.shape[:2]
        return Partial({"height": height, "width": width}, self._pixels.tobytes())
