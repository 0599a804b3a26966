"""What can be known of a transfer, before the bytes: ISO 27037's questions, "unknown" an answer."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from daylight.errors import UsageError

TOPICS: Mapping[str, str] = {
    "device": "What the material is on: kind, make, model",
    "serial": "Serial number of the device",
    "seal": "Seal number, and whether it was whole",
    "handed_over_by": "Who handed it over: a codename or an office",
    "received_by": "Who received it",
    "place": "Where it was handed over",
    "received_at": "When it was handed over",
    "connected": "How it is connected: write blocker, adapter, read-only mount",
    "handling": "What is known of its handling before",
}

# Codenames are drawn, not typed: whoever types a name types the wrong one sooner or later.
_FIRST = (
    "amber autumn birch brass bronze cedar chalk cloud cobalt copper coral dawn dusk ember fern "
    "flint frost glass granite harbour hazel indigo iron ivory jade juniper linen maple marble "
    "meadow mist moss north oak ochre olive opal pine quartz quiet rain river rowan rust sage "
    "sand silver slate snow south spruce stone storm tidal umber velvet violet willow winter"
).split()
_SECOND = (
    "anchor arrow badger beacon bell bridge candle canyon comet compass crane delta dolphin eagle "
    "falcon ferry finch forest fox garden gate heron hill island kettle lantern lark ledger lynx "
    "magpie mill mirror orchard otter owl paper pebble pigeon plover pond raven reed robin sail "
    "seal shore sparrow stork swallow swan thrush tower valley wagon walnut wren"
).split()
_CODENAME = re.compile(rf"({'|'.join(_FIRST)})-({'|'.join(_SECOND)})-\d{{2}}")
_OFFICE = re.compile(r"office:[^\x00-\x1f]{2,80}")


@dataclass(frozen=True, slots=True)
class Statements:
    """Topic to what is stated; an empty text is "unknown"."""

    by_topic: Mapping[str, str]

    def __post_init__(self) -> None:
        for topic, text in self.by_topic.items():
            if topic not in TOPICS:
                raise UsageError(f"nothing is asked about {topic!r}; known are {', '.join(TOPICS)}")
            if len(text) > 2000:
                raise UsageError(f"the answer to {topic!r} is longer than 2000 characters")
        _check_hander(self.by_topic.get("handed_over_by", ""))


def new_codename() -> str:
    return f"{secrets.choice(_FIRST)}-{secrets.choice(_SECOND)}-{secrets.randbelow(90) + 10}"


def _check_hander(text: str) -> None:
    if text and not _CODENAME.fullmatch(text) and not _OFFICE.fullmatch(text):
        raise UsageError(
            "who handed it over is a codename that Daylight drew ('new' draws one) "
            "or 'office:…', never a typed name"
        )
