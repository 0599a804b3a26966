"""Pictures for people, from arrays: JPEG without any metadata, clear or shielded."""

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

QUALITY: Final = 80
GRAIN: Final = 14  # pixels across that a shielded picture is reduced to: nothing of a face is left
LEVELS: Final = 16  # grey levels of it

Pixels = NDArray[np.uint8]


def jpeg(pixels: Pixels) -> bytes:
    """RGB or grey, shape (height, width[, 3]), as a baseline JPEG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def shielded(pixels: Pixels) -> Pixels:
    """Grey and blurred beyond recovery, same size: averaged to some blocks, then smoothed over.

    The averaging destroys; the smoothing only makes it calm to look at.
    """
    height, width = pixels.shape[:2]
    rows = max(2, round(GRAIN * height / max(width, 1)))
    grey = Image.fromarray(pixels).convert("L")
    coarse = grey.resize((GRAIN, min(rows, 4 * GRAIN)), Image.Resampling.BOX)
    step = 256 // LEVELS
    few = coarse.point(lambda value: value // step * step + step // 2)
    return np.asarray(few.resize((width, height), Image.Resampling.BICUBIC))


def grid(tiles: list[Pixels], columns: int) -> Pixels:
    """Tiles of one size, row by row, on black."""
    rows = -(-len(tiles) // columns)
    height, width = tiles[0].shape[:2]
    sheet = np.zeros((rows * height, columns * width, *tiles[0].shape[2:]), np.uint8)
    for number, tile in enumerate(tiles):
        top, left = number // columns * height, number % columns * width
        sheet[top : top + height, left : left + width] = tile
    return sheet
