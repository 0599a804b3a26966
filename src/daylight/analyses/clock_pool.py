"""How sure a clock is once it is known when each picture was taken: pictures of one digit, laid together.

In one picture a lamp behind a thin 6 makes a 0 of it. The clock that all pictures agree on says which of
them show the same digit at a place: their mean has no lamp, and the network is asked again for that. What it is
unsure of is also held against the digits at other places of this very clock, whatever its font: a 3 is
like its other 3s. Where the clock was misread, different digits are laid together, and nothing is like them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daylight.analyses.clock_fields import DAY, Seconds, fields_of, joined
from daylight.analyses.clock_fit import Fit, Piece
from daylight.analyses.clock_forms import Form, Order
from daylight.analyses.clock_places import Places, windows
from daylight.analyses.glyphs import COLUMNS, NONE, ROWS, Floats, told
from daylight.media.overlay_blob import Strip

MOST: Final = 240  # pictures of a strip that are laid together
_PLAIN: Final = -0.105  # log probability (0.9) of a digit that others are compared with
_WEIGHT: Final = (
    20.0  # of a correlation; two digits of one font differ by 0.07 at least, by 0.3 mostly
)
_UNKNOWN: Final = 0.75  # what a digit that is nowhere else is taken to correlate by, at least
_LESS: Final = 0.1  # and how much less than the one that is most alike
_MARGIN: Final = (3, 3)  # rows and columns around a digit that are left out
_AROUND: Final = tuple((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1))

_Found = tuple[Places, Strip]
_Ints = NDArray[np.int64]


def surer(line: Sequence[_Found], rank: _Ints, found: Fit, order: Order | None) -> Fit:
    """``found`` with pieces that are as sure as their pictures are together, if that is surer.

    ``rank``: of each picture of the line's strips, one strip after another, its place in time.
    """
    if found.frozen:
        return found
    pieces = tuple(_piece(line, rank, found.shown, one, order) for one in found.pieces)
    return replace(found, pieces=pieces)


def _piece(
    line: Sequence[_Found], rank: _Ints, shown: Seconds, piece: Piece, order: Order | None
) -> Piece:
    fields, seconds, plain, before = [], [], True, 0
    for places, strip in line:
        at = rank[before : before + len(strip.times)]
        before += len(strip.times)
        inside = np.flatnonzero((at >= piece.first) & (at <= piece.last) & (shown[at] >= 0))
        if len(inside) > MOST:
            inside = inside[np.linspace(0, len(inside) - 1, MOST).astype(np.int64)]
        if len(inside):
            seconds.append(shown[at[inside]])
            groups = _groups(windows(strip, places, inside), seconds[-1], places.form, order)
            said = told(np.stack([one.mean for one in groups]))
            plain &= not _confused(groups, said, places.form)
            seen = _together(groups, said, places.form)
            fields.append(fields_of(seen, places.form, order))
    if not plain or not fields or len(np.unique(np.concatenate(seconds))) < 2:
        return piece
    sure = joined(fields).certainty(np.concatenate(seconds), ticking=True)
    return replace(piece, sure=max(piece.sure, sure))


def _groups(greys: Floats, seconds: Seconds, form: Form, order: Order | None) -> list["_Group"]:
    """``greys``: (pictures, characters, ROWS, COLUMNS)."""
    count, characters = greys.shape[:2]
    same = np.zeros((count, characters), np.int64)
    same[:, list(form.digits)] = written(seconds, form, order)
    if form.half >= 0:
        same[:, form.half] = seconds % DAY >= DAY // 2
    return [
        _Group(n, int(value), alike, greys[alike, n].mean(axis=0))
        for n in range(characters)
        for value in np.unique(same[:, n])
        for alike in (same[:, n] == value,)
    ]


def _confused(groups: Sequence["_Group"], said: Floats, form: Form) -> bool:
    """Whether a digit that does not change may be another one: the network takes, where the clock's going
    tells what it must show, some digit for this one.
    """
    going = form.time_at[-2:]
    taken = {
        read
        for one, values in zip(groups, said, strict=True)
        if one.place in going and (read := int(values[:10].argmax())) != one.value
    }
    standing = {one.value for one in groups if one.place in form.digits and one.place not in going}
    return bool(taken & standing)


def _together(groups: Sequence["_Group"], said: Floats, form: Form) -> Floats:
    """Log probabilities (pictures, characters, classes): of each those of all that show the same there."""
    said = said.copy()
    read = [n for n, one in enumerate(groups) if one.place in form.digits]
    said[read, :10] += _likeness([groups[n] for n in read], said[read])
    characters = max(one.place for one in groups) + 1
    seen = np.zeros((len(groups[0].alike), characters, NONE + 1), np.float32)
    for one, values in zip(groups, said, strict=True):
        seen[one.alike, one.place] = values
    return seen


class _Group(NamedTuple):
    """Pictures ``alike`` that show ``value`` at a place, and their mean (ROWS, COLUMNS)."""

    place: int
    value: int
    alike: NDArray[np.bool_]
    mean: Floats


def _likeness(groups: Sequence[_Group], said: Floats) -> Floats:
    """What likeness to the digits of this very clock adds (groups, 10) to what the network said.

    A digit is compared with those at other places that the network is sure of; one that is nowhere else
    counts as moderately alike.
    """
    sure = [one for one, values in zip(groups, said, strict=True) if values[one.value] > _PLAIN]
    faces = _flat(np.stack([_inner(one.mean, 0, 0) for one in sure])) if sure else None
    alike = np.full((len(groups), 10), np.nan, np.float32)
    for n, one in enumerate(groups):
        if faces is None:
            break
        moved = _flat(np.stack([_inner(one.mean, *by) for by in _AROUND]))
        each = (faces @ moved.T).max(axis=1)
        for value in range(10):
            others = [
                k
                for k, other in enumerate(sure)
                if other.value == value and other.place != one.place
            ]
            if others:
                alike[n, value] = each[others].mean()
    best = np.nan_to_num(alike).max(axis=1, keepdims=True)
    elsewhere = np.maximum(_UNKNOWN, best - _LESS)
    added: Floats = np.where(np.isnan(alike), elsewhere, alike).astype(np.float32) * _WEIGHT
    return added


def _inner(mean: Floats, down: int, right: int) -> Floats:
    """The digit itself, without its neighbours, moved by some pixels."""
    top, left = _MARGIN[0] + down, _MARGIN[1] + right
    return mean[top : ROWS - _MARGIN[0] + down, left : COLUMNS - _MARGIN[1] + right]


def _flat(many: Floats) -> Floats:
    """Rows whose products are correlations."""
    flat = many.reshape(len(many), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    made: Floats = flat / np.sqrt((flat * flat).sum(axis=1, keepdims=True) + 1e-6)
    return made


def written(seconds: Seconds, form: Form, order: Order | None) -> _Ints:
    """The digits (pictures, ``form.digits``) that a clock of this form shows at naive times."""
    clock = seconds % DAY
    hour = clock // 3600
    if form.half >= 0:
        hour = (hour + 11) % 12 + 1
    parts = [(hour, 2), (clock // 60 % 60, 2), (clock % 60, 2)][: len(form.time_at) // 2]
    if order is not None:
        parts = [*_date(seconds // DAY, form, order), *parts]
    columns = [
        value // 10**power % 10 for value, width in parts for power in reversed(range(width))
    ]
    return np.stack(columns, axis=1)


def _date(days: Seconds, form: Form, order: Order) -> list[tuple[_Ints, int]]:
    date = days.astype("datetime64[D]")
    months = date.astype("datetime64[M]")
    month = months.astype(np.int64)
    day = (date - months.astype("datetime64[D]")).astype(np.int64) + 1
    of = {
        "d": (day, 2),
        "m": (month % 12 + 1, 2),
        "y": (month // 12 + 1970, 4 if "####" in form.date else 2),
    }
    return [of[name] for name in order.value]
