"""The contract of a detector: one item's frames or samples in, a finding out; pure.

A detector runs inside the sandboxed child, is handed pictures or samples that were decoded once for
all detectors of the same pass, and keeps no reference to anything outside. Long items are cut at
key frames into spans: each span makes a session, each session a partial, and ``merge`` turns the
partials of an item, in the order of their spans, into one finding; it must give the same finding
however the item was cut. Key frames come first, decoded once for all; a session that must see more
asks for it (``Deeper``), and only that is decoded whole. ``merge`` runs in the sandbox too, since partials come from hostile bytes.

A partial or finding is JSON-able facts plus named blobs (bytes); the blobs of a finding become
renditions and features in the store. Findings bear the detector's name and version; they are never
shown as fact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from daylight.detectors.registry import Wants
from daylight.domain.media import MediaFacts
from daylight.media.container_signs import ContainerSigns
from daylight.media.keyframes import KeyFrameIndex
from daylight.media.picture import Picture
from daylight.media.program import Json


@dataclass(frozen=True, slots=True)
class Subject:
    """The item: its facts, and its key frames where it has moving pictures."""

    facts: MediaFacts
    index: KeyFrameIndex | None


@dataclass(frozen=True, slots=True)
class Span:
    """Key frames ``first`` to ``last`` (exclusive) of the index; sound and stills come whole."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Samples:
    """Mono float32 samples in [-1, 1], shape (n,), at ``rate`` Hz; ``at``: number of the first."""

    values: NDArray[np.float32]
    rate: int
    at: int


@dataclass(frozen=True, slots=True)
class Still:
    """A whole picture, uint8 RGB, shape (height, width, 3), upright."""

    pixels: NDArray[np.uint8]


# Pictures come in the order of the key-frame index, with those between them where it is sparse, and
# end with the first of the next span (``number >= span.last``). Pictures ``InGroup`` come after all
# of them, to the sessions that asked: see ``Deeper``.
Material = Picture | Samples | Still | ContainerSigns


@dataclass(frozen=True, slots=True)
class Blob:
    """A named output. ``media_type`` as in HTTP; ``facts`` describe it (tile size, times …)."""

    name: str
    media_type: str
    data: bytes
    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Partial:
    """What one session found: facts, and one blob of bytes in a form of the detector's own."""

    facts: Mapping[str, Json]
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Finding:
    facts: Mapping[str, Json]
    blobs: tuple[Blob, ...] = ()


class Session(Protocol):
    def push(self, material: Material, /) -> None: ...
    def finish(self) -> Partial: ...


@runtime_checkable
class Deeper(Session, Protocol):
    """A session that has to see some groups whole (a key frame up to the next one).

    Asked once, after the last picture of its span: ``groups`` names them by their key frames, those
    that matter most first. Their pictures come as ``InGroup``, ascending, before ``finish``; groups
    beyond what a task may cost are left out, and ``facts`` should not claim to have seen them.
    """

    def groups(self) -> Sequence[int]: ...


class Detector(Protocol):
    """``name`` and ``version`` name the finding; a new version is new work."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def wants(self) -> Wants: ...

    def start(self, subject: Subject, span: Span) -> Session: ...
    def merge(self, subject: Subject, partials: Sequence[Partial]) -> Finding: ...
