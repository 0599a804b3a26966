"""Time as a port: everything that needs the time of day is handed a clock."""

from collections.abc import Callable
from datetime import UTC, datetime

_MINUTE = "%Y-%m-%dT%H:%MZ"
Clock = Callable[[], datetime]


def system_clock() -> datetime:
    return datetime.now(UTC)


def coarse(moment: datetime) -> str:
    """The minute in UTC, as ledger leaves bear it: ``2026-11-24T14:07Z``."""
    return moment.astimezone(UTC).strftime(_MINUTE)


def minute(text: str) -> datetime:
    """What :func:`coarse` wrote; ``ValueError`` for anything else."""
    return datetime.strptime(text, _MINUTE).replace(tzinfo=UTC)
