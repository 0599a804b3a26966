"""What can be known of a transfer, before the bytes: ISO 27037's questions, "unknown" an answer."""

import re
import secrets
import unicodedata
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
DRAW = "new"  # in place of who handed it over: draw a codename
MAX_NAME = 200  # characters
_NO_TEXT = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, lone surrogates, line separators
_OFFICE = re.compile(r"office:[^\x00-\x1f]{2,80}")


@dataclass(frozen=True, slots=True)
class Statements:
    """Topic to what is stated; an empty text is "unknown". ``DRAW`` stands for a codename to draw."""

    by_topic: Mapping[str, str]

    def __post_init__(self) -> None:
        for topic, text in self.by_topic.items():
            if topic not in TOPICS:
                raise UsageError(f"nothing is asked about {topic!r}; known are {', '.join(TOPICS)}")
            if len(text) > 2000:
                raise UsageError(f"the answer to {topic!r} is longer than 2000 characters")
            if not is_text(text.replace("\n", " ").replace("\t", " ")):
                raise UsageError(f"the answer to {topic!r} holds what is no text in UTF-8")
        _check_hander(self.by_topic.get("handed_over_by", ""))

    def beyond(self, known: Mapping[str, str]) -> dict[str, str]:
        """What this says that is not known yet; a codename is drawn only where there is none."""
        new = {t: text for t, text in self.by_topic.items() if text and text != known.get(t)}
        if new.get("handed_over_by") == DRAW:
            del new["handed_over_by"]
            if not known.get("handed_over_by"):
                new["handed_over_by"] = new_codename()
        return new


def is_text(text: str) -> bool:
    """Whether a line of text can be kept, hashed and shown wherever a vault may be."""
    return not any(unicodedata.category(char) in _NO_TEXT for char in text)


def check_name(name: str) -> str:
    """``name`` as it may name an accession; raises ``UsageError``."""
    if not name.strip() or len(name) > MAX_NAME or not is_text(name):
        raise UsageError(f"a name is one line of text, up to {MAX_NAME} characters")
    return name


def check_witness(name: str) -> str:
    """``name`` as it may stand for a partner outside: a codename or an office, never a typed name."""
    if not _CODENAME.fullmatch(name) and not _OFFICE.fullmatch(name):
        raise UsageError(
            "a witness is a codename that Daylight drew ('new' draws one) or 'office:…', "
            "never a typed name"
        )
    return name


def new_codename() -> str:
    return f"{secrets.choice(_FIRST)}-{secrets.choice(_SECOND)}-{secrets.randbelow(90) + 10}"


def _check_hander(text: str) -> None:
    if text not in ("", DRAW) and not _CODENAME.fullmatch(text) and not _OFFICE.fullmatch(text):
        raise UsageError(
            "who handed it over is a codename that Daylight drew ('new' draws one) "
            "or 'office:…', never a typed name"
        )
