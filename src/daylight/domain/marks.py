"""What people say of a stretch of footage, as frozen values: spans, moving regions, severity.

A mark is a W3C annotation in our words: an item, a span, perhaps a region, and what is said of it.
Times are microseconds from media zero; places are ten-thousandths of the picture's width and height.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from daylight.domain.custody import is_text
from daylight.errors import UsageError

WHOLE: Final = 10_000  # a region's coordinates: the far edge of the picture
MAX_WORDS: Final = 20_000
MAX_TAGS: Final = 32
MAX_TAG: Final = 80
MAX_KEYS: Final = 500
MAX_US: Final = 400 * 24 * 3600 * 10**6  # longer than any recording
SEVERITIES: Final = range(5)

# What is warned of by name; short codes, the words are the room's. Anything else stands in the words.
NOTES: Final = (
    "beating",
    "child",
    "death",
    "humiliation",
    "medical",
    "screams",
    "self-harm",
    "sexual-violence",
    "threat",
    "torture",
)


# A tag with a meaning: what is said speaks against what the recording is said to show. Whoever gives the
# recording to a court gives this too.
CONTRADICTS: Final = "contradicts"


class Kind(StrEnum):
    MARK = "mark"
    DESCRIPTION = "description"  # written so that others read instead of watch
    SEVERITY = "severity"  # how hard it is to see, and what of: set by people alone


class Sureness(StrEnum):
    """How sure the person is of what they say, in the words of the form."""

    SURE = "sure"
    LIKELY = "likely"
    GUESS = "guess"


@dataclass(frozen=True, slots=True)
class Span:
    """``end_us`` is not in it; a span of no length is a moment."""

    start_us: int
    end_us: int

    @property
    def length_us(self) -> int:
        return self.end_us - self.start_us

    def meets(self, other: "Span") -> bool:
        return self.start_us <= other.end_us and other.start_us <= self.end_us


@dataclass(frozen=True, slots=True)
class Key:
    """Where the region is at one moment; between two it moves evenly."""

    at_us: int
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Said:
    """One version of a mark: everything a person can change of it.

    ``span``: None is the whole item. ``region``: in the order of time, empty is the whole picture.
    ``tags``: of a severity, the content notes. ``severity``: of that kind alone.
    """

    words: str = ""
    span: Span | None = None
    region: tuple[Key, ...] = ()
    tags: tuple[str, ...] = ()
    sureness: Sureness = Sureness.SURE
    severity: int | None = None


def check(kind: Kind, said: Said) -> Said:
    """``said`` as it is kept: tags sorted, each once. Raises ``UsageError`` for what is none."""
    _check_span(said.span)
    _check_region(said)
    if len(said.words) > MAX_WORDS or not is_text(re.sub(r"[\n\t]", " ", said.words)):
        raise UsageError(f"the words of a mark are text, up to {MAX_WORDS} characters")
    tags = tuple(sorted({_tag(one) for one in said.tags}))
    if len(tags) > MAX_TAGS:
        raise UsageError(f"a mark bears up to {MAX_TAGS} tags")
    _check_kind(kind, said, tags)
    return Said(said.words.strip(), said.span, said.region, tags, said.sureness, said.severity)


def _check_span(span: Span | None) -> None:
    if span is not None and not 0 <= span.start_us <= span.end_us <= MAX_US:
        raise UsageError("a span begins at or after the start and does not end before it begins")


def _check_region(said: Said) -> None:
    keys = said.region
    if len(keys) > MAX_KEYS:
        raise UsageError(f"a region has up to {MAX_KEYS} key frames")
    for key in keys:
        inside = key.left >= 0 and key.top >= 0 and key.width > 0 and key.height > 0
        if not inside or key.left + key.width > WHOLE or key.top + key.height > WHOLE:
            raise UsageError("a region lies in the picture and is not empty")
        if not 0 <= key.at_us <= MAX_US:
            raise UsageError("a key frame of a region lies at or after the start")
    times = [key.at_us for key in keys]
    if times != sorted(set(times)):
        raise UsageError("key frames of a region stand in the order of time, each moment once")


def _check_kind(kind: Kind, said: Said, tags: tuple[str, ...]) -> None:
    if kind is Kind.SEVERITY:
        if said.severity not in SEVERITIES:
            raise UsageError("a severity is 0, 1, 2, 3 or 4")
        if unknown := [one for one in tags if one not in NOTES]:
            raise UsageError(f"'{unknown[0]}' is no content note")
        return
    if said.severity is not None:
        raise UsageError("only a mark of severity bears one")
    if not said.words.strip() and (kind is Kind.DESCRIPTION or not tags):
        raise UsageError("a mark needs words or a tag, a description words")


def _tag(text: str) -> str:
    tag = " ".join(unicodedata.normalize("NFC", text).split())
    if not tag or len(tag) > MAX_TAG or not is_text(tag) or "," in tag:
        raise UsageError(f"a tag is a word or a few, up to {MAX_TAG} characters, without a comma")
    return tag


def to_json(kind: Kind, said: Said) -> dict[str, Any]:
    """``mark/1``: what :func:`digest` commits to, and what the database keeps of the region."""
    return {
        "schema": "mark/1",
        "kind": kind.value,
        "words": said.words,
        "span": None if said.span is None else [said.span.start_us, said.span.end_us],
        "region": region_json(said.region),
        "tags": list(said.tags),
        "sureness": said.sureness.value,
        "severity": said.severity,
    }


def region_json(region: Sequence[Key]) -> list[list[int]]:
    return [[key.at_us, key.left, key.top, key.width, key.height] for key in region]


def region_from(values: Sequence[Sequence[int]]) -> tuple[Key, ...]:
    """``UsageError`` for what is no list of five whole numbers each."""
    if not isinstance(values, list) or not all(_five(one) for one in values):
        raise UsageError("a region is a list of moments with left, top, width and height")
    return tuple(Key(*one) for one in values)


def _five(one: object) -> bool:
    return isinstance(one, list) and len(one) == 5 and all(type(n) is int for n in one)


def digest(item: bytes, mark: str, kind: Kind, said: Said) -> str:
    """SHA-256, hexadecimal: which words, of which mark, on which item."""
    body: Mapping[str, Any] = {"item": item.hex(), "mark": mark, **to_json(kind, said)}
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def carried(span: Span | None, by_us: int, inside: Span | None) -> tuple[bool, Span | None]:
    """Whether a span is in a copy that is ``by_us`` later, and where; None is all of the copy.

    ``inside``: the stretch of the copy that shows the same; None is all of it.
    """
    if span is None:
        return True, inside
    start, end = max(0, span.start_us + by_us), max(0, span.end_us + by_us)
    if inside is not None:
        start, end = max(start, inside.start_us), min(end, inside.end_us)
    return start <= end, Span(start, max(start, end))
