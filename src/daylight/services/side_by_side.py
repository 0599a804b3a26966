"""Having two recordings compared in the sandbox: the analysis says which instants, the child measures."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from daylight.analyses import judging
from daylight.analyses.candidates import Candidate
from daylight.analyses.judging import Ask, Line, Probe
from daylight.analyses.kinds import box_of
from daylight.analyses.sameness import VERSION
from daylight.analyses.stretches import Recording
from daylight.detectors.compare import MOST_A, MOST_B, MOST_PROBES, PROGRAM
from daylight.media.executor import Executor, Message, Task, TaskLimits
from daylight.media.program import Json

LIMITS: Final = TaskLimits(wall_seconds=180.0, cpu_seconds=150)
_FARTHEST: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Material:
    """What the child needs of a recording. ``open_fd``: a new descriptor; ``name``: of its fingerprint.

    ``open_fd`` is None where the file is not at hand: then nothing can be looked at.
    """

    open_fd: Callable[[], int] | None
    facts: Mapping[str, Any]
    index: bytes
    name: str


def asked_key(ask: Ask, a: Material, b: Material) -> str:
    """What a comparison is kept under: the same is never looked at twice."""
    said = [VERSION, a.name, b.name, ask.pace, ask.mirrored, ask.probes]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def shown(
    executor: Executor,
    recordings: Sequence[Recording],
    candidate: Candidate,
    a: Material,
    b: Material,
) -> Line | None:
    """What the pictures say of a candidate; None where they say no, or could not be read."""
    if a.open_fd is None or b.open_fd is None:
        return None
    ask = judging.ask(recordings, candidate)
    request: dict[str, Json] = {
        "a": a.facts,
        "b": b.facts,
        "a_box": list(box_of(recordings[candidate.a].prints)),
        "b_box": list(box_of(recordings[candidate.b].prints)),
        "mirrored": ask.mirrored,
        "pace": str(ask.pace),
        "probes": [list(probe) for probe in ask.probes],
    }
    with ExitStack() as held:
        files = [a.open_fd(), memory_file(a.index), b.open_fd(), memory_file(b.index)]
        for descriptor in files:
            held.callback(os.close, descriptor)
        outcome = executor.run(Task(PROGRAM, request, files, LIMITS))
    probes = [_probe(message) for message in outcome.messages[:MOST_PROBES]]
    return judging.line(candidate, [probe for probe in probes if probe is not None])


def memory_file(data: bytes) -> int:
    descriptor = os.memfd_create("blob", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(data)
    return descriptor


def _probe(message: Message) -> Probe | None:
    """A message that makes sense as what was measured; anything else counts as nothing seen."""
    body = message.untrusted_facts
    if message.untrusted_kind != "compared" or not isinstance(body, Mapping):
        return None
    a, b = _times(body.get("a_us"), MOST_A), _times(body.get("b_us"), MOST_B)
    if not a or not b or len(message.untrusted_payload) != 4 * len(a) * len(b):
        return None
    table = np.frombuffer(message.untrusted_payload, "<f4").reshape(len(b), len(a))
    known = np.isfinite(table)
    return Probe(a, b, np.where(known, np.clip(table, 0, 2), np.nan).astype(np.float32))


def _times(value: object, most: int) -> tuple[int, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > most:
        return ()
    if not all(isinstance(one, int) and abs(one) < _FARTHEST for one in value):
        return ()
    return tuple(int(one) for one in value)


def to_json(line: Line | None) -> dict[str, Any] | None:
    return None if line is None else {**asdict(line), "fits": list(line.fits)}


def from_json(said: Mapping[str, Any] | None) -> Line | None:
    return None if said is None else Line(**{**said, "fits": tuple(said["fits"])})
