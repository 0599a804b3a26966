"""What the ``frames`` program is asked for, and what it says of each picture it sends."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from daylight.domain.media import MediaFacts
from daylight.errors import MediaRefused
from daylight.media.cut import Mode
from daylight.media.facts_json import from_json, to_json
from daylight.media.program import Json

PROGRAM: Final = "frames"
MESSAGE: Final = "frame"
MAX_AROUND: Final = 16
MAX_PLACE: Final = 1 << 40
_TYPES: Final = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


@dataclass(frozen=True, slots=True)
class FrameAsk:
    """``group``: the key frame's number; then either ``rank`` (place among the pictures of the group
    in the order of showing) or ``reach``: the picture that stands that many seconds after the key
    frame's time. ``toward``: where there is no such picture, the next (1) or the one before (-1).
    ``before``, ``after``: how many around it to send as well. ``whole``: in its own size, without
    loss, and alone. ``mark``: what is drawn into clear ones. ``thin``: of few bytes, where it is not whole.
    """

    facts: MediaFacts
    mode: Mode
    group: int
    rank: int | None = None
    reach: Fraction | None = None
    toward: int = 1
    before: int = 0
    after: int = 0
    whole: bool = False
    mark: str = ""
    thin: bool = False


@dataclass(frozen=True, slots=True)
class FrameSaid:
    """One picture. As :class:`daylight.media.exact.Exact`; ``wanted``: it is the one asked for."""

    group: int
    place: int
    rank: int
    pts: int | None
    offset: Fraction
    wanted: bool
    width: int
    height: int
    data: bytes
    media_type: str


def to_request(ask: FrameAsk) -> dict[str, Json]:
    return {
        "facts": to_json(ask.facts),
        "mode": ask.mode.value,
        "group": ask.group,
        "rank": ask.rank,
        "reach": None if ask.reach is None else str(ask.reach),
        "toward": ask.toward,
        "before": ask.before,
        "after": ask.after,
        "whole": ask.whole,
        "mark": ask.mark,
        "thin": ask.thin,
    }


def from_request(request: Mapping[str, Any]) -> FrameAsk:
    """The inverse; ``ValueError`` or ``LookupError`` for anything else."""
    reach = request["reach"]
    return FrameAsk(
        **{
            **request,
            "facts": from_json(request["facts"]),
            "mode": Mode(request["mode"]),
            "reach": None if reach is None else Fraction(reach),
        }
    )


def checked(untrusted: object, data: bytes) -> FrameSaid:
    """What the sandbox says of one picture. ``MediaRefused`` for anything that cannot be."""
    media_type = next((name for mark, name in _TYPES.items() if data.startswith(mark)), "")
    if not isinstance(untrusted, Mapping) or not media_type:
        raise MediaRefused("what came back is no picture")
    pts = untrusted.get("pts")
    if pts is not None and (type(pts) is not int or abs(pts) >= 1 << 63):
        raise MediaRefused("a picture's time is no number")
    return FrameSaid(
        group=_count(untrusted, "group"),
        place=_count(untrusted, "place"),
        rank=_count(untrusted, "rank"),
        pts=pts,
        offset=_seconds(untrusted.get("offset")),
        wanted=untrusted.get("wanted") is True,
        width=_count(untrusted, "width"),
        height=_count(untrusted, "height"),
        data=data,
        media_type=media_type,
    )


def _count(untrusted: Mapping[str, object], name: str) -> int:
    value = untrusted.get(name)
    if type(value) is not int or not 0 <= value < MAX_PLACE:
        raise MediaRefused("a picture's place is no number")
    return value


def _seconds(untrusted: object) -> Fraction:
    match untrusted:
        case [int(over), int(under)] if under > 0 and abs(over) < 1 << 80 and under < 1 << 64:
            return Fraction(over, under)
    raise MediaRefused("a picture's time is no number")
