"""Reads the burnt-in clock of a recording from the crops that the detector ``overlay`` made of it.

Where the characters stand is found once for a camera (``Reader`` remembers), then every picture is looked at
there, and all pictures of a recording are held against the media time: what does not tick with it is not
believed. Whether 03/04 is a day in April or in March is told from the recording where it can be, else from
the camera's others (``clock_orders``), else both are said.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from daylight.analyses.clock_fields import Fields, Seconds, fields_of, joined
from daylight.analyses.clock_fit import Fit, fit, pace_of
from daylight.analyses.clock_forms import Form, Order
from daylight.analyses.clock_places import Places, best_of, find_places, look
from daylight.analyses.clock_pool import surer
from daylight.analyses.glyphs import Floats
from daylight.analyses.labels import Label, label_line, label_of
from daylight.domain.burnt_clock import BurntClock, ClockPiece, Ticking
from daylight.media.overlay_blob import Strip

BELIEVED: Final = 0.8  # how sure a piece is, at least, to be believed without a person
_SHARP: Final = (
    0.9  # probability of each digit in a mean of pictures, above which it stays the same
)
_SAME: Final = 3.0  # log likelihood between two orders, below which they are not told apart
_ENOUGH: Final = 0.7  # of the pictures, fewer of which call for another pace
_DOUBTFUL: Final = 0.5  # how sure one is of hours that may be those of the afternoon, at most
_MOST_KNOWN: Final = 64


@dataclass(frozen=True, slots=True)
class Reading:
    """``clock``: what is kept. ``camera``: the same for recordings of one camera, as far as the form and
    place of its clock tell, empty where there is none; ``label``: its other line, as a picture, and
    ``label_line``: what that was made from. ``times``, ``shown``: µs of media time of each
    picture and the naive second read there, -1 where none is believed.
    """

    clock: BurntClock
    times: Seconds
    shown: Seconds
    camera: str = ""
    label: Label | None = None
    label_line: Strip | None = None


_Found = tuple[Places, Strip]


class _Seen(NamedTuple):
    """Log probabilities at the places of a form, for each picture of a strip."""

    values: Floats
    form: Form


class Reader:
    """Reads recordings one after another; those of one camera together are quicker."""

    def __init__(self) -> None:
        self._known: list[Places] = []

    def read(self, strips: Sequence[Strip]) -> Reading:
        """``strips`` of one recording: ``media.overlay_blob``."""
        each = [one for one in strips if not one.still]
        found = [(known, one) for one in each if (known := best_of(self._known, one)) is not None]
        if len(found) < len(each):
            found = self._found(each, found)
        if not found:
            return self._standing([one for one in strips if one.still])
        readings = [_with_label(_read(line), line[0], strips) for line in _lines(found)]
        return max(readings, key=lambda one: (one.clock.confidence, one.clock.read))

    def _found(self, each: Sequence[Strip], known: Sequence[_Found]) -> list[_Found]:
        """With the strips for which no known places serve; where a clock is known, only its own line."""
        found = list(known)
        for strip in each:
            if any(strip is one for _, one in found):
                continue
            if known and not any(_one_line(strip, one) for _, one in known):
                continue
            places = best_of(self._known, strip) or find_places(strip)
            if places is not None:
                found.append((places, strip))
                self._remember(places)
        return found

    def _standing(self, still: Sequence[Strip]) -> Reading:
        """A clock whose every digit is sharp in the mean of all pictures does not tick."""
        for strip in still:
            places = find_places(strip)
            if places is not None and _sharp(strip, places):
                reading = _with_label(_read([(places, strip)]), (places, strip), still)
                return replace(reading, clock=replace(reading.clock, ticking=Ticking.FROZEN))
        return _lone_label(still)

    def _remember(self, places: Places) -> None:
        if not any(places is one for one in self._known):
            self._known = [places, *self._known[: _MOST_KNOWN - 1]]


def _with_label(reading: Reading, clock: _Found, strips: Sequence[Strip]) -> Reading:
    places, strip = clock
    line = label_line(strips, strip)
    if line is None:
        return reading
    pitch = (places.across[-1] - places.across[0]) / (len(places.across) - 1)
    label = label_of(line, pitch, places.cap, dark=places.dark)
    return replace(reading, label=label, label_line=line)


def _lone_label(still: Sequence[Strip]) -> Reading:
    """Without a clock beside it the size of its characters is all that tells the scale."""
    none, line = Reading(BurntClock(Ticking.NONE), *_nothing()), label_line(still, None)
    if line is None:
        return none
    height = line.box[3]
    label = label_of(line, 0.85 * height, height, dark=line.dark)
    return replace(none, label=label, label_line=line)


def _sharp(strip: Strip, places: Places) -> bool:
    digits = look(strip, places)[:, list(places.form.digits), :10]
    return float(np.exp(digits.max(axis=2)).min()) > _SHARP


def _one_line(one: Strip, other: Strip) -> bool:
    (_, y, _, height), (_, other_y, _, other_height) = one.box, other.box
    return abs(2 * y + height - 2 * other_y - other_height) < min(height, other_height)


def _lines(found: Sequence[_Found]) -> list[list[_Found]]:
    """By the line they lie in: of a recording in several spans, each line has several strips."""
    lines: list[list[_Found]] = []
    for one in found:
        same = [
            line
            for line in lines
            if _one_line(line[0][1], one[1]) and _written(line[0][0]) == _written(one[0])
        ]
        if same:
            same[0].append(one)
        else:
            lines.append([one])
    return lines


def _written(places: Places) -> tuple[str, str]:
    return places.form.date, places.form.time


def _nothing() -> tuple[Seconds, Seconds]:
    return np.zeros(0, np.int64), np.zeros(0, np.int64)


def _read(line: Sequence[_Found]) -> Reading:
    places = line[0][0]
    times = np.concatenate([strip.times for _, strip in line])
    seen = [_Seen(look(strip, known), known.form) for known, strip in line]
    order = np.argsort(times, kind="stable")
    times = times[order]
    step = 1 if places.form.seconds else 60
    orders = places.form.orders or (None,)
    fields = [_fields(seen, one).part(order) for one in orders]
    pace, fits = 1.0, [fit(times, one, step) for one in fields]
    if max(_share(one) for one in fits) < _ENOUGH:
        pace, fits = _paced(times, fields, step, fits)
    likely = max(one.likely for one in fits)
    good = [n for n, one in enumerate(fits) if one.likely >= likely - _SAME]
    chosen = good[0]
    found = fits[chosen]
    if any(one.sure < BELIEVED for one in found.pieces):
        found = surer(line, np.argsort(order), found, orders[chosen])
    possible = tuple(one for n in good if (one := orders[n]) is not None)
    clock = _clock(times, found, places, possible, pace)
    return Reading(clock, times, found.shown, _camera(places))


def _paced(
    times: Seconds, fields: Sequence[Fields], step: int, before: list[Fit]
) -> tuple[float, list[Fit]]:
    """Where the clock does not go at the pace of the media: at its own, if that serves better."""
    best, found = 1.0, before
    for one in fields:
        pace = pace_of(times, one)
        if pace != 1.0:
            fits = [fit((times * pace).astype(np.int64), other, step) for other in fields]
            if max(map(_share, fits)) > max(_ENOUGH, *map(_share, found)):
                best, found = pace, fits
    return best, found


def _share(found: Fit) -> float:
    """Of the pictures, those that are believed; a clock that stands is read as well as can be."""
    return 1.0 if found.frozen else float((found.shown >= 0).mean())


def _fields(seen: Sequence[_Seen], order: Order | None) -> Fields:
    return joined([fields_of(values, form, order) for values, form in seen])


def _camera(places: Places) -> str:
    form = places.form
    where = f"{places.middle / 16:.0f}:{places.across[0] / 32:.0f}:{places.cap / 4:.0f}"
    return f"{form.date}|{form.time}|{where}"


def _clock(
    times: Seconds, found: Fit, places: Places, orders: tuple[Order, ...], pace: float
) -> BurntClock:
    order = orders[0] if orders else None
    pieces = tuple(
        ClockPiece(
            media_us=int(times[one.first]),
            length_us=int(times[one.last] - times[one.first]),
            naive_us=round(int(times[one.first]) * pace) + one.offset,
            uncertainty_us=one.slack,
            read=one.read,
            confidence=round(one.sure * (_DOUBTFUL if places.form.doubtful else 1.0), 3),
        )
        for one in found.pieces
    )
    if not pieces:
        return BurntClock(Ticking.UNREAD, seen=len(times))
    kind = Ticking.EVEN if len(pieces) == 1 else Ticking.PIECES
    read = int((found.shown >= 0).sum())
    sure = float(np.average([p.confidence for p in pieces], weights=[p.read for p in pieces]))
    return BurntClock(
        Ticking.FROZEN if found.frozen else kind,
        pieces,
        read=read,
        seen=len(times),
        layout=places.form.layout(order),
        others=tuple(places.form.layout(one) for one in orders[1:]),
        pace=pace,
        confidence=round(sure * min(1.0, 0.5 + read / len(times)), 3),
    )
