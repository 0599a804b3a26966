"""The label as text, where Tesseract is installed (``pip install 'daylight[ocr]'``) and has its data.

What it is shown is not the picture but the strokes alone, black on white: a ground as bright as they are is
taken away from the edges inwards, as far as the strokes' dark outline. It is shown in several sizes and
with more or less of the strokes; a text is taken only where several of these readings agree, and one of them is
sure: Tesseract alone is too sure of what it reads wrongly. Without Tesseract a label has no text;
recordings are told apart by it all the same (``labels``).
"""

import importlib.util
import os
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw

from daylight.analyses.glyphs import Floats
from daylight.media.overlay_blob import GREYS, Strip

LANGUAGES: Final = ("rus", "eng")
SURE: Final = 85  # of 100, by Tesseract's own reckoning, at least one of those that agree
DOUBTFUL: Final = 50  # below, a reading does not count
AGREE: Final = 3  # readings of eight, at least
MOST_LETTERS: Final = 60
FOLDERS: Final = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
)
_HEIGHTS: Final = (24, 28, 32, 40)  # pixels of a letter
_SHARES: Final = (0.94, 0.98)  # of the brightest grey, above which it is ink
_EDGES: Final = (
    " .,:;!'\"`|_-\u2018\u2019\u201c\u201d[](){}"  # what specks at the ends are taken for
)
_CYRILLIC: Final = (  # capital and small letters that are drawn like Latin ones, and Ze like a 3
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0423"
    "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0417"
)
_ALIKE: Final = str.maketrans(_CYRILLIC, "ABEKMHOPCTXYaceopxy3")


def data_folder() -> str:
    """Where Tesseract's data for both languages lies; empty where it does not."""
    wanted = (os.environ.get("TESSDATA_PREFIX", ""), *FOLDERS)
    for folder in filter(None, wanted):
        if all(os.path.isfile(f"{folder}/{one}.traineddata") for one in LANGUAGES):
            return folder
    return ""


@cache
def _engine(languages: str) -> Any:
    if importlib.util.find_spec("tesserocr") is None or not data_folder():
        return None
    import tesserocr

    mode = tesserocr.PSM.SINGLE_LINE
    return tesserocr.PyTessBaseAPI(path=data_folder(), lang=languages, psm=mode)


def text_of(strip: Strip) -> str:
    """``strip``: the mean of the line. Empty where it cannot be read, or nothing is there to read it."""
    engine = _engine("+".join(LANGUAGES))
    if engine is None:
        return ""
    pages = [_drawn(strip, share, height) for height in _HEIGHTS for share in _SHARES]
    text = _agreed(engine, pages)
    if any(map(_is_open, text.split())):
        text = _in_latin(_engine("eng"), pages, text)
    return text[:MOST_LETTERS]


def _agreed(engine: Any, pages: Sequence[Image.Image]) -> str:
    readings: dict[str, list[tuple[int, str]]] = {}
    for page in pages:
        engine.SetImage(page)
        text, sure = _plain(engine.GetUTF8Text()), engine.MeanTextConf()
        if text and sure >= DOUBTFUL:
            readings.setdefault(text.translate(_ALIKE), []).append((sure, text))
    agreed = max(readings.values(), key=lambda many: (len(many), max(many)), default=[])
    sure, text = max(agreed, default=(0, ""))
    return text if len(agreed) >= AGREE and sure >= SURE else ""


def _is_open(word: str) -> bool:
    """Whether its letters are Cyrillic by their name alone: GATE is read as Es-A-Te-Ie, too."""
    return any(letter in _CYRILLIC for letter in word) and word.translate(_ALIKE).isascii()


def _in_latin(engine: Any, pages: Sequence[Image.Image], text: str) -> str:
    """With each word that may be Latin as whoever knows no Cyrillic reads it; empty where that is not told.

    Letters that are drawn alike are taken for Latin ones where no word is plainly Cyrillic.
    """
    words = text.split()
    wholly = all(word.isascii() or _is_open(word) for word in words)
    seen: list[Counter[str]] = [Counter() for _ in words]
    for page in pages:
        engine.SetImage(page)
        read = _plain(engine.GetUTF8Text()).split()
        for counter, word in zip(seen, read if len(read) == len(words) else (), strict=False):
            counter[word] += 1
    for n, word in enumerate(words):
        if not _is_open(word):
            continue
        latin, count = max(seen[n].items(), key=lambda one: one[1], default=("", 0))
        if count < AGREE:
            return ""
        if wholly or latin.translate(_ALIKE) != word.translate(_ALIKE):
            words[n] = latin
    return " ".join(words)


def _plain(text: str) -> str:
    shown = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(shown.strip(_EDGES).split())


def _drawn(strip: Strip, share: float, tall: int) -> Image.Image:
    """The strokes, black on white, with a margin; letters are ``tall`` pixels high."""
    x, y, width, height = strip.cut
    rows, columns = strip.pixels.shape[1:]
    box_x, box_y, box_width, box_height = strip.box
    down, over = rows / height, columns / width
    y0, y1 = (box_y - y) * down, (box_y + box_height - y) * down
    x0, x1 = (box_x - x) * over, (box_x + box_width - x) * over
    margin = 0.45 * (y1 - y0)
    lines = slice(max(0, round(y0 - margin)), round(y1 + margin))
    across = slice(max(0, round(x0 - margin)), round(x1 + margin))
    grey = strip.pixels[0, lines, across].astype(np.float32)
    grey = (GREYS - 1 - grey) if strip.dark and _darker(grey) else grey
    grey = _sized(grey, tall / (y1 - y0))
    edge = (grey / max(float(np.percentile(grey, 99)), 1.0) - share + 0.15) / 0.3
    ink = Image.fromarray((255 - np.clip(edge, 0, 1) * 255).astype(np.uint8))
    framed = Image.new("L", (ink.width + 2, ink.height + 2), 0)
    framed.paste(ink, (1, 1))
    ImageDraw.floodfill(framed, (0, 0), 255, thresh=110)
    page = Image.new("L", (framed.width + 60, framed.height + 40), 255)
    page.paste(framed, (30, 20))
    return page


def _sized(grey: Floats, by: float) -> Floats:
    """Greys and not strokes are made larger, or edges would be steps."""
    size = max(1, round(grey.shape[1] * by)), max(1, round(grey.shape[0] * by))
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC))


def _darker(grey: Floats) -> bool:
    """Whether most of the line is bright, so that its strokes are the dark part and no outline is."""
    return float(np.median(grey)) > 0.75 * float(grey.max())
