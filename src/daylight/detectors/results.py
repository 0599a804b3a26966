"""What the sandboxed child sent, checked and frozen: nothing of it is believed before.

Raises ``MediaRefused`` for anything that the programs do not write.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from daylight.detectors.registry import listed
from daylight.domain.media import MediaFacts
from daylight.errors import MediaRefused
from daylight.media.executor import Message
from daylight.media.facts_json import from_json
from daylight.media.keyframes import KeyFrameIndex, unpack

MAX_SPANS: Final = 100_000
MAX_BLOBS: Final = 16
_MEDIA_TYPES: Final = frozenset({"image/jpeg", "image/png", "application/octet-stream"})


@dataclass(frozen=True, slots=True)
class CheckedBlob:
    name: str
    media_type: str
    data: bytes
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CheckedFinding:
    """``failed``: why there is none, else empty."""

    detector: str
    version: int
    facts: Mapping[str, Any]
    blobs: tuple[CheckedBlob, ...] = ()
    failed: str = ""


@dataclass(frozen=True, slots=True)
class CheckedPartial:
    detector: str
    facts: Mapping[str, Any]
    data: bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """Key frames that gave a picture, and those that are corrupt or gave none."""

    decoded: int
    corrupt: int


@dataclass(frozen=True, slots=True)
class Results:
    """All that one task sent. ``index``: the key-frame index as its blob, checked."""

    facts: MediaFacts | None = None
    index: bytes = b""
    spans: tuple[tuple[int, int], ...] = ()
    seen: Seen | None = None
    findings: tuple[CheckedFinding, ...] = ()
    partials: tuple[CheckedPartial, ...] = ()


def parse(messages: Sequence[Message]) -> Results:
    try:
        return _parse(messages)
    except (KeyError, TypeError, ValueError) as error:
        raise MediaRefused(
            f"the worker sent what makes no sense: {type(error).__name__}"
        ) from error


def _parse(messages: Sequence[Message]) -> Results:
    facts, index, seen = None, b"", None
    spans: tuple[tuple[int, int], ...] = ()
    findings: list[CheckedFinding] = []
    partials: list[CheckedPartial] = []
    for message in messages:
        body, payload = _mapping(message.untrusted_facts), message.untrusted_payload
        match message.untrusted_kind:
            case "facts":
                facts, index = from_json(body), _checked_index(payload)
            case "spans":
                spans = _spans(body["bounds"])
            case "seen":
                seen = Seen(_count(body["decoded"]), _count(body["corrupt"]))
            case "finding":
                findings.append(_finding(body, payload))
            case "failed":
                findings.append(_failed(body))
            case "partial":
                partials.append(
                    CheckedPartial(_name(body["detector"]), _mapping(body["facts"]), payload)
                )
            case _:
                raise ValueError("an unknown message")
    return Results(facts, index, spans, seen, tuple(findings), tuple(partials))


def _checked_index(payload: bytes) -> bytes:
    index: KeyFrameIndex | None = unpack(payload) if payload else None
    return payload if index is not None and len(index) else b""


def _spans(value: object) -> tuple[tuple[int, int], ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_SPANS:
        raise ValueError("spans")
    spans = tuple((_count(first), _count(last)) for first, last in value)
    if any(first >= last for first, last in spans):
        raise ValueError("an empty span")
    return spans


def _finding(body: Mapping[str, Any], payload: bytes) -> CheckedFinding:
    name = _name(body["detector"])
    if body["version"] != listed()[name].version:
        raise ValueError("another version than asked for")
    blobs, at = [], 0
    raw = body["blobs"]
    if not isinstance(raw, list) or len(raw) > MAX_BLOBS:
        raise ValueError("blobs")
    for one in raw:
        size = _count(one["size"])
        blobs.append(_blob(_mapping(one), payload[at : at + size], size))
        at += size
    if at != len(payload):
        raise ValueError("more bytes than blobs")
    return CheckedFinding(name, listed()[name].version, _mapping(body["facts"]), tuple(blobs))


def _blob(raw: Mapping[str, Any], data: bytes, size: int) -> CheckedBlob:
    if len(data) != size or raw["media_type"] not in _MEDIA_TYPES:
        raise ValueError("a blob of another size or type")
    name = raw["name"]
    if not isinstance(name, str) or not 0 < len(name) <= 40 or not name.replace("-", "").isalnum():
        raise ValueError("a blob's name")
    return CheckedBlob(name, raw["media_type"], data, _mapping(raw["facts"]))


def _failed(body: Mapping[str, Any]) -> CheckedFinding:
    name, reason = _name(body["detector"]), body["reason"]
    if not isinstance(reason, str):
        raise TypeError("a reason is text")
    return CheckedFinding(name, listed()[name].version, {}, failed=reason[:300] or "it failed")


def _name(value: object) -> str:
    if not isinstance(value, str) or value not in listed():
        raise ValueError("an unknown detector")
    return value


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError("not an object")
    return value


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 62:
        raise ValueError("not a count")
    return value
