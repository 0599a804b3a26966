"""Solid paint on the decoded planes of a picture (4:2:0), never less than a block of chroma at a time.

A place is rounded outwards to pairs of pixels, so that no colour of what is covered is left at its edge.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from daylight.domain.redaction import Shape
from daylight.media.mask_regions import Covered, Place
from daylight.media.viewer_mark import lettered

Plane = NDArray[np.uint8]
Bits = NDArray[np.bool_]
_INK: Final = {True: 255, False: 235}
_DARK: Final = 128  # of the luma: a darker ground gets light letters


@dataclass(frozen=True, slots=True)
class Paint:
    """A colour as luma and chroma. ``full``: luma from 0 to 255, else from 16 to 235."""

    luma: int
    blue: int
    red: int
    full: bool


@dataclass(frozen=True, slots=True)
class Patch:
    """Blocks of two by two pixels: ``bits`` (rows, columns) of those from ``top``, ``left`` on."""

    top: int
    left: int
    bits: Bits


def paint_of(colour: tuple[int, int, int], *, full: bool, high: bool) -> Paint:
    """RGB as luma and chroma (ITU-R BT.601; ``high``: BT.709)."""
    red, green, blue = (one / 255 for one in colour)
    kr, kb = (0.2126, 0.0722) if high else (0.299, 0.114)
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    across, down = (blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr)
    scale, chroma, floor = (255, 255, 0) if full else (219, 224, 16)
    return Paint(
        round(floor + scale * luma),
        min(255, round(128 + chroma * across)),
        min(255, round(128 + chroma * down)),
        full,
    )


def paint(planes: Sequence[Plane], covered: Covered, colour: Paint) -> None:
    """Cover, in place. ``planes``: luma (even width and height), then both of chroma."""
    luma, blue, red = planes
    if covered.whole:
        luma[:], blue[:], red[:] = colour.luma, colour.blue, colour.red
        return
    for place in covered.places:
        if place.shape is Shape.BOX:
            _box(planes, place, colour)
        else:
            _patch(planes, patch_of(place, *blue.shape), colour)
    for place in covered.places:
        if place.text:
            letters(luma, place, colour)


def patch_of(place: Place, rows: int, columns: int) -> Patch:
    """The blocks that a place touches, of a picture of so many rows and columns of blocks."""
    left, top, right, bottom = edges(place, rows, columns)
    if left >= right or top >= bottom:
        return Patch(0, 0, np.zeros((0, 0), np.bool_))
    if place.shape is Shape.BOX:
        bits = np.ones((bottom - top, right - left), np.bool_)
    elif place.shape is Shape.ELLIPSE:
        bits = _ellipse(place, left, top, right, bottom)
    else:
        bits = _polygon(place, left, top, right, bottom)
    return Patch(top, left, bits)


def edges(place: Place, rows: int, columns: int) -> tuple[int, int, int, int]:
    """Of a place, in blocks: left, top, right, bottom, of which the last two are not in it."""
    more = place.widen
    return (
        min(columns, max(0, math.floor((place.left - more) / 2))),
        min(rows, max(0, math.floor((place.top - more) / 2))),
        max(0, min(columns, math.ceil((place.right + more) / 2))),
        max(0, min(rows, math.ceil((place.bottom + more) / 2))),
    )


def _box(planes: Sequence[Plane], place: Place, colour: Paint) -> None:
    luma, blue, red = planes
    left, top, right, bottom = edges(place, *blue.shape)
    luma[2 * top : 2 * bottom, 2 * left : 2 * right] = colour.luma
    blue[top:bottom, left:right] = colour.blue
    red[top:bottom, left:right] = colour.red


def _patch(planes: Sequence[Plane], patch: Patch, colour: Paint) -> None:
    luma, blue, red = planes
    rows, columns = patch.bits.shape
    top, left = patch.top, patch.left
    fine = patch.bits.repeat(2, 0).repeat(2, 1)
    spot = luma[2 * top : 2 * (top + rows), 2 * left : 2 * (left + columns)]
    spot[fine[: spot.shape[0], : spot.shape[1]]] = colour.luma  # an odd edge has half a block
    blue[top : top + rows, left : left + columns][patch.bits] = colour.blue
    red[top : top + rows, left : left + columns][patch.bits] = colour.red


def _ellipse(place: Place, left: int, top: int, right: int, bottom: int) -> Bits:
    """Blocks whose nearest point to the middle lies inside."""
    across, down = (place.left + place.right) / 2, (place.top + place.bottom) / 2
    half_wide = max(1e-6, (place.right - place.left) / 2)
    half_tall = max(1e-6, (place.bottom - place.top) / 2)
    x = _nearest(np.arange(left, right), across) / half_wide
    y = _nearest(np.arange(top, bottom), down) / half_tall
    return np.asarray(x[None, :] ** 2 + y[:, None] ** 2 <= 1)


def _nearest(blocks: NDArray[np.intp], middle: float) -> NDArray[np.float64]:
    """How far each block of two pixels is from the middle, at its nearest point."""
    away = np.maximum(2.0 * blocks - middle, middle - (2.0 * blocks + 2))
    return np.asarray(np.maximum(away, 0.0))


def _polygon(place: Place, left: int, top: int, right: int, bottom: int) -> Bits:
    """Blocks within or at the outline, and ``widen`` pixels beyond."""
    wide, tall = place.right - place.left, place.bottom - place.top
    points = [
        ((place.left + x * wide) / 2 - left, (place.top + y * tall) / 2 - top)
        for x, y in place.corners
    ]
    picture = Image.new("L", (right - left, bottom - top), 0)
    ImageDraw.Draw(picture).polygon(points, fill=255, outline=255)
    further = math.ceil(place.widen / 2) + 1  # one for what the outline only touches
    return np.asarray(_widened(picture, further)) > 0


def _widened(picture: Image.Image, blocks: int) -> Image.Image:
    while blocks > 0:  # in steps: the cost of a filter grows with the square of its size
        step = min(blocks, 3)
        picture = picture.filter(ImageFilter.MaxFilter(2 * step + 1))
        blocks -= step
    return picture


def letters(luma: Plane, place: Place, colour: Paint) -> None:
    """A text in the middle of its place, as large as fits; letters that the font lacks stay empty."""
    dots = lettered(place.text.lower())
    top, left = max(0, round(place.top)), max(0, round(place.left))
    room = luma[top : max(top, round(place.bottom)), left : max(left, round(place.right))]
    scale = min(room.shape[0] // dots.shape[0], room.shape[1] // dots.shape[1])
    if scale < 1:
        return
    drawn = dots.repeat(scale, 0).repeat(scale, 1)
    down, across = ((a - b) // 2 for a, b in zip(room.shape, drawn.shape, strict=True))
    spot = room[down : down + drawn.shape[0], across : across + drawn.shape[1]]
    spot[drawn] = _INK[colour.full] if colour.luma < _DARK else 16
