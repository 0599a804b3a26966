"""The forms in which recorders write date and time, matched to a row of characters.

A date and a time are looked for each on its own, so that a weekday or a camera's name may stand before,
between or after them. What kind a character is (a digit, which separator) is known better than which digit.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from daylight.analyses.glyphs import CLASSES, Floats

_TIMES: Final = ("##:##:##aM", "##:##:##a?M", "##:##:##", "##:##aM", "##:##a?M", "##:##")
_DATES: Final = tuple(
    date.replace("s", mark)
    for date in ("##s##s####", "####s##s##", "##s##s##")
    for mark in (".", "/", "-")
)
_KINDS: Final = "#.:/-aM?"  # ?: anything, such as the first stem of a wide M
_ANY: Final = 0.9  # its probability: what needs it is a little less likely
_DOUBT: Final = -0.45  # mean log probability, below which it is not this form
_EPS: Final = 1e-3
_DIGIT: Final = 0.6  # probability of a digit, above which it may be one of a date
_NEAR: Final = 3  # characters after a time, among which A, P or M make it doubtful
_MAYBE: Final = 0.3  # probability of A, P or M, above which a time may be one of twelve hours


class Order(StrEnum):
    """Of day, month and year, where there is a date."""

    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


@dataclass(frozen=True, slots=True)
class Form:
    """``time``, ``date``: as written, # for a digit; ``date`` empty without one. ``time_at``, ``date_at``:
    places of the digits in the row, in the order they are written; ``half``: place of A or P, or -1.
    ``doubtful``: something like AM may stand after the time, or a date before it, that could not be made
    out.
    """

    time: str
    date: str
    time_at: tuple[int, ...]
    date_at: tuple[int, ...]
    half: int
    doubtful: bool = False

    @property
    def digits(self) -> tuple[int, ...]:
        return (*self.date_at, *self.time_at)

    @property
    def seconds(self) -> bool:
        return len(self.time_at) == 6

    @property
    def orders(self) -> tuple[Order, ...]:
        """Which orders the date may have, the likelier first; none without a date."""
        if not self.date:
            return ()
        if self.date.startswith("####"):
            return (Order.YMD,)
        first: tuple[Order, ...] = (Order.DMY, Order.MDY)
        if "." in self.date:
            first = (Order.DMY,)  # nobody writes the month first with points
        elif self.half >= 0:
            first = first[::-1]
        return first if "####" in self.date else (*first, Order.YMD)

    def layout(self, order: Order | None) -> str:
        """As for ``strftime``; of date and time alone, the date first as written."""
        hour = "%I" if self.half >= 0 else "%H"
        time = hour + ":%M" + (":%S" if self.seconds else "") + (" %p" if self.half >= 0 else "")
        if order is None:
            return time
        year = "%Y" if "####" in self.date else "%y"
        parts = {"d": "%d", "m": "%m", "y": year}
        date = self.date.strip("#")[0].join(parts[one] for one in order.value)
        return f"{time} {date}" if self.time_at[0] < self.date_at[0] else f"{date} {time}"


def form_of(classes: Floats) -> Form | None:
    """``classes``: (characters, classes), mean probabilities over some pictures."""
    kinds = _kinds(classes)
    time = _best(kinds, _TIMES, ())
    if time is None:
        return None
    text, at = time
    date = _best(kinds, _DATES, range(at, at + len(text)))
    half = at + text.index("a") if "a" in text else -1
    after = np.exp(kinds[at + len(text) : at + len(text) + _NEAR, 5:7])
    doubtful = half < 0 and bool((after > _MAYBE).any())
    text = text.replace("?", "")
    if date is None:
        others = np.delete(np.exp(kinds[:, 0]), np.arange(at, at + len(text)))
        doubtful |= int((others > _DIGIT).sum()) > 1
        return Form(text, "", _digits(text, at), (), half, doubtful)
    return Form(text, date[0], _digits(text, at), _digits(*date), half, doubtful)


def _kinds(classes: Floats) -> Floats:
    """Log probability of each of ``_KINDS``."""
    of = {char: classes[:, n] for n, char in enumerate(CLASSES)}
    digit = classes[:, :10].sum(axis=1)
    columns = [digit, *(of[mark] for mark in ".:/-"), of["A"] + of["P"], of["M"]]
    columns.append(np.full_like(digit, _ANY))
    return np.log(np.stack(columns, axis=1) + _EPS)


def _best(
    kinds: Floats, texts: tuple[str, ...], taken: range | tuple[()]
) -> tuple[str, int] | None:
    """The longest text that fits well enough, and where."""
    found: list[tuple[float, str, int]] = []
    for text in texts:
        wanted = np.array([_KINDS.index(char) for char in text])
        for at in range(len(kinds) - len(text) + 1):
            if taken and at < taken[-1] + 1 and at + len(text) > taken[0]:
                continue
            score = float(kinds[np.arange(at, at + len(text)), wanted].mean())
            if score > _DOUBT:
                found.append((len(text) + score, text, at))
    if not found:
        return None
    _, text, at = max(found)
    return text, at


def _digits(text: str, at: int) -> tuple[int, ...]:
    return tuple(at + n for n, char in enumerate(text) if char == "#")
