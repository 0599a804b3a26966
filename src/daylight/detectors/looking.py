"""Showing pictures to the face model in pieces that it can bear, and putting its boxes together.

A large picture is cut into tiles that overlap; faces that are larger than the overlap are found in
the picture at half its size.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from daylight.detectors import hints
from daylight.detectors.aside import aside
from daylight.detectors.centerface import (
    BATCH,
    MOST_SIDE,
    SIDE,
    Boxes,
    Look,
    Pixels,
    ordered,
    thinned,
)
from daylight.detectors.changes import size
from daylight.detectors.enlarged import LEAST, Enlarged, Picture
from daylight.media.inference.base import Inference

MOST_PIXELS: Final = 530_000  # of a tile: the model's worker takes 120 MB for as many
FEWER: Final = 430_000  # of a tile at half the size: that of 1080p is cut for 20 MB less
SHARED: Final = 96  # pixels that neighbouring tiles have in common
TWICE: Final = 150_000  # pixels: what is smaller is looked at once, and
MOST_PART: Final = 0.6  # of an area: if more than this has to be looked at again, all of it is
_RIM: Final = 3.0  # pixels: a box that comes as near to a cut was cut
_STRIP: Final = 64  # rows
_TOGETHER: Final = 262_144  # pixels that are shown at once, of several pieces
_SMALL: Final = 192  # pixels of a side: of a crop that is shown

Area = tuple[int, int, int, int]  # left, top, right, bottom
Showing = Callable[[Picture, Area, float], Boxes]  # as ``Looker.at``
Faintly = Callable[[Pixels, float, float], tuple[Boxes, Boxes]]  # as of ``centerface.Look``


def rounded(area: Area, width: int, height: int) -> Area:
    """The area within the picture, from a multiple of ``SIDE`` to a multiple, not smaller than ``LEAST``.

    So the network's grid lies as it does on the whole picture, and it says the same of the same place.
    ``width`` and ``height`` are multiples too.
    """
    left, right = _side(area[0], area[2], width)
    top, bottom = _side(area[1], area[3], height)
    return left, top, right, bottom


def _side(low: int, high: int, whole: int) -> tuple[int, int]:
    low, high = max(0, min(low, whole - 1)), min(whole, max(high, 1))
    more = max(0, min(whole, LEAST) - (high - low)) // 2
    low = max(0, (low - more) // SIDE * SIDE)
    high = min(whole, max(-(-(high + more) // SIDE) * SIDE, low + LEAST))
    return min(low, max(0, high - LEAST)), high


def near(box: Boxes, width: int, height: int) -> Area:
    """What is shown of a picture of this size where what lies about one box is looked at.

    It is smaller than ``rounded`` would make it, and lies wherever the box does.
    """
    middle = (box[:2] + box[2:4]) / 2
    reach = max(48.0, float((box[2:4] - box[:2]).max()) * 1.25)
    area = np.concatenate([middle - reach, middle + reach]).astype(int).tolist()
    left, right = _centred(area[0], area[2], width)
    top, bottom = _centred(area[1], area[3], height)
    return left, top, right, bottom


def _centred(low: int, high: int, whole: int) -> tuple[int, int]:
    low, high = max(0, low), min(whole, high)
    length = min(whole, max(LEAST, -(-(high - low) // SIDE) * SIDE))
    low = max(0, min(low - (length - (high - low)) // 2, whole - length))
    return low, low + length


def looker(inference: Inference) -> "Looker":
    look = Look(inference)
    return Looker(look, look.many, look.faint)


@dataclass(frozen=True, slots=True)
class Looker:
    """``many``: as ``look``, of several pictures of one size at once: small ones take two thirds of the time so."""

    look: Look
    many: Callable[[Pixels, float], list[Boxes]] | None = None
    faint: Faintly | None = None

    def at(self, pixels: Picture, area: Area, least: float) -> Boxes:
        """Boxes of all of the area, in the picture's pixels; the likeliest first."""
        left, top, right, bottom = area
        return moved(self._pieces(pixels[top:bottom, left:right], least), left, top)

    def each(
        self, pixels: Picture, areas: Sequence[Area], least: float, look: Showing | None = None
    ) -> list[Boxes]:
        """As ``at`` of every area, the small ones together; as ``look`` of those that are not small."""
        most = _TOGETHER if look is None else TWICE
        small = [one for one in areas if size(one) <= most]
        parts = [np.ascontiguousarray(pixels[one[1] : one[3], one[0] : one[2]]) for one in small]
        seen = dict(zip(small, self._together(parts, least), strict=True))
        large = look or self.at
        return [
            moved(seen[one], one[0], one[1]) if one in seen else large(pixels, one, least)
            for one in areas
        ]

    def _together(self, parts: Sequence[Pixels], least: float) -> list[Boxes]:
        if self.many is None or len(parts) == 1:
            return [self.look(part, least) for part in parts]
        found: dict[int, Boxes] = {}
        for shape in {part.shape for part in parts}:
            alike = [number for number, part in enumerate(parts) if part.shape == shape]
            most = max(1, min(BATCH, _TOGETHER // (shape[0] * shape[1])))
            for first in range(0, len(alike), most):
                some = alike[first : first + most]
                boxes = self.many(np.stack([parts[number] for number in some]), least)
                found.update(zip(some, boxes, strict=True))
        return [found[number] for number in range(len(parts))]

    def closely(self, pixels: Picture, area: Area, least: float, most: int = MOST_PIXELS) -> Boxes:
        """As ``at``, in two steps: at half the size, and in full where that leaves open whether somebody is there.

        ``most``: pixels that are shown at once.
        """
        if self.faint is None or size(area) <= TWICE:
            return self.at(pixels, area, least)
        left, top, right, bottom = area
        half = _padded(_half_of(pixels, area))
        found, faint = (
            moved(_doubled(one), left, top) for one in self._faintly(self.faint, half, least)
        )
        sure = hints.settled(found)
        places = hints.places(faint, sure, (right, bottom))
        areas = [] if places is None else [rounded(one, right, bottom) for one in places]
        if places is None or sum(size(one) for one in areas) > MOST_PART * size(area):
            whole = self._pieces(pixels[top:bottom, left:right], least, most)
            every = np.vstack([sure, moved(whole, left, top)])
        else:
            every = np.vstack([sure, *self._cut_out(pixels, areas, least)])
        return thinned(ordered(np.vstack([every, hints.agreed(found, every)])))

    def _cut_out(self, pixels: Picture, areas: Sequence[Area], least: float) -> list[Boxes]:
        """Of each area, without those who lie across its edge: they are hinted at whole, or larger than what is hinted at."""
        height, width, _ = pixels.shape
        found = zip(areas, self.each(pixels, areas, least), strict=True)
        return [
            moved(_uncut(moved(boxes, -one[0], -one[1]), one, width, height), one[0], one[1])
            for one, boxes in found
        ]

    def _faintly(self, look: Faintly, half: Pixels, least: float) -> tuple[Boxes, Boxes]:
        """What is seen of it, and every box that is hardly seen."""
        height, width, _ = half.shape
        if _is_borne(width, height, FEWER):
            return look(np.ascontiguousarray(half), least, hints.FAINT)
        quarter = aside(lambda: _halved(half))
        found, faint = [], []
        for tile in _tiles(width, height, FEWER):
            left, top, right, bottom = tile
            part = np.ascontiguousarray(half[top:bottom, left:right])
            seen, warm = look(part, least, hints.FAINT)
            found.append(moved(_uncut(seen, tile, width, height), left, top))
            faint.append(moved(warm, left, top))
        found.append(self._smaller(quarter(), least))
        return thinned(ordered(np.vstack(found))), np.vstack(faint)

    def briefly(self, pixels: Picture, area: Area, least: float) -> Boxes:
        """As ``closely``, at half the size if it is large: a quarter of the work, without small faces."""
        if size(area) <= TWICE:
            return self.at(pixels, area, least)
        half = _padded(_half_of(pixels, area))
        whole = (0, 0, half.shape[1], half.shape[0])
        if self.faint is None or size(whole) <= TWICE:
            found = self._pieces(half, least, FEWER)
        else:
            found = self.closely(half, whole, least, FEWER)
        return moved(_doubled(found), area[0], area[1])

    def near(self, pixels: Picture, box: Boxes, least: float) -> Boxes:
        """As ``at``, of what lies about one box only; a large one is looked at smaller."""
        return self.near_each(pixels, [box], least)[0]

    def near_each(self, pixels: Picture, boxes: Sequence[Boxes], least: float) -> list[Boxes]:
        height, width, _ = pixels.shape
        areas = [near(box, width, height) for box in boxes]
        steps = [max(1, round(max(one[2] - one[0], one[3] - one[1]) / _SMALL)) for one in areas]
        parts = [
            _padded(pixels[top:bottom:step, left:right:step])
            for (left, top, right, bottom), step in zip(areas, steps, strict=True)
        ]
        made = []
        for found, area, step in zip(self._together(parts, least), areas, steps, strict=True):
            found[:, :4] *= step
            made.append(moved(found, area[0], area[1]))
        return made

    def _pieces(self, part: Pixels, least: float, most: int = MOST_PIXELS) -> Boxes:
        height, width, _ = part.shape
        if _is_borne(width, height, most):
            return self.look(np.ascontiguousarray(part), least)
        half = aside(lambda: _halved(part))
        found = [self._tile(part, tile, least) for tile in _tiles(width, height, most)]
        together = np.vstack([*found, self._smaller(half(), least)])
        return thinned(ordered(together))

    def _smaller(self, half: Pixels, least: float) -> Boxes:
        return _doubled(self._pieces(_padded(half), least, FEWER))

    def _tile(self, part: Pixels, tile: Area, least: float) -> Boxes:
        left, top, right, bottom = tile
        found = self.look(np.ascontiguousarray(part[top:bottom, left:right]), least)
        return moved(_uncut(found, tile, part.shape[1], part.shape[0]), left, top)


def _tiles(width: int, height: int, most: int) -> Iterator[Area]:
    across, down = _counts(width, height, most)
    for top, tall in _cuts(height, down):
        for left, wide in _cuts(width, across):
            yield left, top, left + wide, top + tall


def _counts(width: int, height: int, most: int) -> tuple[int, int]:
    """How many tiles across and down, so that none is too large."""
    across = down = 1
    while not _is_borne(_length(width, across), _length(height, down), most):
        if width / across >= height / down:
            across += 1
        else:
            down += 1
    return across, down


def _is_borne(width: int, height: int, most: int) -> bool:
    return width * height <= most and max(width, height) <= MOST_SIDE


def _length(whole: int, count: int) -> int:
    """Of each of ``count`` tiles along a side of so many pixels."""
    if count == 1:
        return whole
    return min(whole, -(-(whole + (count - 1) * SHARED) // (count * SIDE)) * SIDE)


def _cuts(whole: int, count: int) -> list[tuple[int, int]]:
    length = _length(whole, count)
    starts = np.linspace(0, whole - length, count).astype(int) if count > 1 else [0]
    return [(int(start), length) for start in starts]


def _uncut(found: Boxes, tile: Area, width: int, height: int) -> Boxes:
    """Without boxes that end where the tile was cut out; at the picture's own rim they stay."""
    left, top, right, bottom = tile
    cut = (found[:, 0] <= _RIM) & (left > 0)
    cut |= (found[:, 1] <= _RIM) & (top > 0)
    cut |= (found[:, 2] >= right - left - _RIM) & (right < width)
    cut |= (found[:, 3] >= bottom - top - _RIM) & (bottom < height)
    return found[~cut]


def _half_of(pixels: Picture, area: Area) -> Pixels:
    left, top, right, bottom = area
    half = pixels.halved(area) if isinstance(pixels, Enlarged) else None
    return _halved(pixels[top:bottom, left:right]) if half is None else half


def _doubled(found: Boxes) -> Boxes:
    result: Boxes = found * np.array([2, 2, 2, 2, 1], np.float32)
    return result


def _halved(part: Pixels) -> Pixels:
    """The mean of each four, in strips: a whole picture of sums is three times as large as the picture."""
    height, width, _ = part.shape
    half = np.empty((height // 2, width // 2, 3), np.uint8)
    for top in range(0, height, _STRIP):
        strip = part[top : top + _STRIP]
        rows = np.add(strip[::2], strip[1::2], dtype=np.uint16)  # quicker than one sum of fours
        for colour in range(3):  # three long runs are twice as quick as many of three
            fours = rows[:, ::2, colour] + rows[:, 1::2, colour]
            fours >>= 2
            half[top // 2 : (top + _STRIP) // 2, :, colour] = fours
    return half


def _padded(part: Pixels) -> Pixels:
    """With black to the right and below, so that its sides are multiples of ``SIDE``."""
    height, width, _ = part.shape
    right, below = -width % SIDE, -height % SIDE
    return np.pad(part, ((0, below), (0, right), (0, 0)))


def moved(found: Boxes, left: int, top: int) -> Boxes:
    result: Boxes = found + np.array([left, top, left, top, 0], np.float32)
    return result
