"""Lines of text that lie over a picture: found by their strokes, whatever they say.

Strokes are thin and stand out from both sides: what a white top-hat (the picture less its opening) leaves of
the darkest value of each pixel over some pictures, since what is drawn over a picture stays while the
picture moves. Connected strokes of like height that stand side by side make a line. Done at three sizes of
the picture, for bright strokes, and for dark ones on the picture turned over. Pure NumPy.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Ints = NDArray[np.int64]

REACH: Final = 7  # pixels: strokes narrower than this are strokes, at the size looked at
LEAST: Final = 6  # pixels a character is high, at least
MOST: Final = 30  # and at most, at the size looked at
LEVELS: Final = 3
CONTRASTS: Final = (64, 110, 28)  # greys by which strokes stand out, each looked for by itself
_PLAIN_SCORE: Final = 25.0  # two lines that are so plain need no other contrast
_MOST_RUNS: Final = 60_000
_MOST_GLYPHS: Final = 1_200
_LEAST_WIDE: Final = 3.0  # heights
_GAP: Final = 3.0  # heights between words, at most
_OUTLINE: Final = 0.7  # dark strokes may be the outline of bright ones, which serve better
LEAST_SCORE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Line:
    """``x``, ``y``, ``width``, ``height`` in pixels: the box of its characters; ``score`` orders lines;
    ``contrast``: greys by which its strokes stand out, at least.
    """

    x: int
    y: int
    width: int
    height: int
    dark: bool
    score: float
    contrast: int


def find_lines(pictures: Sequence[Grey], most: int) -> list[Line]:
    """Lines over all of ``pictures`` (of one size, some seconds apart), the likeliest first."""
    stack = list(pictures)
    planes = [one for dark in (False, True) for one in _sizes(_all(stack, dark=dark), dark=dark)]
    found: list[Line] = []
    for contrast in CONTRASTS:
        found += [line for plane in planes for line in _at(plane, contrast)]
        if len(_distinct([line for line in found if line.score > _PLAIN_SCORE], 2)) == 2:
            break
    likely = [line for line in found if line.score >= LEAST_SCORE]
    chosen = _distinct(sorted(likely, key=lambda line: -line.score), 2 * most)
    whole = [_whole(line, stack) for line in chosen]
    return _distinct(sorted(whole, key=lambda line: -line.score), most)


def _whole(line: Line, pictures: Sequence[Grey]) -> Line:
    """With what changes from picture to picture at its ends: seconds, and AM after them."""
    reaches = np.array([_reach(line, picture) for picture in pictures])
    x0, x1 = (int(np.median(reaches[:, n])) for n in (0, 1))
    return replace(line, x=x0, width=x1 - x0)


def _reach(line: Line, picture: Grey) -> tuple[int, int]:
    """From where to where characters stand beside those of the line, in one picture."""
    top, bottom = max(0, line.y - line.height // 2), line.y + line.height * 3 // 2
    left, right = max(0, line.x - 30 * line.height), line.x + line.width + 30 * line.height
    band, scale = picture[top:bottom, left:right], 1
    band = 255 - band if line.dark else band
    while line.height > scale * MOST and min(band.shape) >= 2:
        band, scale = _halved(band), 2 * scale
    out = strokes(band)
    weaker = [one for one in CONTRASTS if one <= line.contrast]
    boxes = np.concatenate([_glyphs(out, one) for one in weaker]) * scale
    height = boxes[:, 3] - boxes[:, 1]
    level = np.abs((boxes[:, 1] + boxes[:, 3]) / 2 + top - line.y - line.height / 2)
    like = (height > 0.7 * line.height) & (height < 1.4 * line.height)
    beside = boxes[like & (level < 0.3 * line.height)][:, (0, 2)] + left
    x0, x1, far = line.x, line.x + line.width, _GAP * line.height
    while True:
        near = beside[(beside[:, 0] < x1 + far) & (beside[:, 1] > x0 - far)]
        low = min(x0, int(near[:, 0].min(initial=x0)))
        high = max(x1, int(near[:, 1].max(initial=x1)))
        if (low, high) == (x0, x1):
            return x0, x1
        x0, x1 = low, high


def _all(pictures: Sequence[Grey], *, dark: bool) -> Grey:
    """Bright where every picture is bright; or, where ``dark``, where every one is dark."""
    plane = pictures[0]
    for other in pictures[1:]:
        plane = np.maximum(plane, other) if dark else np.minimum(plane, other)
    return 255 - plane if dark else plane


def _halved(plane: Grey) -> Grey:
    height, width = plane.shape[0] & ~1, plane.shape[1] & ~1
    even = plane[:height, :width]
    above = (even[::2, ::2] >> 1) + (even[::2, 1::2] >> 1)
    below = (even[1::2, ::2] >> 1) + (even[1::2, 1::2] >> 1)
    return (above >> 1) + (below >> 1)


def strokes(plane: Grey, reach: int = REACH) -> Grey:
    """The white top-hat: how far each pixel stands out of what ``reach`` across and down leave."""
    low = _sliding(_sliding(plane, reach, 0, np.minimum), reach, 1, np.minimum)
    opened = _sliding(_sliding(low, reach, 0, np.maximum), reach, 1, np.maximum)
    return plane - np.minimum(opened, plane)


def _sliding(plane: Grey, reach: int, axis: int, pick: np.ufunc) -> Grey:
    """Of each window of ``reach`` (odd) around a pixel the least or most; edges repeat."""
    half = reach // 2
    pad = [(half, half) if n == axis else (0, 0) for n in (0, 1)]
    wide = np.pad(plane, pad, mode="edge")
    size, have = plane.shape[axis], 1
    while have < reach:  # windows of 1, 2, 4 … laid over one another
        step = min(have, reach - have)
        length = wide.shape[axis] - step
        wide = pick(_part(wide, axis, 0, length), _part(wide, axis, step, length))
        have += step
    return _part(wide, axis, 0, size)


def _part(plane: Grey, axis: int, start: int, length: int) -> Grey:
    return plane[start : start + length] if axis == 0 else plane[:, start : start + length]


class _Plane(NamedTuple):
    """Strokes of the picture at one size; ``scale``: pixels of the whole picture a pixel."""

    out: Grey
    scale: int
    dark: bool


def _sizes(plane: Grey, *, dark: bool) -> Iterator[_Plane]:
    for level in range(LEVELS):
        if min(plane.shape) < 2 * REACH:
            return
        yield _Plane(strokes(plane), 1 << level, dark)
        plane = _halved(plane)


def _at(plane: _Plane, contrast: int) -> Iterator[Line]:
    """Lines with characters ``LEAST`` to ``MOST`` high at this size, in pixels of the whole picture."""
    out, scale, dark = plane
    boxes = _glyphs(out, contrast)
    groups = _chained(boxes)
    for group in np.unique(groups):
        found = _line(boxes[groups == group], out > contrast, out, out.shape[0])
        if found is not None:
            (x, y, width, height), score = found
            score *= _OUTLINE if dark else 1.0
            place = (x * scale, y * scale, width * scale, height * scale)
            yield Line(*place, dark=dark, score=score, contrast=contrast)


def _glyphs(out: Grey, contrast: int) -> Ints:
    """Boxes (x0, y0, x1, y1) of connected strokes that may be characters, or some that touch."""
    runs = _runs(out > contrast)
    if not 0 < len(runs) <= _MOST_RUNS:
        return np.zeros((0, 4), np.int64)
    boxes = _boxes(runs, out.shape[1])
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    fits = (height >= LEAST) & (height <= MOST) & (width >= 1) & (width <= 14 * height)
    chosen = boxes[fits]
    return chosen[np.argsort(-(chosen[:, 3] - chosen[:, 1]), kind="stable")][:_MOST_GLYPHS]


def _runs(mask: NDArray[np.bool_]) -> Ints:
    """(row, first, end) of each run of set pixels, in order."""
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).view(np.int8), axis=1)
    rows, first = np.nonzero(edges == 1)
    end = np.nonzero(edges == -1)[1]
    return np.stack([rows, first, end], axis=1).astype(np.int64)


def _boxes(runs: Ints, width: int) -> Ints:
    if not len(runs):
        return np.zeros((0, 4), np.int64)
    row, first, end = runs.T
    wide = width + 2
    starts, ends = row * wide + first, row * wide + end
    low = np.searchsorted(ends, (row + 1) * wide + first, side="left")
    high = np.searchsorted(starts, (row + 1) * wide + end, side="right")
    count = np.maximum(high - low, 0)
    upper = np.repeat(np.arange(len(runs)), count)
    lower = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + low[upper]
    names = _joined(len(runs), upper, lower)
    order = np.argsort(names, kind="stable")
    cuts = np.flatnonzero(np.diff(names[order], prepend=-1))
    return np.stack(
        [
            np.minimum.reduceat(first[order], cuts),
            np.minimum.reduceat(row[order], cuts),
            np.maximum.reduceat(end[order], cuts),
            np.maximum.reduceat(row[order], cuts) + 1,
        ],
        axis=1,
    )


def _joined(count: int, one: Ints, other: Ints) -> Ints:
    """The name of each node's component: the least number in it."""
    names = np.arange(count)
    while True:
        before = names.copy()
        least = np.minimum(names[one], names[other])
        np.minimum.at(names, names[one], least)
        np.minimum.at(names, names[other], least)
        names = names[names]
        if np.array_equal(before, names):
            return names


