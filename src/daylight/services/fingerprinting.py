"""The fingerprint of one open file, made in the sandbox as for an item, and kept nowhere."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from daylight.detectors.results import CheckedFinding, CheckedPartial, Results, parse
from daylight.domain.media import MediaFacts
from daylight.errors import MediaRefused
from daylight.media.executor import End, Executor, Message, Task, TaskLimits
from daylight.media.facts_json import to_json
from daylight.media.program import Json
from daylight.services.side_by_side import memory_file

DETECTOR: Final = "fingerprint"
LIMITS: Final = TaskLimits(wall_seconds=600.0, cpu_seconds=600)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """``index``: the key-frame index as a blob; ``prints``: the fingerprint as one."""

    facts: MediaFacts
    index: bytes
    prints: bytes


def fingerprint(executor: Executor, descriptor: int) -> Fingerprint | None:
    """None for what has no pictures that could be read. Stays the caller's to close."""
    whole = _run(executor, "examine", {"detectors": [DETECTOR]}, descriptor, ())
    if whole is None or whole.facts is None or not whole.index:
        return None
    found = _merged(executor, descriptor, whole) if whole.spans else whole.findings
    blobs = [blob.data for one in found if one.detector == DETECTOR for blob in one.blobs]
    return Fingerprint(whole.facts, whole.index, blobs[0]) if blobs else None


def _merged(executor: Executor, descriptor: int, whole: Results) -> Sequence[CheckedFinding]:
    """As ``services.examine`` does it for a long item, span by span."""
    facts = to_json(whole.facts) if whole.facts is not None else None
    partials: list[CheckedPartial] = []
    for first, last in whole.spans:
        asked: dict[str, Json] = {
            "facts": facts,
            "first": first,
            "last": last,
            "detectors": [DETECTOR],
        }
        looked = _run(executor, "look", asked, descriptor, (whole.index,))
        partials += looked.partials if looked is not None else ()
    told: list[Json] = [
        {"detector": one.detector, "facts": dict(one.facts), "size": len(one.data)}
        for one in partials
    ]
    data = b"".join(one.data for one in partials)
    merged = _run(executor, "merge", {"facts": facts, "partials": told}, None, (whole.index, data))
    return merged.findings if merged is not None else ()


def _run(
    executor: Executor,
    program: str,
    request: dict[str, Json],
    descriptor: int | None,
    blobs: Sequence[bytes],
) -> Results | None:
    with ExitStack() as held:
        made = [memory_file(blob) for blob in blobs]
        for one in made:
            held.callback(os.close, one)
        files = [*([] if descriptor is None else [descriptor]), *made]
        outcome = executor.run(Task(program, request, files, LIMITS))
    if outcome.end is not End.DONE:
        return None
    return _parsed(outcome.messages)


def _parsed(messages: Sequence[Message]) -> Results | None:
    try:
        return parse(messages)
    except MediaRefused:
        return None
