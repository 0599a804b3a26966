"""The contract of a detector: one item's frames or samples in, a finding out; pure.

A detector runs inside the sandboxed child, is handed frames that were decoded once for all
detectors of the same pass, and keeps no reference to anything outside. Long items are cut at key
frames into spans: each span makes a session, each session a partial, and ``merge`` turns the
partials of an item, in the order of their spans, into one finding. For a short item there is one
span and one partial. ``merge`` runs in the sandbox too, since partials come from hostile bytes.

A partial is JSON-able facts plus named blobs (bytes); blobs become renditions or features in the
store. Findings bear the detector's name and version; they are never shown as fact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from daylight.domain.media import MediaFacts
from daylight.media.program import Json



class Wants(StrEnum):
    KEY_FRAMES = "key-frames"
    SAMPLES = "samples"
    PICTURE = "picture"  # the one decoded picture of an image item


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open span of presentation ticks of one stream; ``None`` is open at that end."""

    stream: int
    time_base: Fraction
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """One decoded frame, scaled down once for every detector of the pass.

    ``pixels``: uint8 RGB, shape (height, width, 3). ``pts`` in ticks of the span's time base.
    ``corrupt``: the decoder said so.
    """

    pixels: NDArray[np.uint8]
    pts: int
    corrupt: bool


@dataclass(frozen=True, slots=True)
class Samples:
    """Mono float32 samples in [-1, 1], shape (n,), at ``rate`` Hz; ``pts`` of the first one."""

    values: NDArray[np.float32]
    rate: int
    pts: int


@dataclass(frozen=True, slots=True)
class Blob:
    """A named output. ``media_type`` as in HTTP; ``facts`` describe it (tile size, times …)."""

    name: str
    media_type: str
    data: bytes
    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Partial:
    facts: Mapping[str, Json]
    blobs: tuple[Blob, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    facts: Mapping[str, Json]
    blobs: tuple[Blob, ...] = ()


class Session(Protocol):
    def push(self, data: Picture | Samples, /) -> None: ...
    def finish(self) -> Partial: ...


class Detector(Protocol):
    """``name`` and ``version`` name the finding; a new version is new work."""

    name: str
    version: int
    wants: Wants

    def start(self, facts: MediaFacts, span: Span) -> Session: ...
    def merge(self, facts: MediaFacts, partials: Sequence[Partial]) -> Finding: ...
