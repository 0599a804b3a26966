"""Where letters are in a picture, by Tesseract, where it is installed: names, plates, papers, screens.

It is asked for places, and what it reads is not kept: letters on a plate from afar are read wrongly and are there
all the same. It takes edges and patterns for letters now and then: whoever looks rejects them.
"""

import importlib.util
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from daylight.analyses.label_text import LANGUAGES, data_folder
from daylight.domain.marks import WHOLE, Key

_SURE: Final = 25  # of 100
_LETTERS: Final = 2
_MOST: Final = 80  # lines of one picture; the surest


def there() -> bool:
    """Whether Tesseract is installed, with its data."""
    return importlib.util.find_spec("tesserocr") is not None and bool(data_folder())


@cache
def _engine() -> Any:
    import tesserocr

    mode = tesserocr.PSM.SPARSE_TEXT
    return tesserocr.PyTessBaseAPI(path=data_folder(), lang="+".join(LANGUAGES), psm=mode)


def boxes(luma: NDArray[np.uint8]) -> list[tuple[Key, float]]:
    """Lines of text in ten-thousandths of the picture, with how sure it is, 0 to 1."""
    engine = _engine()
    engine.SetImage(Image.fromarray(luma))
    engine.Recognize()
    found = sorted(_lines(engine, luma.shape[1], luma.shape[0]), key=lambda one: -one[1])
    return found[:_MOST]


def _lines(engine: Any, wide: int, tall: int) -> Iterator[tuple[Key, float]]:
    import tesserocr

    at, line = engine.GetIterator(), tesserocr.RIL.TEXTLINE
    while at is not None:
        if not at.Empty(line) and at.Confidence(line) >= _SURE:
            letters = sum(sign.isalnum() for sign in at.GetUTF8Text(line))
            left, top, right, bottom = at.BoundingBox(line)
            if letters >= _LETTERS and left < right and top < bottom:
                yield _key(left, top, right, bottom, wide, tall), at.Confidence(line) / 100
        if not at.Next(line):
            return


def _key(left: int, top: int, right: int, bottom: int, wide: int, tall: int) -> Key:
    """Rounded outwards."""
    x, y = max(0, left * WHOLE // wide), max(0, top * WHOLE // tall)
    x2, y2 = min(WHOLE, -(-right * WHOLE // wide)), min(WHOLE, -(-bottom * WHOLE // tall))
    return Key(0, x, y, max(1, x2 - x), max(1, y2 - y))
