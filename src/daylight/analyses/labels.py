"""Labels as pictures: whether two recordings bear the same channel name, though nobody can read it.

A label is the mean over time of its line: what is behind it is smeared, the strokes stay. Two are the same
where, laid over one another at the best place and size, every stretch as wide as a character agrees: CAM 01
and CAM 11 differ in one character only.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daylight.analyses.clock_places import digits_in, greys, sampling
from daylight.analyses.glyphs import Floats
from daylight.media.overlay_blob import Strip

PITCH: Final = 10  # columns from one character to the next, by the clock's own
ROWS: Final = 26
MOST: Final = 512  # columns
LEAST_SCORE: Final = 9.0  # how much a line looks like text, at least
_SIZES: Final = (1.0, 0.975, 1.025)
_ASPECTS: Final = (1.0, 0.75, 1.333)  # as letterboxed copies have it
_ALIKE: Final = 0.3  # correlation over the whole
_EACH: Final = 0.35  # and in every stretch, at least
_PLAINLY: Final = 0.6  # so much that no other needs to be looked at
_NEAR: Final = 12  # labels that are looked at closely
_MOST_PICTURES: Final = 3  # that are kept of a label
_WIDE: Final = 12  # columns of a stretch
_WEAK: Final = 0.25  # of the usual energy: a stretch without strokes
_SPREAD: Final = 20.0  # greys: strokes stand out by more, noise and smears by less


@dataclass(frozen=True, slots=True)
class Label:
    """``values``: (ROWS, columns), how far greys stand out of those around them. ``digest``: names it.
    ``digits``: those plainly seen, each with its column: 06 and 08 differ in a few pixels only.
    """

    values: Floats
    digest: str
    digits: tuple[tuple[float, int], ...] = ()


def label_of(strip: Strip, pitch: float, cap: float, *, dark: bool) -> Label:
    """``strip``: the mean of a line; ``pitch``: pixels of the picture from character to character.

    ``cap``: height of a character, ``dark``: whether they are darker than their ground.
    """
    x, y, width, height = strip.cut
    rows, columns = strip.pixels.shape[1:]
    step = pitch / PITCH
    middle = strip.box[1] + strip.box[3] / 2
    count = min(MOST, max(_WIDE, int(width / step)))
    down = sampling(rows, (middle - y) * rows / height - 0.5, step * rows / height, ROWS)
    over = sampling(columns, (columns - 1) / 2, step * columns / width, count)
    mean = (down @ greys(strip, dark=False)[0] @ over.T).astype(np.float32)
    out = mean - _around(mean)
    values = (out / np.sqrt(_around(out * out) + _SPREAD**2)).astype(np.float32)
    digits = [
        ((place - x - width / 2) / step + (count - 1) / 2, digit)
        for place, digit in digits_in(strip, cap, dark=dark)
    ]
    name = hashlib.sha256(np.round(16 * values).astype(np.int8).tobytes()).hexdigest()
    return Label(values, name, tuple(digits))


def _around(mean: Floats) -> Floats:
    """Mean over a square of about a character."""
    half = 7
    wide = np.pad(mean, half, mode="edge").astype(np.float64)
    sums = np.pad(wide.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    side = 2 * half + 1
    total = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    made: Floats = (total / side**2).astype(np.float32)
    return made


class Labels:
    """Labels seen so far, by key; each key with some pictures of it."""

    def __init__(self) -> None:
        self._known: list[tuple[str, Label, NDArray[np.complex64]]] = []

    def learn(self, key: str, label: Label) -> None:
        """``label`` is one of those that bear ``key``."""
        if sum(known == key for known, _, _ in self._known) < _MOST_PICTURES:
            self._known.append((key, label, np.conj(_profile(label))))

    def key_of(self, label: Label) -> str:
        """The key of the label that is most like this one; a new one where none is."""
        best, key = _EACH, ""
        for known, other in self._near(label):
            if best < _PLAINLY and (agree := likeness(other, label)[1]) > best:
                best, key = agree, known
        key = key or label.digest[:32]
        self.learn(key, label)
        return key

    def _near(self, label: Label) -> list[tuple[str, Label]]:
        """Those whose strokes are spread alike along the line, the likeliest first."""
        if not self._known:
            return []
        both = np.stack([profile for _, _, profile in self._known]) * _profile(label)
        peaks = np.fft.irfft(both, axis=1).max(axis=1)
        return [self._known[n][:2] for n in np.argsort(-peaks, kind="stable")[:_NEAR]]


def _profile(label: Label) -> NDArray[np.complex64]:
    """Of the energy in each column, without its mean and of length one: its spectrum."""
    columns = np.sqrt((label.values**2).sum(axis=0))
    columns = columns - columns.mean()
    columns /= max(float(np.linalg.norm(columns)), 1e-6)
    return np.fft.rfft(columns, 2 * MOST).astype(np.complex64)


def likeness(one: Label, other: Label) -> tuple[float, float]:
    """Correlation over the whole, and in the stretch that agrees least; -1 where it was not looked at."""
    best, laid = _laid(one.values, other.values)
    used = 1.0
    for aspect in _ASPECTS if best > _ALIKE else ():
        for size in _SIZES:
            scaled = _scaled(other.values, size * aspect, size)
            whole, place = _laid(one.values, scaled)
            if whole > best:
                best, laid, used = whole, place, size
    if best < _ALIKE or _contradict(one, other, used, laid.shift):
        return best, -1.0
    return best, _least(one.values, laid.moved)


def _contradict(one: Label, other: Label, size: float, shift: int) -> bool:
    """Whether at some place one has this digit and the other that."""
    return any(
        abs(at * size + shift - place) < PITCH / 3 and digit != seen
        for place, digit in one.digits
        for at, seen in other.digits
    )


class _Laid(NamedTuple):
    """``moved``: the other label on the canvas of the one; ``shift``: by how many columns."""

    moved: Floats
    shift: int


def _scaled(values: Floats, down: float, over: float) -> Floats:
    rows, columns = values.shape
    count = min(MOST, max(2, round(columns * over)))
    first = sampling(rows, (rows - 1) / 2, 1 / down, rows)
    second = sampling(columns, (columns - 1) / 2, (columns - 1) / max(count - 1, 1), count)
    made: Floats = (first @ values @ second.T).astype(np.float32)
    return made


def _laid(one: Floats, other: Floats) -> tuple[float, _Laid]:
    """The best correlation over all shifts, and ``other`` moved so, on the canvas of ``one``."""
    shape = (2 * ROWS, 2 * MOST)
    product = np.fft.irfft2(np.fft.rfft2(one, shape) * np.conj(np.fft.rfft2(other, shape)), shape)
    near = product.copy()
    near[6:-5] = -np.inf  # a few rows up or down
    at = np.unravel_index(int(near.argmax()), shape)
    dy, dx = (int(v) - n if v > n // 2 else int(v) for v, n in zip(at, shape, strict=True))
    moved = np.zeros_like(one)
    rows, columns = one.shape
    y0, y1 = max(0, dy), min(rows, dy + other.shape[0])
    x0, x1 = max(0, dx), min(columns, dx + other.shape[1])
    if y0 >= y1 or x0 >= x1:
        return -1.0, _Laid(moved, dx)
    moved[y0:y1, x0:x1] = other[y0 - dy : y1 - dy, x0 - dx : x1 - dx]
    norm = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(near.max()) / max(norm, 1e-6), _Laid(moved, dx)


def _least(one: Floats, other: Floats) -> float:
    inner = slice(ROWS // 2 - 8, ROWS // 2 + 8)
    one, other = one[inner], other[inner]
    product, first, second = (
        _stretches((a * b).sum(axis=0)) for a, b in ((one, other), (one, one), (other, other))
    )
    energy = np.maximum(first, second)
    strong = energy > _WEAK * np.median(energy)
    agree = product / np.sqrt(np.maximum(first * second, 1e-6))
    agree = np.where(np.minimum(first, second) < 0.1 * energy, 0.0, agree)
    return float(agree[strong].min()) if strong.any() else -1.0


def _stretches(columns: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.convolve(columns, np.ones(_WIDE, np.float32), mode="valid")


def label_line(strips: Sequence[Strip], clock: Strip | None) -> Strip | None:
    """The line that is likeliest to be the label: the best of those that are not the clock's."""
    others = [
        one
        for one in strips
        if one.still and one.score >= LEAST_SCORE and (clock is None or not _over(one, clock))
    ]
    return max(others, key=lambda one: one.score, default=None)


def _over(one: Strip, other: Strip) -> bool:
    x, y, width, height = one.box
    other_x, other_y, other_width, other_height = other.box
    across = min(x + width, other_x + other_width) - max(x, other_x)
    down = min(y + height, other_y + other_height) - max(y, other_y)
    return across > 0 and down > min(height, other_height) // 2
