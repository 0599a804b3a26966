"""What the renderer sends, checked and written down: the messages of ``media.mask`` made a film file.

The renderer has met hostile bytes and may lie. It cannot put anything into the file but coded pictures and
sound: units are walked one by one, and only those of pictures pass.
"""

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, Final

from daylight.domain.marks import MAX_US, Span
from daylight.domain.redaction import Codec
from daylight.errors import MediaRefused, RedactionFailed
from daylight.media.coded_units import AVC, VP9, codes_picture
from daylight.media.executor import Message
from daylight.media.mask_encode import GRAIN, RATE
from daylight.media.mask_encode_opus import GRAIN as OPUS_GRAIN
from daylight.media.mp4_write import FilmWriter, PictureFormat, SoundFormat

MAX_SIDE: Final = 16_384
_FORMS: Final = {Codec.H264: AVC, Codec.VP9: VP9}
_NAMES: Final = tuple(one.name for one in _FORMS)
_MOST: Final = 1 << 62
_MOST_SETS: Final = 4_096
_MOST_SPANS: Final = 1_000
_MOST_CONFIG: Final = 8


class Film:
    """Hears the messages of one rendering. ``counts``: of the renderer; None until it came to its end."""

    def __init__(self, file: BinaryIO, codec: Codec = Codec.H264) -> None:
        check_codec(codec)
        self._form = _FORMS[codec]
        self._writer = FilmWriter(file, self._form)
        self.picture: PictureFormat | None = None
        self.sound: SoundFormat | None = None
        self.upright = (0, 0)  # pixels of the original, turned as it is shown
        self.first_us = 0
        self.counts: Mapping[str, Any] | None = None
        self.damaged: tuple[Span, ...] = ()

    @property
    def pictures(self) -> int:
        return self._writer.pictures

    def times_digest(self) -> str:
        return self._writer.times_digest()

    def hear(self, message: Message) -> None:
        """Raises ``RedactionFailed`` for anything that a renderer does not send."""
        facts = message.untrusted_facts
        hearing = {
            "film": self._film,
            "pictures": self._pictures,
            "sound": self._sound,
            "sounds": self._sounds,
            "end": self._end,
        }.get(message.untrusted_kind)
        if hearing is None or not isinstance(facts, dict) or self.counts is not None:
            raise _nonsense("a message")
        try:
            hearing(facts, message.untrusted_payload)
        except (ValueError, OverflowError) as error:
            raise _nonsense(str(error)) from error

    def finish(self) -> None:
        if self.counts is None:
            raise RedactionFailed("the renderer did not come to an end")
        try:
            self._writer.finish()
        except (ValueError, OverflowError) as error:
            raise _nonsense(str(error)) from error

    def _film(self, facts: Mapping[str, Any], data: bytes) -> None:
        if self.picture is not None:
            raise ValueError("a second film")
        sizes = _numbers(facts.get("sets"), _MOST_SETS)
        self.picture = PictureFormat(
            width=_number(facts.get("width"), MAX_SIDE),
            height=_number(facts.get("height"), MAX_SIDE),
            scale=_number(facts.get("scale"), 1 << 31),
            step=_number(facts.get("step"), 1 << 31),
            full=facts.get("full") is True,
            sets=tuple(_cut(data, sizes)),
            aspect=_aspect(facts.get("aspect")),
        )
        first = facts.get("first_us")
        if type(first) is not int or abs(first) > _MOST:
            raise ValueError("when it begins")
        self.first_us = first
        self.upright = pair(facts.get("upright"))
        self._writer.picture_format(self.picture)

    def _pictures(self, facts: Mapping[str, Any], data: bytes) -> None:
        if self.picture is None:
            raise ValueError("pictures before the film")
        sizes = _numbers(facts.get("sizes"), len(data))
        times, keys = _numbers(facts.get("at"), _MOST), _numbers(facts.get("key"), 1)
        if not len(sizes) == len(times) == len(keys):
            raise ValueError("a picture without its time")
        if not all(codes_picture(self._form, one) for one in _cut(data, sizes)):
            raise ValueError("a unit that codes no picture")
        self._writer.add_pictures(data, sizes, times, [bool(key) for key in keys])

    def _sound(self, facts: Mapping[str, Any], data: bytes) -> None:
        if self.sound is not None or facts.get("rate") != RATE or len(data) > _MOST_CONFIG:
            raise ValueError("sound")
        if self._form == VP9 and data:
            raise ValueError("words of an encoder of sound")
        grain = OPUS_GRAIN if self._form == VP9 else GRAIN
        self.sound = SoundFormat(_number(facts.get("channels"), 2), RATE, grain, data)
        self._writer.sound_format(self.sound)

    def _sounds(self, facts: Mapping[str, Any], data: bytes) -> None:
        if self.sound is None:
            raise ValueError("sound before it was told of")
        self._writer.add_sounds(data, _numbers(facts.get("sizes"), len(data)))

    def _end(self, facts: Mapping[str, Any], data: bytes) -> None:
        if data:
            raise ValueError("bytes after the end")
        self.counts = _counts(facts)
        self.damaged = _damaged(facts.get("damaged", []))


def check_codec(codec: Codec) -> None:
    """``MediaRefused`` for one in which nothing goes out."""
    if codec not in _FORMS:
        raise MediaRefused(f"this version writes no {codec.name}; {', '.join(_NAMES)} it does")


def _counts(facts: Mapping[str, Any]) -> dict[str, Any]:
    spent = facts.get("spent", {})
    if not isinstance(spent, dict):
        raise ValueError("times spent")  # noqa: TRY004 - of a message, not of a caller
    names = ("frames", "missing", "untrusted", "whole", "written", "errors", "samples")
    found: dict[str, Any] = {
        name: _number(facts.get(name, 0), _MOST, least=0) for name in (*names, "sound_errors")
    }
    found["spent"] = {
        name: float(spent.get(name, 0))
        for name in ("decode", "mask", "encode")
        if isinstance(spent.get(name, 0), int | float)
    }
    return found


def _damaged(value: object) -> tuple[Span, ...]:
    if not isinstance(value, list) or len(value) > _MOST_SPANS:
        raise ValueError("spans of damage")
    spans = [_numbers(one, MAX_US) for one in value]
    if any(len(one) != 2 or one[0] >= one[1] for one in spans):
        raise ValueError("a span of damage")
    return tuple(Span(*one) for one in spans)


def _cut(data: bytes, sizes: Sequence[int]) -> list[bytes]:
    if sum(sizes) != len(data):
        raise ValueError("sizes do not add up")
    made, at = [], 0
    for size in sizes:
        made.append(data[at : at + size])
        at += size
    return made


def _aspect(value: object) -> tuple[int, int]:
    """Of a pixel, wide by high."""
    parts = _numbers(value, 1 << 31)
    if len(parts) != 2 or not all(parts):
        raise ValueError("the shape of a pixel")
    return parts[0], parts[1]


def pair(value: object) -> tuple[int, int]:
    """Width and height. ``ValueError`` for what is no size of a picture."""
    sides = _numbers(value, MAX_SIDE)
    if len(sides) != 2 or not all(sides):
        raise ValueError("the size of the original")
    return sides[0], sides[1]


def _number(value: object, most: int, *, least: int = 1) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError("a number")
    return value


def _numbers(value: object, most: int) -> list[int]:
    if not isinstance(value, list) or len(value) > 1 << 20:
        raise ValueError("a list")
    return [_number(one, most, least=0) for one in value]


def _nonsense(what: str) -> RedactionFailed:
    return RedactionFailed(f"the renderer sent what makes no sense: {what}")
