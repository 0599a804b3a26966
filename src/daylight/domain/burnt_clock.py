"""What a recording's burnt-in clock and label say: the second of three clocks, kept apart.

Its time is *naive*: what is written in the picture, without a zone, which may be wrong. An export that
was put together from several recordings has several pieces, in each of which the clock ticks evenly.
"""

from dataclasses import dataclass
from enum import StrEnum


class Ticking(StrEnum):
    """How the clock behaves over the item."""

    EVEN = "even"  # one piece, at the pace of the media
    PIECES = "pieces"  # several pieces: the time jumps between them
    FROZEN = "frozen"  # it shows, and does not move
    UNREAD = "unread"  # there is something like a clock; it could not be read
    NONE = "none"  # no clock was found


@dataclass(frozen=True, slots=True)
class ClockPiece:
    """From ``media_us`` on for ``length_us``, the clock goes evenly and shows ``naive_us`` first.

    Microseconds: of media time from media zero; of the naive time as if it were UTC, since 1970 (of a
    clock without a date: of the day). The clock counts whole seconds or minutes: ``naive_us`` is the
    likeliest time within what it shows, give or take ``uncertainty_us``. ``read`` pictures agree;
    ``confidence`` in [0, 1].
    """

    media_us: int
    length_us: int
    naive_us: int
    uncertainty_us: int = 500_000
    read: int = 0
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class BurntClock:
    """``read`` of ``seen`` pictures with a clock were read. ``layout``: the strftime form of it.

    ``pace``: seconds of the clock a second of media time, other than 1 where the recording's own rate is
    wrong. ``others``: layouts that fit as well, where day and month cannot be told apart; the pieces follow
    ``layout``, and the same digits read by another layout give the other time.

    ``label``: the channel name as text, empty where unread; ``label_key``: the identity of the label
    as a picture, the same for recordings of one camera, empty where there is none. ``confidence`` in
    [0, 1].
    """

    ticking: Ticking
    pieces: tuple[ClockPiece, ...] = ()
    read: int = 0
    seen: int = 0
    layout: str = ""
    others: tuple[str, ...] = ()
    pace: float = 1.0
    label: str = ""
    label_key: str = ""
    confidence: float = 0.0
