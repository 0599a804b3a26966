"""What the ``segment`` program is asked for: one span of one recording, made playable."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any

from daylight.media.playlist import TICKS
from daylight.media.program import Json

PROGRAM = "segment"
MESSAGE = "segment"  # the one message it sends: facts about the segment, and its bytes


class Mode(StrEnum):
    """How much of the pictures is sent: blur and colour, each by itself."""

    SHIELDED = "shielded"  # strong blur, grey, small
    TINTED = "tinted"  # strong blur, in colour, small
    SOFT_GREY = "soft-grey"  # light blur, grey
    SOFT = "soft"  # light blur, in colour
    GREY = "grey"  # sharp, grey
    CLEAR = "clear"  # sharp, in colour

    @property
    def is_strong(self) -> bool:
        return self in {Mode.SHIELDED, Mode.TINTED}

    @property
    def is_grey(self) -> bool:
        return self in {Mode.SHIELDED, Mode.SOFT_GREY, Mode.GREY}

    @property
    def is_sharp(self) -> bool:
        return self in {Mode.GREY, Mode.CLEAR}


_SMALL, _SOUND = "-small", "-sound"


@dataclass(frozen=True, slots=True)
class Look:
    """What a viewer asked for. ``small``: at most 320 pixels wide, as strong blur always is.

    ``slug`` names it in addresses: ``shielded``, ``soft-grey-small``, ``clear-sound``; each look has one.
    """

    mode: Mode
    small: bool = False
    sound: bool = False

    @property
    def slug(self) -> str:
        small = _SMALL if self.small and not self.mode.is_strong else ""
        return f"{self.mode}{small}{_SOUND if self.sound else ''}"

    @property
    def is_shielded(self) -> bool:
        return self.mode is Mode.SHIELDED and not self.sound


SHIELDED = Look(Mode.SHIELDED, small=True)


def look_of(slug: str) -> Look:
    """``ValueError`` for what is no slug, or not the one of its look."""
    rest = slug.removesuffix(_SOUND)
    mode = Mode(rest.removesuffix(_SMALL))
    look = Look(mode, small=rest.endswith(_SMALL) or mode.is_strong, sound=slug.endswith(_SOUND))
    if look.slug != slug:
        raise ValueError(slug)
    return look


@dataclass(frozen=True, slots=True)
class Entry:
    """Where decoding may start: a key frame's presentation ticks and byte position, if known.

    ``time``: ticks of 1/90000 s from media zero. ``epoch`` counts how often the container's clock
    fell back before it.
    """

    time: int
    pts: int | None
    dts: int | None
    position: int | None
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Cut:
    """``start`` and ``end``: ticks of 1/90000 s from media zero, half-open.

    ``zero``: media zero in the container's own seconds. ``video`` and ``audio``: stream indices.
    ``entry``: the key frame to decode from; ``approach``: an earlier one to read from, so that the
    sound that belongs to the span is met as well. ``step``: seconds from picture to picture, used
    where the container has no times and for filling gaps. ``anywhere``: spans need not start at a
    key frame, so nothing may be copied. ``blank``: black pictures instead of what cannot be read.
    ``small``: 320 pixels wide at most. ``silent``: silence in place of the sound, so that a player
    that has a track for it goes on. ``one_thread``: decodes, since FFmpeg's frame threads wait for
    each other for ever in some broken H.264. ``last``: no span follows. ``rotation``: degrees, clockwise.
    ``mark``: what is drawn into clear pictures that are encoded. ``copies``: whether they may be copied instead.
    ``thin``: for a thin line: small, and coded for few bytes; nothing is copied.
    """

    demuxer: str
    mode: Mode
    start: int
    end: int
    zero: Fraction
    video: int | None
    audio: int | None
    entry: Entry | None
    approach: Entry | None
    step: Fraction
    width: int
    height: int
    rotation: int = 0
    anywhere: bool = False
    blank: bool = False
    last: bool = False
    one_thread: bool = False
    mark: str = ""
    copies: bool = True
    small: bool = False
    silent: bool = False
    thin: bool = False

    @property
    def until(self) -> int:
        """Where the span's pictures end: the last one takes what lies beyond the stated length."""
        return self.end + TICKS if self.last else self.end

    def shielded(self) -> "Cut":
        """The same span under the shield; where there would be sound there is silence."""
        return replace(self, mode=Mode.SHIELDED, small=True, anywhere=True, silent=True)


def to_request(cut: Cut) -> dict[str, Json]:
    return {
        "demuxer": cut.demuxer,
        "mode": cut.mode.value,
        "start": cut.start,
        "end": cut.end,
        "zero": str(cut.zero),
        "video": cut.video,
        "audio": cut.audio,
        "entry": _entry_to_json(cut.entry),
        "approach": _entry_to_json(cut.approach),
        "step": str(cut.step),
        "width": cut.width,
        "height": cut.height,
        "rotation": cut.rotation,
        "anywhere": cut.anywhere,
        "blank": cut.blank,
        "last": cut.last,
        "one_thread": cut.one_thread,
        "mark": cut.mark,
        "copies": cut.copies,
        "small": cut.small,
        "silent": cut.silent,
        "thin": cut.thin,
    }


def from_request(request: Mapping[str, Any]) -> Cut:
    """The inverse; ``ValueError`` or ``LookupError`` for anything else."""
    return Cut(
        **{
            **request,
            "mode": Mode(request["mode"]),
            "zero": Fraction(request["zero"]),
            "step": Fraction(request["step"]),
            "entry": _entry_from_json(request["entry"]),
            "approach": _entry_from_json(request["approach"]),
        }
    )


def _entry_to_json(entry: Entry | None) -> Json:
    return (
        None if entry is None else [entry.time, entry.pts, entry.dts, entry.position, entry.epoch]
    )


def _entry_from_json(parts: Any) -> Entry | None:
    return None if parts is None else Entry(*parts)
