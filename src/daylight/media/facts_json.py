"""MediaFacts as JSON, and back with every value checked: the JSON comes from hostile bytes."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final, TypeVar

from daylight.domain.media import Kind, MediaFacts, State, StreamFacts
from daylight.errors import MediaRefused

MAX_TEXT: Final = 1000
MAX_STREAMS: Final = 256
MAX_PAIRS: Final = 200
_LIMIT: Final = 1 << 63

T = TypeVar("T")


def to_json(facts: MediaFacts) -> dict[str, Any]:
    return {
        "schema": "facts/1",
        "kind": facts.kind.value,
        "state": facts.state.value,
        "reason": facts.reason,
        "container": facts.container,
        "demuxer": facts.demuxer,
        "duration": _ratio(facts.duration),
        "start": _ratio(facts.start),
        "streams": [_stream_json(stream) for stream in facts.streams],
        "key_frames": facts.key_frames,
        "corrupt_key_frames": facts.corrupt_key_frames,
        "assumed_rate": facts.assumed_rate,
        "encoder": facts.encoder,
        "metadata": [list(pair) for pair in facts.untrusted_metadata],
    }


def from_json(untrusted: object) -> MediaFacts:
    """Raises ``MediaRefused`` for anything but what :func:`to_json` writes."""
    try:
        return _facts(_mapping(untrusted))
    except (KeyError, ValueError, TypeError, ZeroDivisionError, OverflowError) as error:
        raise MediaRefused(f"the facts of an item make no sense: {type(error).__name__}") from error


def _facts(raw: Mapping[str, Any]) -> MediaFacts:
    if raw["schema"] != "facts/1":
        raise ValueError("schema")
    streams = _list(raw["streams"], MAX_STREAMS)
    return MediaFacts(
        kind=Kind(raw["kind"]),
        state=State(raw["state"]),
        reason=_text(raw["reason"]),
        container=_text(raw["container"]),
        demuxer=_text(raw["demuxer"]),
        duration=_fraction(raw["duration"]),
        start=_fraction(raw["start"]),
        streams=tuple(_stream(_mapping(one)) for one in streams),
        key_frames=_count(raw["key_frames"]),
        corrupt_key_frames=_count(raw["corrupt_key_frames"]),
        assumed_rate=_bool(raw["assumed_rate"]),
        encoder=_text(raw["encoder"]),
        untrusted_metadata=_pairs(raw["metadata"]),
    )


_PLAIN: Final = (
    ("duration", True),
    ("start", True),
    ("frames", False),
    ("width", False),
    ("height", False),
    ("sample_rate", False),
    ("channels", False),
)


def _stream_json(stream: StreamFacts) -> dict[str, Any]:
    return {
        "index": stream.index,
        "media": stream.media,
        "codec": stream.codec,
        "time_base": _ratio(stream.time_base),
        **{name: getattr(stream, name) for name, _ in _PLAIN},
        "pixel_format": stream.pixel_format,
        "frame_rate": _ratio(stream.frame_rate),
        "variable_rate": stream.variable_rate,
        "rotation": stream.rotation,
        "metadata": [list(pair) for pair in stream.untrusted_metadata],
    }


def _stream(raw: Mapping[str, Any]) -> StreamFacts:
    base = _fraction(raw["time_base"])
    if base is None or base <= 0:
        raise ValueError("time base")
    numbers = {name: _integer(raw[name], signed=signed) for name, signed in _PLAIN}
    variable = raw["variable_rate"]
    return StreamFacts(
        index=_count(raw["index"]),
        media=_text(raw["media"]),
        codec=_text(raw["codec"]),
        time_base=base,
        **numbers,
        pixel_format=None if raw["pixel_format"] is None else _text(raw["pixel_format"]),
        frame_rate=_fraction(raw["frame_rate"]),
        variable_rate=None if variable is None else _bool(variable),
        rotation=_count(raw["rotation"]) % 360,
        untrusted_metadata=_pairs(raw["metadata"]),
    )


def _ratio(value: Fraction | None) -> list[int] | None:
    return None if value is None else [value.numerator, value.denominator]


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError("not an object")
    return value


def _list(value: object, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise TypeError("not a list of this length")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise TypeError("not a text of this length")
    return value


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("not a truth value")
    return value


def _integer(value: object, *, signed: bool) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("not an integer")
    if not (-_LIMIT if signed else 0) <= value < _LIMIT:
        raise ValueError("out of range")
    return value


def _count(value: object) -> int:
    number = _integer(value, signed=False)
    if number is None:
        raise TypeError("a count is missing")
    return number


def _fraction(value: object) -> Fraction | None:
    if value is None:
        return None
    over, under = (_integer(part, signed=True) for part in _list(value, 2))
    if over is None or under is None:
        raise TypeError("half a fraction")
    return Fraction(over, under)


def _pairs(value: object) -> tuple[tuple[str, str], ...]:
    pairs = (_list(pair, 2) for pair in _list(value, MAX_PAIRS))
    return tuple((_text(key), _text(text)) for key, text in pairs)
