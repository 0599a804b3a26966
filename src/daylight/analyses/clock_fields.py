"""What each picture says of the time: how likely each value of each field of the clock is.

Nothing is decided here that a later look at all pictures together could decide better.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daylight.analyses.clock_forms import Form, Order
from daylight.analyses.glyphs import CLASSES, Floats

DAY: Final = 86_400
FIRST_YEAR: Final = 1990
YEARS: Final = 100
_NEVER: Final = -60.0  # log likelihood of a value that no clock shows
_TOLD_APART: Final = 4  # different seconds, from which on they are seen to tick
_DEAF: Final = -6.0  # what one picture can say against a second, at most

Seconds = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fields:
    """Log likelihoods, shape (pictures, values), each less that of the likeliest digits at its places,
    whether a clock can show those or not. ``date``: by the name's letter; empty without one.
    """

    hour: Floats
    minute: Floats
    second: Floats
    date: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.hour)

    def best(self) -> tuple[Seconds, Floats]:
        """Of each picture the likeliest naive time, in seconds since 1970, and how sure: [0, 1].

        Without a date, seconds of the day. A date that does not exist is never believed.
        """
        chosen = {name: values.argmax(axis=1) for name, values in self._all()}
        sure = np.min([_sure(values) for _, values in self._all()], axis=0)
        time = chosen["hour"] * 3600 + chosen["minute"] * 60 + chosen["second"]
        if not self.date:
            return time.astype(np.int64), sure
        days, exists = _days(chosen["y"] + FIRST_YEAR, chosen["m"] + 1, chosen["d"] + 1)
        return days * DAY + time, np.where(exists, sure, 0).astype(np.float32)

    def of(self, seconds: Seconds) -> NDArray[np.float64]:
        """``seconds`` (pictures, hypotheses): how much less likely each is than the likeliest digits."""
        rows = np.arange(len(self))[:, None]
        clock = seconds % DAY
        picked = {"hour": clock // 3600, "minute": clock // 60 % 60, "second": clock % 60}
        if self.date:
            picked |= _calendar(seconds // DAY)
        total = np.zeros(seconds.shape)
        for name, values in self._all():
            at = picked[name]
            inside = (at >= 0) & (at < values.shape[1])
            less = values[rows, np.clip(at, 0, values.shape[1] - 1)]
            total += np.where(inside, less, _NEVER) if values.shape[1] > 1 else 0.0
        return total

    def certainty(self, seconds: Seconds, *, ticking: bool = False) -> float:
        """How far all pictures together prefer these times (one a picture), by the weakest field.

        ``ticking``: the seconds need not be plain in each picture, if they are as they go.
        """
        rows = np.arange(len(self))
        clock = seconds % DAY
        picked = {"hour": clock // 3600, "minute": clock // 60 % 60, "second": clock % 60}
        if self.date:
            picked |= _calendar(seconds // DAY)
        weak = 1.0
        for name, values in self._all():
            if values.shape[1] > 1:
                at = np.clip(picked[name], 0, values.shape[1] - 1)
                if ticking and name == "second" and len(np.unique(at)) >= _TOLD_APART:
                    weak = min(weak, _ticking(values, at))
                    continue
                share = _log_softmax(values)[rows, at] + values.max(axis=1)
                weak = min(weak, float(np.exp(share.mean())))
        return weak

    def part(self, chosen: Seconds) -> "Fields":
        """Of some pictures, in the order given."""
        date = {name: values[chosen] for name, values in self.date.items()}
        return Fields(self.hour[chosen], self.minute[chosen], self.second[chosen], date)

    def _all(self) -> list[tuple[str, Floats]]:
        return [
            ("hour", self.hour),
            ("minute", self.minute),
            ("second", self.second),
            *self.date.items(),
        ]


def joined(parts: Sequence[Fields]) -> Fields:
    """Pictures of several strips of one line, one strip after another."""
    first = parts[0]
    return Fields(
        np.concatenate([one.hour for one in parts]),
        np.concatenate([one.minute for one in parts]),
        np.concatenate([one.second for one in parts]),
        {name: np.concatenate([one.date[name] for one in parts]) for name in first.date},
    )


def fields_of(seen: Floats, form: Form, order: Order | None) -> Fields:
    """``seen``: log probabilities (pictures, characters, classes) at the places of the form."""
    digits = seen[:, :, :10]
    time = [_two(digits, form.time_at[n : n + 2]) for n in range(0, len(form.time_at), 2)]
    hour = _hours(time[0], seen, form)
    second = time[2][:, :60] if form.seconds else np.zeros((len(seen), 1), np.float32)
    date = _date(digits, form, order) if order is not None else {}
    return Fields(hour, time[1][:, :60], second, date)


def _two(digits: Floats, at: tuple[int, ...]) -> Floats:
    """Of 00 to 99, less than the likeliest of them."""
    both = (digits[:, at[0], :, None] + digits[:, at[1], None, :]).reshape(len(digits), 100)
    less: Floats = both - both.max(axis=1, keepdims=True)
    return less


def _hours(values: Floats, seen: Floats, form: Form) -> Floats:
    if form.half < 0:
        return values[:, :24]
    half = seen[:, form.half][:, [CLASSES.index("A"), CLASSES.index("P")]]
    half = half - half.max(axis=1, keepdims=True)
    twelve = np.concatenate([values[:, 12:13], values[:, 1:12]], axis=1)
    return np.concatenate([twelve + half[:, :1], twelve + half[:, 1:]], axis=1)


def _date(digits: Floats, form: Form, order: Order) -> dict[str, Floats]:
    """By ``d``, ``m``, ``y``: values from the first day, the first month, ``FIRST_YEAR``."""
    at, found = list(form.date_at), {}
    for name in order.value:
        count = 4 if name == "y" and "####" in form.date else 2
        places, at = tuple(at[:count]), at[count:]
        values = _two(digits, places[-2:])
        if name == "y":
            years = np.arange(FIRST_YEAR, FIRST_YEAR + YEARS)
            found["y"] = values[:, years % 100]
            if count == 4:
                found["y"] = found["y"] + _two(digits, places[:2])[:, years // 100]
        else:
            found[name] = values[:, 1:32] if name == "d" else values[:, 1:13]
    return found


def _ticking(values: Floats, at: Seconds) -> float:
    """How far these seconds are preferred to all others that are as far apart.

    What is misread in the same way in every picture is no other second in every picture: the pictures
    speak one after the other. Half of what they say is counted, for what they have in common.
    """
    shifts = (at[:, None] + np.arange(values.shape[1])) % values.shape[1]
    less = np.maximum(np.take_along_axis(values, shifts, axis=1), _DEAF).sum(axis=0) / 2
    share = np.exp(less - less.max())
    return float(share[0] / share.sum())


def _sure(values: Floats) -> Floats:
    best: Floats = np.exp(_log_softmax(values).max(axis=1) + values.max(axis=1))
    return best


def _log_softmax(values: Floats) -> Floats:
    most = values.max(axis=1, keepdims=True)
    made: Floats = values - most - np.log(np.exp(values - most).sum(axis=1, keepdims=True))
    return made


def _days(
    year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]
) -> tuple[Seconds, NDArray[np.bool_]]:
    """Days since 1970, and whether the month has such a day."""
    months = (year - 1970) * 12 + month - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    after = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return first + day - 1, day <= after - first


def _calendar(days: Seconds) -> dict[str, NDArray[np.int64]]:
    """Places of year, month and day in the fields' values."""
    date = days.astype("datetime64[D]")
    months = date.astype("datetime64[M]")
    month = months.astype(np.int64)
    return {
        "y": month // 12 + 1970 - FIRST_YEAR,
        "m": month % 12,
        "d": (date - months.astype("datetime64[D]")).astype(np.int64),
    }
