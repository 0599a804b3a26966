"""What is heard: level over time, silence, clipping, sudden loud sounds, and where somebody may speak."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from daylight.detectors.base import (
    Blob,
    Finding,
    Material,
    Partial,
    Samples,
    Session,
    Span,
    Subject,
)
from daylight.detectors.registry import Wants
from daylight.detectors.sound_levels import Levels, Spans
from daylight.detectors.sound_slabs import RATE, STEP, Grid, Slab
from daylight.detectors.speech import HOP, Speech
from daylight.media.program import Json

_MILLISECONDS: Final = 1000


class Sound:
    """Sound comes whole, so that there is one partial. Raises ``ValueError`` at another rate."""

    name = "sound"
    version = 1
    wants = Wants.SAMPLES

    def start(self, subject: Subject, span: Span) -> Session:
        del subject, span
        return _Heard()

    def merge(self, subject: Subject, partials: Sequence[Partial]) -> Finding:
        del subject
        heard = [partial for partial in partials if partial.facts.get("steps")]
        if not heard:
            return Finding({"seconds": 0})
        if len(heard) > 1:
            raise ValueError("sound comes in one piece")
        facts: dict[str, Any] = dict(heard[0].facts)
        del facts["steps"]
        rows = len(heard[0].data) // 6
        shape: dict[str, Json] = {"seconds": rows, "layout": "uint32 second, int8 level, int8 peak"}
        return Finding(
            facts, (Blob("sound-level", "application/octet-stream", heard[0].data, shape),)
        )


class _Heard:
    def __init__(self) -> None:
        self._grid, self._levels, self._speech = Grid(), Levels(), Speech()

    def push(self, material: Material, /) -> None:
        if not isinstance(material, Samples) or not len(material.values):
            return
        if material.rate != RATE:
            raise ValueError("sound of another rate than asked for")
        for slab in self._grid.push(material):
            self._hear(slab)

    def _hear(self, slab: Slab) -> None:
        self._levels.push(slab)
        self._speech.push(slab)

    def finish(self) -> Partial:
        for slab in self._grid.finish():
            self._hear(slab)
        self._levels.finish()
        self._speech.finish()
        return Partial(_facts(self._grid, self._levels, self._speech), _packed(self._levels))


def _facts(grid: Grid, levels: Levels, speech: Speech) -> dict[str, Json]:
    """Times in milliseconds from media zero, levels in dB of full scale."""
    return {
        "steps": levels.steps,
        "seconds": round(levels.steps * STEP / RATE, 1),
        "level_dbfs": {"median": levels.median, "peak": round(levels.peak, 1)},
        "silence": _spans(levels.silence),
        "clipping": {**_spans(levels.clipping), "samples": levels.clipped},
        "speech": {
            "seconds": round(speech.frames * HOP / RATE, 1),
            "count": speech.count,
            "spans": [
                [_ms(one.first * HOP), _ms(one.last * HOP), round(one.confidence, 2)]
                for one in speech.spans
            ],
        },
        "loud": {
            "count": len(levels.events) + levels.further_events,
            "events": [
                [_ms(one.step * STEP), round(one.rise, 1), round(one.peak, 1)]
                for one in levels.events
            ],
        },
        "gaps": grid.gaps,
        "ran_back": grid.back,
    }


def _spans(spans: Spans) -> dict[str, Json]:
    return {
        "seconds": round(spans.total * STEP / RATE, 1),
        "count": spans.count,
        "spans": [[_ms(first * STEP), _ms(last * STEP)] for first, last in spans.kept],
    }


def _ms(samples: int) -> int:
    return samples * _MILLISECONDS // RATE


def _packed(levels: Levels) -> bytes:
    """Rows of uint32 second, int8 level and int8 peak, little-endian."""
    table = levels.seconds()
    packed = np.empty(len(table), np.dtype([("second", "<u4"), ("level", "i1"), ("peak", "i1")]))
    for column, name in enumerate(("second", "level", "peak")):
        packed[name] = table[:, column]
    return packed.tobytes()
