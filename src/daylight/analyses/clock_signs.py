"""What strikes the eye in how a recording's burnt-in clock goes.

A reading by machine may be wrong: each sentence says so. Where nothing was read, nothing is said.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Final

from daylight.domain.burnt_clock import BurntClock, ClockPiece, Ticking
from daylight.domain.observation import Observation

VERSION: Final = 1
OFF_PACE: Final = 0.02  # of a second a second
_SECOND: Final = 1_000_000
_READ: Final = "The clock was read by a machine; look at the place."


def clock_signs(clock: BurntClock) -> Iterator[Observation]:
    """Where the clock jumps, stands still, or goes at another pace than the recording."""
    if clock.ticking is Ticking.FROZEN:
        yield Observation(
            "clock-frozen",
            "The clock in the picture shows, and does not move.",
            "The recorder hung, a still picture was recorded, or the clock was drawn into the pictures later.",
            f"It does not tell these apart. {_READ}",
        )
    if len(clock.pieces) > 1:
        yield _jumps(clock.pieces, clock.pace)
    if clock.pieces and abs(clock.pace - 1) > OFF_PACE:
        pace = f"{clock.pace:.2f}"
        yield Observation(
            "clock-off-pace",
            f"The clock in the picture goes {pace} times as fast as the recording.",
            "The file names a wrong frame rate, or was written at another speed than it was recorded.",
            f"It does not say which of the two goes right. {_READ}",
            (pace,),
        )


def _jumps(pieces: Sequence[ClockPiece], pace: float) -> Observation:
    jumps = [(_leap(one, two, pace), two.media_us) for one, two in pairwise(pieces)]
    leap, at = max(jumps, key=lambda one: abs(one[0]))
    way = "-" if leap < 0 else "+"
    values = (
        str(len(jumps)),
        way + str(timedelta(seconds=round(abs(leap) / _SECOND))),
        f"{at / _SECOND:.1f}",
    )
    return Observation(
        "clock-jumps",
        "{} times the clock in the picture jumps; the most by {} (hours), at {} s.".format(*values),
        "Recordings were joined, the recorder records on motion, its clock was set, or a part was taken out.",
        f"It does not tell these apart. {_READ}",
        values,
    )


def _leap(one: ClockPiece, two: ClockPiece, pace: float) -> int:
    """Microseconds by which the clock of the second piece is ahead of where the first would stand."""
    return two.naive_us - one.naive_us - round((two.media_us - one.media_us) * pace)
