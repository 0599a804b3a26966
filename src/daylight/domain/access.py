"""What a vault asks of whoever signs in: second factor, length of a session, what is unusual."""

from dataclasses import dataclass
from enum import StrEnum

from daylight.domain.principal import Right
from daylight.errors import UsageError


class SecondFactorRule(StrEnum):
    """When a second factor is asked of people whose rights are worth stealing."""

    REMOTE = "remote"  # where the room is served beyond this machine
    ALWAYS = "always"
    NEVER = "never"


class MarkRule(StrEnum):
    """Where the viewer's mark is drawn into clear moving pictures."""

    ENCODED = "encoded"  # where they are encoded anyway; what is copied has it on the page only
    ALWAYS = "always"  # nothing is copied


# Clear footage, originals, and the keys to both.
GUARDED: frozenset[Right] = frozenset({Right.WATCH, Right.EXPORT, Right.MANAGE_USERS})

_RANGES = {
    "idle_minutes": (1, 720),
    "lifetime_hours": (1, 12),
    "alert_opened": (1, 100_000),
    "alert_exported": (1, 1_000_000),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """``alert_opened``, ``alert_exported``: items by one person in an hour that are not unusual yet."""

    second_factor: SecondFactorRule = SecondFactorRule.REMOTE
    idle_minutes: int = 30
    lifetime_hours: int = 12
    alert_opened: int = 60
    alert_exported: int = 20
    mark: MarkRule = MarkRule.ENCODED

    def __post_init__(self) -> None:
        for name, (least, most) in _RANGES.items():
            if not least <= getattr(self, name) <= most:
                words = name.replace("_", " ")
                raise UsageError(f"{words}: a number from {least} to {most}")

    def asks(self, rights: frozenset[Right], *, beyond: bool) -> bool:
        """Whether somebody with ``rights`` needs a second factor. ``beyond``: not this machine only."""
        if self.second_factor is SecondFactorRule.NEVER or not rights & GUARDED:
            return False
        return beyond or self.second_factor is SecondFactorRule.ALWAYS
