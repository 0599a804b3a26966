"""Overlays: lines of text over the picture (a clock, a channel's name), cut out for whoever reads them.

Looks for lines over three pictures at the start of a span, and again now and then, since a recording
may change; cuts the lines out of every picture. A line in which characters change is kept picture by
picture, one that stays the same as its mean. Reads nothing.

How an item is cut into spans decides from which pictures a line's box is measured: it may differ by some
pixels. What is read from the crops stays the same.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from daylight.detectors.base import Blob, Finding, Material, Partial, Session, Span, Subject
from daylight.detectors.overlay_lines import Grey, Line, find_lines
from daylight.detectors.registry import Wants
from daylight.media.overlay_blob import MOST_SIDE, Strip, pack, quantised, unpack
from daylight.media.picture import Picture
from daylight.media.program import Json

AT_ONCE: Final = 3  # pictures that a line must lie over
AGAIN: Final = 64  # pictures after which lines are looked for again
LINES: Final = 4  # a span, at most
KEPT: Final = 2  # changing lines that are kept picture by picture
CAP: Final = 15  # rows that characters are scaled down to
STILL_CAP: Final = 30  # in the mean of a line that stays
CHANGING: Final = 0.05  # of a line's ink, at least, where characters change
_LEAST_PICTURE: Final = 32  # pixels on the shorter side
_MICROSECONDS: Final = 1_000_000


class Overlay:
    name = "overlay"
    version = 1
    wants = Wants.KEY_FRAMES

    def start(self, subject: Subject, span: Span) -> Session:
        del subject
        return _Lines(span)

    def merge(self, subject: Subject, partials: Sequence[Partial]) -> Finding:
        """Lines of all spans; of those at one place it is told from all pictures whether they change."""
        del subject
        places = _places([one for partial in partials for one in unpack(partial.data)])
        changes = [_change(place) for place in places]
        order = sorted(range(len(places)), key=lambda n: (-changes[n], -places[n][0].score))
        kept: list[Strip] = []
        for rank, n in enumerate(order[:LINES]):
            moves = changes[n] >= CHANGING or changes[order[0]] < CHANGING
            each = rank == 0 or (rank < KEPT and moves)
            kept += [one for one in places[n] if not one.still] if each else []
            still = [one for one in places[n] if one.still]
            kept += [max(still, key=lambda one: one.score)]
        change: list[Json] = [round(changes[n], 4) for n in order[:LINES]]
        facts: dict[str, Json] = {"lines": len(places), "change": change}
        if not kept:
            return Finding(facts)
        return Finding(facts, (Blob("overlay", "application/octet-stream", pack(kept)),))


class _Lines:
    """Crops of one span. Holds at most ``AT_ONCE`` whole pictures at a time."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._waiting: list[tuple[int, Grey]] = []
        self._tracks: list[_Track] = []
        self._since = 0

    def push(self, material: Material, /) -> None:
        if not isinstance(material, Picture) or not self._mine(material):
            return
        luma, at = material.luma(), _micro(material.seconds)
        if (self._tracks and luma.shape != self._tracks[-1].shape) or self._since >= AGAIN:
            self._since = 0
        if self._since == 0 and self._waiting and self._waiting[0][1].shape != luma.shape:
            self._look()
        if self._since == 0:
            self._waiting.append((at, luma.copy()))
            if len(self._waiting) == AT_ONCE:
                self._look()
            return
        self._since += 1
        for track in self._tracks:
            track.push(at, luma)

    def finish(self) -> Partial:
        self._look()
        strips = [strip for track in self._tracks for strip in track.strips()]
        return Partial({}, pack(strips))

    def _mine(self, picture: Picture) -> bool:
        return self._span.first <= picture.number < self._span.last and type(picture) is Picture

    def _look(self) -> None:
        """Find lines over the pictures that wait, and cut all known lines out of them."""
        if not self._waiting:
            return
        waiting, self._waiting, self._since = self._waiting, [], 1
        shape = waiting[0][1].shape
        if not min(shape) >= _LEAST_PICTURE or max(shape) > MOST_SIDE:
            return
        for line in find_lines([luma for _, luma in waiting], LINES):
            if not any(track.covers(line, shape) for track in self._tracks):
                self._tracks.append(_Track(line, shape))
        for track in self._tracks:
            for at, luma in waiting:
                track.push(at, luma)


