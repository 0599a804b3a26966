"""The burnt-in clock as JSON, for rows and for ``--json``."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from daylight.domain.burnt_clock import BurntClock, ClockPiece


def pieces_to_json(pieces: Sequence[ClockPiece]) -> list[dict[str, int | float]]:
    return [
        {
            "media_us": one.media_us,
            "length_us": one.length_us,
            "naive_us": one.naive_us,
            "uncertainty_us": one.uncertainty_us,
            "read": one.read,
            "confidence": one.confidence,
        }
        for one in pieces
    ]


def pieces_from_json(raw: Sequence[Mapping[str, Any]]) -> tuple[ClockPiece, ...]:
    return tuple(ClockPiece(**one) for one in raw)


def to_json(clock: BurntClock) -> dict[str, Any]:
    """With the naive time of each piece in words, too."""
    pieces = pieces_to_json(clock.pieces)
    return {
        "ticking": clock.ticking.value,
        "layout": clock.layout,
        "others": list(clock.others),
        "pace": clock.pace,
        "label": clock.label,
        "label_key": clock.label_key,
        "read": clock.read,
        "seen": clock.seen,
        "confidence": clock.confidence,
        "pieces": [
            {**json, "naive": naive_text(one.naive_us, clock.layout)}
            for json, one in zip(pieces, clock.pieces, strict=True)
        ],
    }


def naive_text(naive_us: int, layout: str) -> str:
    """In the order of ISO 8601, to the second, without a zone; the time alone where there is no date."""
    moment = datetime.fromtimestamp(naive_us // 1_000_000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S" if "%d" in layout else "%H:%M:%S")