def _chained(boxes: Ints) -> Ints:
    """The line each box is in: neighbours of like height on one level, not far apart."""
    x0, y0, x1, y1 = boxes.T
    height = (y1 - y0).astype(np.float32)
    middle = (y0 + y1) / 2
    small, large = (f(height[:, None], height[None, :]) for f in (np.minimum, np.maximum))
    gap = x0[None, :] - x1[:, None]
    near = (gap > -0.3 * small) & (gap < 1.7 * small)
    level = np.abs(middle[:, None] - middle[None, :]) < 0.25 * small
    one, other = np.nonzero(near & level & (large < 1.45 * small))
    return _joined(len(boxes), one.astype(np.int64), other.astype(np.int64))


def _line(
    boxes: Ints, ink: NDArray[np.bool_], out: Grey, picture_height: int
) -> tuple[tuple[int, int, int, int], float] | None:
    """(x, y, width, height) of a chain and its score, where it is long and even enough."""
    heights = boxes[:, 3] - boxes[:, 1]
    x0, x1 = int(boxes[:, 0].min()), int(boxes[:, 2].max())
    y0, y1 = round(float(np.median(boxes[:, 1]))), round(float(np.median(boxes[:, 3])))
    height = y1 - y0
    if height < LEAST or x1 - x0 < _LEAST_WIDE * height:
        return None
    even = 1.0 / (1.0 + float(np.std(boxes[:, 1]) + np.std(boxes[:, 3])) / height * 6)
    inside, set_ = out[y0:y1, x0:x1], ink[y0:y1, x0:x1]
    if not 0.08 < float(set_.mean()) < 0.7:
        return None
    changes = float(np.abs(np.diff(set_.view(np.int8), axis=1)).sum()) / height
    turns = changes / ((x1 - x0) / height)  # about three a character
    away = min(y0, picture_height - y1) / picture_height
    edge = 1.5 if away < 0.2 else 1.0
    contrast = float(inside[set_].mean()) / 128
    length = min((x1 - x0) / height, 16) ** 0.5
    score = even * contrast * min(turns, 3.0) * length * edge * min(len(heights), 8) ** 0.5
    return (x0, y0, x1 - x0, height), score


def _distinct(lines: Sequence[Line], most: int) -> list[Line]:
    """The best of those that lie over one another."""
    kept: list[Line] = []
    for line in lines:
        if len(kept) == most:
            break
        if not any(_overlap(line, other) for other in kept):
            kept.append(line)
    return kept


def _overlap(one: Line, other: Line) -> bool:
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return across > 0 and down > 0.3 * min(one.height, other.height)