class _Track:
    """One line of a span, and its crops so far."""

    def __init__(self, line: Line, shape: tuple[int, ...]) -> None:
        self.line, self.shape = line, shape
        self.cut = _cut(line, shape)
        self._times: list[int] = []
        self._crops: list[Grey] = []
        self._sum: NDArray[np.float32] | None = None

    def covers(self, line: Line, shape: tuple[int, ...]) -> bool:
        mine = self.line
        across = min(mine.x + mine.width, line.x + line.width) - max(mine.x, line.x)
        down = min(mine.y + mine.height, line.y + line.height) - max(mine.y, line.y)
        return shape == self.shape and across > 0 and down > mine.height // 2

    def push(self, at: int, luma: Grey) -> None:
        if luma.shape != self.shape:
            return
        x, y, width, height = self.cut
        crop = np.ascontiguousarray(luma[y : y + height, x : x + width])
        self._times.append(at)
        self._crops.append(quantised(_shrunk(crop, self.line.height, CAP)))
        large = _shrunk(crop, self.line.height, STILL_CAP).astype(np.float32)
        self._sum = large if self._sum is None else self._sum + large

    def strips(self) -> list[Strip]:
        """The crops, and their mean."""
        if self._sum is None:
            return []
        line = self.line
        box = (line.x, line.y, line.width, line.height)
        each = Strip(
            box=box,
            cut=self.cut,
            dark=line.dark,
            still=False,
            score=line.score,
            times=np.array(self._times, np.int64),
            pixels=np.stack(self._crops),
        )
        mean = quantised(self._sum / np.float32(len(self._crops)))[None]
        return [each, replace(each, still=True, times=each.times[:1], pixels=mean)]


def _cut(line: Line, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The box with a margin: of one character at the sides, of six tenths above and below."""
    x0, y0 = max(0, line.x - line.height), max(0, line.y - line.height * 6 // 10)
    x1 = min(shape[1], line.x + line.width + line.height)
    y1 = min(shape[0], line.y + line.height + line.height * 6 // 10)
    return x0, y0, x1 - x0, y1 - y0


def _shrunk(crop: Grey, height: int, cap: int) -> Grey:
    """So that characters ``height`` high are no more than ``cap``."""
    if height <= cap:
        return crop
    rows = max(1, round(crop.shape[0] * cap / height))
    columns = max(1, round(crop.shape[1] * cap / height))
    return np.asarray(Image.fromarray(crop).resize((columns, rows), Image.Resampling.BOX))


def _places(strips: Sequence[Strip]) -> list[list[Strip]]:
    """Strips whose boxes lie over one another, together; in the order they come."""
    places: list[list[Strip]] = []
    for strip in strips:
        place = next((one for one in places if _over(one[0].box, strip.box)), None)
        if place is None:
            places.append([strip])
        else:
            place.append(strip)
    return places


def _over(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return across > 0 and down > min(one[3], other[3]) // 2


def _change(place: Sequence[Strip]) -> float:
    """Of the ink at a place, the share that comes and goes from picture to picture."""
    each = [one for one in place if not one.still]
    weights = [len(one.times) for one in each]
    return float(np.average([_comes_and_goes(one) for one in each], weights=weights))


def _comes_and_goes(strip: Strip) -> float:
    values = (15 - strip.pixels) if strip.dark else strip.pixels
    top = (strip.box[1] - strip.cut[1]) * values.shape[1] // strip.cut[3]
    inside = values[:, top : values.shape[1] - top]
    if not inside.size:
        return 0.0
    often = (inside > 0.7 * np.percentile(inside, 98)).mean(axis=0)
    ever = np.count_nonzero(often > 0.1)
    return int(np.count_nonzero((often > 0.1) & (often < 0.9))) / max(1, int(ever))


def _micro(seconds: Fraction) -> int:
    return int(seconds * _MICROSECONDS)
