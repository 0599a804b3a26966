"""Marks as W3C Web Annotations (2017), with Media Fragments 1.0 for spans and regions.

A target is named by the SHA-256 of the original (RFC 6920, ``ni:``), so that whoever holds the file can
tell that it is meant, and nobody else learns more than that.
"""

import base64
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

from daylight.domain.digest import Digest
from daylight.domain.marks import WHOLE, Key, Kind, Said, Span
from daylight.exports.base import Sink

CONTEXT: Final = "http://www.w3.org/ns/anno.jsonld"
FRAGMENTS: Final = "http://www.w3.org/TR/media-frags/"
FILE: Final = "annotations.jsonld"
_SECOND: Final = 1_000_000
_MOTIVATIONS: Final = {
    Kind.MARK: "highlighting",
    Kind.DESCRIPTION: "describing",
    Kind.SEVERITY: "assessing",
}
_NAMESPACE: Final = uuid.UUID("5d7c7c3e-6f0a-4a3b-9a53-6a4f0b6d2c11")


@dataclass(frozen=True, slots=True)
class Annotated:
    """A mark that stands. ``agent``, ``confirmed_by``: numbers, the same for one person in one export."""

    mark: str  # 32 hexadecimal digits
    item: Digest
    kind: Kind
    version: int
    said: Said
    agent: int
    created: datetime
    modified: datetime
    confirmed_by: tuple[int, ...] = ()


def write(sink: Sink, marks: Sequence[Annotated], at: datetime) -> None:
    """One file into an entered sink, whose errors it raises."""
    data = json.dumps(collection(marks, at), ensure_ascii=False, indent=1).encode()
    with sink.file(FILE) as file:
        file.write(data + b"\n")


def collection(marks: Sequence[Annotated], at: datetime) -> dict[str, Any]:
    """An ``AnnotationCollection`` whose only page stands in it; a page has at least one mark."""
    named = "".join(one.mark for one in marks)
    own = f"urn:uuid:{uuid.uuid5(_NAMESPACE, f'{named} {at.isoformat()}')}"
    items = [annotation(one) for one in marks]
    page = {"id": f"{own}#page", "type": "AnnotationPage", "partOf": own, "startIndex": 0}
    return {
        "@context": CONTEXT,
        "id": own,
        "type": "AnnotationCollection",
        "label": "Marks",
        "created": _time(at),
        "total": len(items),
        "first": {**page, "items": items},
        "last": f"{own}#page",
    }


def annotation(one: Annotated) -> dict[str, Any]:
    """One mark. Times are UTC; how sure its author was, and who confirmed it, are bodies of their own."""
    return {
        "@context": CONTEXT,
        "id": f"urn:uuid:{uuid.UUID(one.mark)}",
        "type": "Annotation",
        "motivation": _MOTIVATIONS[one.kind],
        "creator": _person(one.agent),
        "created": _time(one.created),
        "modified": _time(one.modified),
        "body": _bodies(one),
        "target": _target(one),
    }


def _person(number: int) -> dict[str, str]:
    return {"type": "Person", "nickname": f"person {number}"}


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _bodies(one: Annotated) -> list[dict[str, str]]:
    said, bodies = one.said, []
    if said.words:
        bodies.append(
            _text(said.words, "describing" if one.kind is Kind.DESCRIPTION else "commenting")
        )
    bodies += [_text(tag, "tagging") for tag in said.tags]
    if said.severity is not None:
        bodies.append(_text(f"severity {said.severity} of 0 to 4", "assessing"))
    confirmed = "".join(f"; confirmed by person {number}" for number in one.confirmed_by)
    bodies.append(_text(f"version {one.version}; {said.sureness.value}{confirmed}", "classifying"))
    return bodies


def _text(value: str, purpose: str) -> dict[str, str]:
    return {"type": "TextualBody", "value": value, "format": "text/plain", "purpose": purpose}


def _target(one: Annotated) -> dict[str, Any] | list[dict[str, Any]]:
    """One target; of a moving region one for each piece of its way, which all are meant together."""
    source = f"ni:///sha-256;{base64.urlsafe_b64encode(one.item).rstrip(b'=').decode()}"
    fragments = _fragments(one.said.span, one.said.region)
    if not fragments:
        return {"type": "SpecificResource", "source": source}
    targets = [
        {
            "type": "SpecificResource",
            "source": source,
            "selector": {"type": "FragmentSelector", "conformsTo": FRAGMENTS, "value": value},
        }
        for value in fragments
    ]
    return targets[0] if len(targets) == 1 else targets


def _fragments(span: Span | None, region: Sequence[Key]) -> list[str]:
    if not region:
        return [] if span is None else [_clock(span.start_us, span.end_us)]
    if len(region) == 1:
        time = "" if span is None else f"{_clock(span.start_us, span.end_us)}&"
        return [time + _box(region[0])]
    last = region[-1].at_us if span is None else max(span.end_us, region[-1].at_us)
    pieces = [(one, two, two.at_us) for one, two in pairwise(region)]
    pieces.append((region[-1], region[-1], last))
    return [
        f"{_clock(one.at_us, end)}&{_box(one, two)}" for one, two, end in pieces if end > one.at_us
    ]


def _clock(start_us: int, end_us: int) -> str:
    """Normal play time. A moment has no length, which fragments cannot say: it is a microsecond."""
    return f"t={_seconds(start_us)},{_seconds(max(end_us, start_us + 1))}"


def _seconds(us: int) -> str:
    whole, part = divmod(us, _SECOND)
    return f"{whole}.{part:06d}".rstrip("0").rstrip(".") if part else str(whole)


def _box(*keys: Key) -> str:
    """Around all of them. Percent are whole numbers in Media Fragments 1.0: rounded outwards, so that
    nothing is cut off.
    """
    left = min(key.left for key in keys) * 100 // WHOLE
    top = min(key.top for key in keys) * 100 // WHOLE
    right = -(-max(key.left + key.width for key in keys) * 100 // WHOLE)
    bottom = -(-max(key.top + key.height for key in keys) * 100 // WHOLE)
    return f"xywh=percent:{left},{top},{right - left},{bottom - top}"
