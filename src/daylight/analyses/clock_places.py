"""Where the characters of a clock stand: found once for a camera, looked at in every picture after.

A line of text is laid under the network of ``glyphs`` at some heights; where it sees characters at even
distances, there they are. Places are in pixels of the picture, so that they serve every recording of the
camera, however its line was cut out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daylight.analyses.clock_forms import Form, form_of
from daylight.analyses.glyphs import CAP, COLUMNS, NONE, ROWS, Floats, along, told
from daylight.media.overlay_blob import GREYS, Strip

AT_ONCE: Final = 6  # pictures that places are found from
HEIGHTS: Final = (1.0, 0.92, 1.08, 0.84, 0.76)  # of the box, where the digits' own height may lie
SHIFTS: Final = (0.0, 1.0, -1.0)  # rows
LEAST: Final = 5  # characters
_PLAUSIBLE: Final = 0.7  # mean probability of the digits at their places: below, it is no clock
_GOOD: Final = 0.9  # as much as is wanted of places found before
_ENDS: Final = 1.5  # heights, by which a line may be longer or shorter than the characters known
_PLAIN: Final = 0.9  # probability of a digit that is plainly seen
_SQUEEZED: Final = 0.55  # of the usual distance, below which one of two is no character


@dataclass(frozen=True, slots=True)
class Places:
    """``cap``: height of the digits; ``middle``: their middle row; ``across``: middles of characters.
    ``ends``: left and right of the line they were found in, which may reach beyond them.
    """

    cap: float
    middle: float
    across: tuple[float, ...]
    dark: bool
    form: Form
    ends: tuple[int, int]


def find_places(strip: Strip) -> Places | None:
    """None where the line does not look like a clock.

    Strokes are looked for as the detector saw them; the other way round only where that shows no clock
    plainly.
    """
    few = _few(strip)
    found = _looked_for(few, dark=strip.dark)
    if found is None or found.clear < _GOOD:
        other = _looked_for(few, dark=not strip.dark)
        found = max(filter(None, (found, other)), key=lambda one: one.score, default=None)
    return None if found is None or found.clear < _PLAUSIBLE else found.places


class _Looked(NamedTuple):
    """``clear``: mean probability of its digits."""

    score: float
    places: Places
    clear: float


def _looked_for(few: Strip, *, dark: bool) -> _Looked | None:
    tried = (_at(few, dark=dark, height=h, shift=s) for h in HEIGHTS for s in SHIFTS)
    best = max(filter(None, tried), key=lambda one: one[0], default=None)
    return None if best is None else _Looked(*best, _clear(look(few, best[1]), best[1]))


def fits(strip: Strip, places: Places) -> bool:
    """Whether the digits of a clock stand at known places in this line, too."""
    x, y, width, height = strip.box
    as_before = (places.ends, (places.across[0], places.across[-1]))
    away = min(max(abs(a - x), abs(b - x - width)) for a, b in as_before)
    if away > _ENDS * places.cap or not y <= places.middle <= y + height:
        return False
    seen = look(_few(strip), places)
    same = form_of(np.exp(seen).mean(axis=0)) == places.form
    return same and _clear(seen, places) > _GOOD


def _clear(seen: Floats, places: Places) -> float:
    """Mean probability of the likeliest digit where digits stand."""
    digits = seen[:, list(places.form.digits), :10]
    return float(np.exp(digits.max(axis=2)).mean())


def look(strip: Strip, places: Places) -> Floats:
    """Log probabilities (pictures, characters, classes) at known places."""
    shown = windows(strip, places, slice(None))
    return told(shown.reshape(-1, ROWS, COLUMNS)).reshape(*shown.shape[:2], NONE + 1)


def windows(strip: Strip, places: Places, chosen: slice | NDArray[np.int64]) -> Floats:
    """What the network is shown at known places (pictures, characters, ROWS, COLUMNS).

    Of the pictures that are ``chosen``.
    """
    rows, columns = strip.pixels.shape[1:]
    x, y, width, height = strip.cut
    step = places.cap / CAP
    down = sampling(rows, (places.middle - y) * rows / height - 0.5, step * rows / height, ROWS)
    grey = greys(strip, dark=places.dark)[chosen]
    middles = [(one - x) * columns / width - 0.5 for one in places.across]
    over = np.concatenate(
        [sampling(columns, middle, step * columns / width, COLUMNS) for middle in middles]
    )
    flat = (down @ grey) @ over.T  # (pictures, ROWS, characters * COLUMNS)
    split = flat.reshape(len(grey), ROWS, len(middles), COLUMNS).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(split)


def greys(strip: Strip, *, dark: bool) -> Floats:
    """Pixels as greys 0 to 255, strokes bright."""
    grey = strip.pixels.astype(np.float32) * (256 / GREYS) + 128 / GREYS
    return 255 - grey if dark else grey


def digits_in(strip: Strip, cap: float, *, dark: bool) -> list[tuple[float, int]]:
    """Digits that are plainly seen in the first crop: where (pixels of the picture), and which."""
    x, y, width, tall = strip.cut
    rows, columns = strip.pixels.shape[1:]
    step = cap / CAP
    count = int(width / step)
    if count < COLUMNS + 1:
        return []
    middle = strip.box[1] + strip.box[3] / 2
    down = sampling(rows, (middle - y) * rows / tall - 0.5, step * rows / tall, ROWS)
    over = sampling(columns, (columns - 1) / 2, step * columns / width, count)
    lines: Floats = (down @ greys(strip, dark=dark)[:1] @ over.T).astype(np.float32)
    seen = np.exp(along(lines))[0]
    at = _characters(1 - seen[:, NONE])
    classes = seen[np.round(at).astype(np.int64)]
    across = x + width / 2 + (at + (COLUMNS - 1) / 2 - (count - 1) / 2) * step
    return [
        (float(place), int(values[:10].argmax()))
        for place, values in zip(across, classes, strict=True)
        if values[:10].max() > _PLAIN
    ]


def sampling(size: int, middle: float, step: float, count: int) -> Floats:
    """The matrix (count, size) that takes ``count`` samples, ``step`` apart, around ``middle``."""
    at = np.clip(middle + (np.arange(count) - (count - 1) / 2) * step, 0, size - 1)
    low = np.floor(at).astype(np.int64)
    matrix = np.zeros((count, size), np.float32)
    np.add.at(matrix, (np.arange(count), low), 1 - (at - low))
    np.add.at(matrix, (np.arange(count), np.minimum(low + 1, size - 1)), at - low)
    return matrix


def _few(strip: Strip) -> Strip:
    """Some of its pictures, from all over it."""
    count = len(strip.times)
    chosen = np.unique(np.linspace(0, count - 1, min(AT_ONCE, count)).astype(np.int64))
    return Strip(
        strip.box,
        strip.cut,
        strip.dark,
        strip.still,
        strip.score,
        strip.times[chosen],
        strip.pixels[chosen],
    )


def _at(strip: Strip, *, dark: bool, height: float, shift: float) -> tuple[float, Places] | None:
    """How good it is, and the places, where the line looks like a clock at this height."""
    x, y, width, tall = strip.cut
    rows, columns = strip.pixels.shape[1:]
    cap = strip.box[3] * height
    step = cap / CAP
    middle = strip.box[1] + strip.box[3] / 2 + shift * step
    down = sampling(rows, (middle - y) * rows / tall - 0.5, step * rows / tall, ROWS)
    count = int(width / step)
    if count < COLUMNS + LEAST:
        return None
    over = sampling(columns, (columns - 1) / 2, step * columns / width, count)
    lines: Floats = (down @ greys(strip, dark=dark) @ over.T).astype(np.float32)
    seen = np.exp(along(lines)).mean(axis=0)
    at = _characters(1 - seen[:, NONE])
    if len(at) < LEAST:
        return None
    classes = seen[np.round(at).astype(np.int64)]
    form = form_of(classes)
    if form is None:
        return None
    across = x + width / 2 + (at + (COLUMNS - 1) / 2 - (count - 1) / 2) * step
    ends = (strip.box[0], strip.box[0] + strip.box[2])
    return (
        _good(classes, at) * _whole(form),
        Places(cap, middle, tuple(float(one) for one in across), dark, form, ends),
    )


def _characters(there: NDArray[np.float32]) -> NDArray[np.float64]:
    """Middles of the stretches where a character is."""
    edges = np.flatnonzero(np.diff(there > 0.5, prepend=False, append=False))
    if not len(edges):
        return np.zeros(0)
    pairs = list(zip(edges[::2], edges[1::2], strict=True))
    at = np.array([np.average(np.arange(a, b), weights=there[a:b]) for a, b in pairs])
    weight = np.array([there[a:b].sum() for a, b in pairs])
    return _apart(at, weight)


def _apart(at: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without what is squeezed in beside a character that is seen better."""
    while len(at) > LEAST:
        gaps = np.diff(at)
        nearest = int(gaps.argmin())
        if gaps[nearest] > _SQUEEZED * np.median(gaps):
            return at
        gone = nearest + int(weight[nearest + 1] < weight[nearest])
        at, weight = np.delete(at, gone), np.delete(weight, gone)
    return at


def _whole(form: Form) -> float:
    """A form that explains more of the line is the likelier one."""
    return 1.0 + 0.05 * len(form.digits) + 0.1 * (form.half >= 0)


def _good(classes: Floats, at: NDArray[np.float64]) -> float:
    """Sure characters, at even distances."""
    apart = np.diff(at)
    usual = float(np.median(apart))
    even = float(np.mean((np.abs(apart - usual) < 0.13 * usual + 1) | (apart > 1.6 * usual)))
    sure = float(classes[:, :NONE].max(axis=1).mean())
    return float(sure**2 * even * min(len(at), 19) ** 0.5)


def best_of(known: Sequence[Places], strip: Strip) -> Places | None:
    """The first of the known places that fits."""
    return next((one for one in known if fits(strip, one)), None)
