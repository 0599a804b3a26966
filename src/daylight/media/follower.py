"""Follows what a person drew around from picture to picture: by likeness (NCC) with a few pictures of it, at three sizes.

Pure reckoning on luma. It says that it lost its sight rather than go on with something else: where what it finds is
little alike, looks like something beside it, or has no longer anything of what was drawn around.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Luma = NDArray[np.uint8]
_Grid = NDArray[np.float32]

SIDE: Final = 28  # the longer side of what is compared, in cells
_NEAR, _FAR = 0.7, 1.4  # of the box: how far it is looked for, and once it was missed
_SIZES: Final = (0.96, 1.0, 1.04)
_ALIKE, _AGAIN = 0.6, 0.75  # less is nothing; once it was missed, somebody else may have come
_ANCHOR, _ANCHOR_AGAIN = 0.25, 0.45  # so much of what was drawn around must be left
_LEARN: Final = (
    0.8,
    0.92,
    0.5,
)  # alike from, to, and to what was drawn: what half hides it is not learnt
_SAME: Final = 0.06  # something else beside it is as much alike within this
_BESIDE: Final = 0.4  # of the box: from here on it is something else
_STAY: Final = 0.06  # what likeness a step of a whole box must be worth
_FLAT: Final = 2.5  # grey levels: what has no more contrast cannot be told from anything
_BANK: Final = 4
_SMALL: Final = 6.0  # pixels: a box that shrinks so far is lost
_LARGEST, _SMALLEST = 5.0, 0.2  # of the box that was drawn


@dataclass(frozen=True, slots=True)
class Box:
    """In pixels; edges may lie beyond the picture."""

    left: float
    top: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.top + self.height / 2

    def moved(self, across: float, down: float, size: float = 1.0) -> "Box":
        x, y = self.middle
        wide, tall = self.width * size, self.height * size
        return Box(x + across - wide / 2, y + down - tall / 2, wide, tall)

    def inside(self, width: int, height: int) -> float:
        """Which share of it lies in the picture."""
        across = min(self.left + self.width, width) - max(self.left, 0)
        down = min(self.top + self.height, height) - max(self.top, 0)
        return max(0.0, across) * max(0.0, down) / (self.width * self.height)

    def shared(self, other: "Box") -> float:
        """Of what both cover together, how much both do."""
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        down = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        both = max(0.0, across) * max(0.0, down)
        return both / (self.width * self.height + other.width * other.height - both)

    def around(self, other: "Box") -> "Box":
        """The smallest that holds both."""
        left, top = min(self.left, other.left), min(self.top, other.top)
        right = max(self.left + self.width, other.left + other.width)
        bottom = max(self.top + self.height, other.top + other.height)
        return Box(left, top, right - left, bottom - top)


@dataclass(frozen=True, slots=True)
class _Hit:
    box: Box
    alike: float
    anchor: float  # likeness to what was drawn around


class Follower:
    """``box``: what was drawn, in the first picture. ``at``: where it is now, the last place while it is missed."""

    def __init__(self, luma: Luma, box: Box) -> None:
        self.at = self._drawn = box
        longer = max(box.width, box.height)
        self._cells = tuple(max(6, round(SIDE * one / longer)) for one in (box.width, box.height))
        first = _standard(_cut(luma, box, self._cells))
        self.can = first is not None and box.inside(luma.shape[1], luma.shape[0]) > 0
        self._bank: list[_Grid] = [] if first is None else [first]
        self._pace = (0.0, 0.0)
        self._missed = 0

    def step(self, luma: Luma) -> bool:
        """Whether it was found in the next picture."""
        hit = self._look(luma) if self.can else None
        if hit is None:
            self._missed += 1
            self._pace = (0.0, 0.0)
            return False
        before, now = self.at.middle, hit.box.middle
        if not self._missed:
            self._pace = tuple(  # type: ignore[assignment]
                0.5 * pace + 0.5 * (b - a)
                for pace, a, b in zip(self._pace, before, now, strict=True)
            )
        self.at, self._missed = hit.box, 0
        least, most, drawn = _LEARN
        if least <= hit.alike < most and hit.anchor >= drawn:
            self._learn(luma)
        return True

    def _look(self, luma: Luma) -> _Hit | None:
        from_here = self.at.moved(*self._pace)
        hits = [self._search(luma, from_here.moved(0, 0, size)) for size in _SIZES]
        found = [hit for hit in hits if hit is not None]
        if not found:
            return None
        best = max(found, key=lambda hit: hit.anchor if hit.anchor >= _ALIKE else hit.alike)
        if hits[1] is not None and best is hits[1] and len(found) == len(_SIZES):
            anchors = np.array([hit.anchor for hit in found], np.float32)
            size = 1 + _between(anchors, 1) * (_SIZES[2] - _SIZES[1])
            best = replace(best, box=best.box.moved(0, 0, size))
        return best if self._possible(best.box, luma) else None

    def _possible(self, box: Box, luma: Luma) -> bool:
        share = box.width / self._drawn.width
        fits = _SMALLEST <= share <= _LARGEST and min(box.width, box.height) >= _SMALL
        return fits and box.inside(luma.shape[1], luma.shape[0]) >= 0.5

    def _search(self, luma: Luma, box: Box) -> _Hit | None:
        """The likeliest place within reach; None where nothing is alike, or two places are."""
        reach = _FAR if self._missed else _NEAR
        least, drawn = (_AGAIN, _ANCHOR_AGAIN) if self._missed else (_ALIKE, _ANCHOR)
        wide, tall = self._cells
        across, down = (round(reach * one) for one in self._cells)
        step = box.width / wide, box.height / tall
        area = Box(
            box.middle[0] - (wide / 2 + across) * step[0],
            box.middle[1] - (tall / 2 + down) * step[1],
            (wide + 2 * across) * step[0],
            (tall + 2 * down) * step[1],
        )
        seen = _cut(luma, area, (wide + 2 * across, tall + 2 * down))
        maps = _likeness(seen, np.stack(self._bank))
        alike = maps.max(0)
        rows, columns = np.indices(alike.shape)
        far = np.hypot((columns - across) / wide, (rows - down) / tall)
        row, column = np.unravel_index(int(np.argmax(alike - _STAY * far)), alike.shape)
        found = float(alike[row, column])
        beside = np.hypot((columns - column) / wide, (rows - row) / tall) > _BESIDE
        rival = float(alike[beside].max()) if beside.any() else -1.0
        anchor = float(maps[0, row, column])
        if found < least or anchor < drawn or rival > found - _SAME:
            return None
        x = column - across + _between(alike[row], int(column))
        y = row - down + _between(alike[:, column], int(row))
        return _Hit(box.moved(x * step[0], y * step[1]), found, anchor)

    def _learn(self, luma: Luma) -> None:
        """It turns, or the light does: one more picture of it, beside the one that was drawn around."""
        more = _standard(_cut(luma, self.at, self._cells))
        if more is not None:
            self._bank = [self._bank[0], *self._bank[1:][-(_BANK - 2) :], more]


def _cut(luma: Luma, box: Box, cells: tuple[int, ...]) -> _Grid:
    """What lies in a box, as so many cells (across, down); the edge of the picture goes on beyond it."""
    tall, wide = luma.shape
    left, top = int(np.floor(box.left)), int(np.floor(box.top))
    right, bottom = int(np.ceil(box.left + box.width)), int(np.ceil(box.top + box.height))
    columns = np.clip(np.arange(left, max(right, left + 1)), 0, wide - 1)
    rows = np.clip(np.arange(top, max(bottom, top + 1)), 0, tall - 1)
    part = Image.fromarray(luma[rows[0] : rows[-1] + 1][:, columns][rows - rows[0]])
    edges = (
        max(0.0, box.left - left),
        max(0.0, box.top - top),
        min(float(part.width), box.left - left + box.width),
        min(float(part.height), box.top - top + box.height),
    )
    size = (cells[0], cells[1])
    return np.asarray(part.resize(size, Image.Resampling.BILINEAR, edges), np.float32)


def _standard(grid: _Grid) -> _Grid | None:
    """Without its mean, of length one; None where it is flat."""
    values = grid - grid.mean()
    if float(values.std()) < _FLAT:
        return None
    made: _Grid = values / np.linalg.norm(values)
    return made


def _likeness(seen: _Grid, bank: NDArray[np.float32]) -> NDArray[np.float32]:
    """Normalised cross-correlation of each picture of the bank with every place of ``seen``."""
    tall, wide = bank.shape[1:]
    rows, columns = seen.shape[0] - tall + 1, seen.shape[1] - wide + 1
    level = (seen - seen.mean()).astype(np.float64)
    ahead = np.fft.rfft2(level)[None] * np.conj(np.fft.rfft2(bank, s=level.shape))
    products = np.fft.irfft2(ahead, s=level.shape)[:, :rows, :columns]
    sums, squares = (_sums(one, tall, wide) for one in (level, level * level))
    spread = np.sqrt(np.maximum(squares - sums * sums / (tall * wide), 0.0))
    least = _FLAT * np.sqrt(tall * wide)
    made: Any = np.where(spread >= least, products / np.maximum(spread, least), 0.0)
    return np.asarray(made, np.float32)


def _sums(values: NDArray[np.float64], tall: int, wide: int) -> NDArray[np.float64]:
    """Of every window of this size."""
    total = np.pad(values.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    made: NDArray[np.float64] = (
        total[tall:, wide:] - total[:-tall, wide:] - total[tall:, :-wide] + total[:-tall, :-wide]
    )
    return made


def _between(line: NDArray[np.float32], at: int) -> float:
    """Where the top lies between cells: of a parabola through three."""
    if not 0 < at < len(line) - 1:
        return 0.0
    before, here, after = (float(one) for one in line[at - 1 : at + 2])
    bend = before - 2 * here + after
    return 0.0 if bend >= 0 else max(-0.5, min(0.5, 0.5 * (before - after) / bend))
