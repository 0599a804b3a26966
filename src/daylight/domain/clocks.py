"""Three clocks, kept apart: container, burnt-in, real; and how one is reckoned from another.

Microseconds throughout. A *naive* time is what is written in a picture, counted as if it were UTC. An
offset is what must be added to it. Real time is UTC with an uncertainty and says what it rests on;
where nothing tells it, it is unknown and stays so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

SECOND = 1_000_000
HOUR = 3600 * SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Source(StrEnum):
    """Who or what says how a burnt-in clock stands to another; they are never mixed."""

    PERSON = "person"  # an analyst's knowledge: the one way to real time
    CONTAINER = "container"  # the time in the file's own header
    FILE = "file-time"  # the time that the disk it came on kept of the file
    CAMERA = "camera"  # other recordings of the same camera


@dataclass(frozen=True, slots=True)
class Offset:
    """At burnt-in times from ``since`` to ``until`` (naive; None is open), ``offset_us`` is added.

    ``drift``: seconds gained a second of burnt-in time since ``at_us``, give or take ``drift_doubt``: the
    uncertainty grows with the distance from ``at_us``. ``zone``: of the burnt-in clock, an IANA name; empty: it is taken to show UTC. ``order``: later ones win.
    """

    offset_us: int
    uncertainty_us: int
    source: Source = Source.PERSON
    since: int | None = None
    until: int | None = None
    zone: str = ""
    drift: float = 0.0
    at_us: int = 0
    order: int = 0
    drift_doubt: float = 0.0

    def amount(self, naive_us: int) -> int:
        """What is added at this burnt-in time."""
        return self.offset_us + round(self.drift * (naive_us - self.at_us))

    def doubt(self, naive_us: int) -> int:
        return self.uncertainty_us + round(self.drift_doubt * abs(naive_us - self.at_us))


@dataclass(frozen=True, slots=True)
class Drift:
    """Two readings made one: ``offset_us`` at ``at_us``, and what is gained, in parts per billion."""

    offset_us: int
    at_us: int
    ppb: int
    doubt_ppb: int


BILLION: Final = 1_000_000_000


def through(readings: Sequence[tuple[int, int]], uncertainty_us: int) -> Drift:
    """The line through two (burnt-in, real) times, each known to ``uncertainty_us``; both naive.

    It is told from the middle between them. Errors of both readings can tilt it by twice the
    uncertainty over their distance. Raises ``ValueError`` for readings of one moment.
    """
    (first, first_real), (second, second_real) = sorted(readings)
    apart = second - first
    if not apart:
        raise ValueError("the two readings are of one moment")
    gained = (second_real - second) - (first_real - first)
    middle = (first_real - first) + gained // 2
    return Drift(
        middle,
        first + apart // 2,
        gained * BILLION // apart,
        -(-2 * uncertainty_us * BILLION // apart),
    )


@dataclass(frozen=True, slots=True)
class RealTime:
    """UTC, ``at_us`` give or take ``uncertainty_us``. ``zone``: of the camera, empty unknown."""

    at_us: int
    uncertainty_us: int
    zone: str
    source: Source


def real_time(naive_us: int, offsets: Sequence[Offset]) -> RealTime | None:
    """Of a burnt-in time, by the newest word of a person that covers it; else None, never a guess.

    Between two words that cover times before and after it, the offset is taken to go from the one to
    the other; the uncertainty holds both, since nobody knows when the clock was set.
    """
    told = [one for one in offsets if one.source is Source.PERSON]
    said = [one for one in told if _covers(one, naive_us)]
    one = max(said, key=lambda offset: offset.order) if said else _between(told, naive_us)
    if one is None:
        return None
    at_us, doubt = _to_utc(naive_us + one.amount(naive_us), one.zone)
    return RealTime(at_us, one.doubt(naive_us) + doubt, one.zone, one.source)


def _covers(one: Offset, naive_us: int) -> bool:
    after = one.since is None or naive_us >= one.since
    return after and (one.until is None or naive_us <= one.until)


def _between(told: Sequence[Offset], naive_us: int) -> Offset | None:
    ends = [(one.until, one) for one in told if one.until is not None and one.until < naive_us]
    starts = [(one.since, one) for one in told if one.since is not None and one.since > naive_us]
    if not ends or not starts:
        return None
    end, before = max(ends, key=lambda pair: (pair[0], pair[1].order))
    start, after = min(starts, key=lambda pair: (pair[0], -pair[1].order))
    if before.zone != after.zone:
        return None
    part = (naive_us - end) / (start - end)
    first, change = before.amount(end), after.amount(start) - before.amount(end)
    doubt = max(before.doubt(end), after.doubt(start))
    doubt += round(abs(change) * max(part, 1 - part))
    return Offset(first + round(change * part), doubt, zone=before.zone)


def _to_utc(local_us: int, zone: str) -> tuple[int, int]:
    """UTC, and what the hour that comes twice in autumn, or never in spring, leaves open."""
    if not zone:
        return local_us, 0
    try:
        local = (_EPOCH + timedelta(microseconds=local_us)).replace(tzinfo=ZoneInfo(zone))
        first, second = (local.replace(fold=fold).utcoffset() for fold in (0, 1))
    except OverflowError:
        return local_us, 0
    first, second = first or timedelta(), second or timedelta()
    return local_us - _micro(first), abs(_micro(first - second))


def _micro(delta: timedelta) -> int:
    return delta // timedelta(microseconds=1)


def iso(us: int | None, *, zone: bool) -> str | None:
    """A time as ISO 8601 to the millisecond, with ``Z`` if it is UTC; None outside years 1 to 9999."""
    if us is None:
        return None
    try:
        text = (_EPOCH + timedelta(microseconds=us)).isoformat(timespec="milliseconds")
    except OverflowError:
        return None
    return text.replace("+00:00", "Z" if zone else "")


def parse_naive(text: str) -> int:
    """``2021-03-04[ T]12:30[:15[.250]]`` as naive microseconds. Raises ``ValueError``."""
    told = datetime.fromisoformat(text.strip())
    if told.tzinfo is not None:
        raise ValueError("a burnt-in time has no zone")
    return _micro(told.replace(tzinfo=UTC) - _EPOCH)


def parse_reading(text: str) -> tuple[int, int]:
    """``BURNT-IN = REAL``, both naive and in one zone, in microseconds. Raises ``ValueError``."""
    burnt, sign, real = text.partition("=")
    if not sign:
        raise ValueError("a reading is BURNT-IN = REAL")
    return parse_naive(burnt), parse_naive(real)


def parse_offset(text: str) -> int:
    """``±H:MM:SS[.sss]`` or ``±SECONDS`` in microseconds. Raises ``ValueError``."""
    sign, rest = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    parts = rest.split(":")
    whole = [*map(_digits, parts[:-1])]
    seconds, _, fraction = parts[-1].partition(".")
    if len(parts) > 3 or len(fraction) > 6 or (fraction and not fraction.isascii()):
        raise ValueError("an offset is ±HH:MM:SS")
    if len(parts) > 1 and (_digits(seconds) > 59 or any(one > 59 for one in whole[1:])):
        raise ValueError("minutes and seconds end at 59")
    total = 0
    for one in (*whole, _digits(seconds)):
        total = total * 60 + one
    return sign * (total * SECOND + (_digits(fraction.ljust(6, "0")) if fraction else 0))


def _digits(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise ValueError("an offset is ±HH:MM:SS")
    return int(text)
