"""The label as text, where Tesseract is installed (``pip install 'daylight[ocr]'``) and has its data.

What it is shown is not the picture but the strokes alone, black on white: a ground as bright as they are is
taken away from the edges inwards, as far as the strokes' dark outline. Without Tesseract a label has no text;
recordings are told apart by it all the same (``labels``).
"""

import importlib.util
import os
from functools import cache
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw

from daylight.media.overlay_blob import GREYS, Strip

LANGUAGES: Final = ("rus", "eng")
SURE: Final = 85  # of 100, by Tesseract's own reckoning, at least
MOST_LETTERS: Final = 60
FOLDERS: Final = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
)
_SHARES: Final = (0.72, 0.82, 0.9)  # of the brightest grey, above which it is ink


def data_folder() -> str:
    """Where Tesseract's data for both languages lies; empty where it does not."""
    wanted = (os.environ.get("TESSDATA_PREFIX", ""), *FOLDERS)
    for folder in filter(None, wanted):
        if all(os.path.isfile(f"{folder}/{one}.traineddata") for one in LANGUAGES):
            return folder
    return ""


@cache
def _engine() -> Any:
    if importlib.util.find_spec("tesserocr") is None or not data_folder():
        return None
    import tesserocr

    mode = tesserocr.PSM.SINGLE_LINE
    return tesserocr.PyTessBaseAPI(path=data_folder(), lang="+".join(LANGUAGES), psm=mode)


def text_of(strip: Strip) -> str:
    """``strip``: the mean of the line. Empty where it cannot be read, or nothing is there to read it."""
    engine = _engine()
    if engine is None:
        return ""
    found = []
    for share in _SHARES:
        engine.SetImage(_drawn(strip, share))
        found.append((engine.MeanTextConf(), engine.GetUTF8Text()))
        found[-1] = (engine.MeanTextConf(), found[-1][1])
    sure, text = max(found)
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain[:MOST_LETTERS] if sure >= SURE else ""


def _drawn(strip: Strip, share: float) -> Image.Image:
    """The strokes, black on white, with a margin."""
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
    edge = (grey / max(float(np.percentile(grey, 99)), 1.0) - share + 0.15) / 0.3
    ink = Image.fromarray((255 - np.clip(edge, 0, 1) * 255).astype(np.uint8))
    framed = Image.new("L", (ink.width + 2, ink.height + 2), 0)
    framed.paste(ink, (1, 1))
    ImageDraw.floodfill(framed, (0, 0), 255, thresh=110)
    large = framed.resize((framed.width * 3 // 2, framed.height * 3 // 2))
    page = Image.new("L", (large.width + 60, large.height + 40), 255)
    page.paste(large, (30, 20))
    return page


def _darker(grey: np.ndarray[Any, np.dtype[np.float32]]) -> bool:
    """Whether most of the line is bright, so that its strokes are the dark part and no outline is."""
    return float(np.median(grey)) > 0.75 * float(grey.max())
