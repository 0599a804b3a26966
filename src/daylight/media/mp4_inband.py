"""An mp4 that describes itself: parameter sets among its pictures (avc3 and hev1, and many recorders besides).

Such a file needs no sibling. The first sets that are followed by a picture which decodes are taken for
the description of the whole (ISO/IEC 14496-15 5.3.3 and 8.3.3); the decoder follows what comes later.
"""

import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

import av

from daylight.errors import MediaRefused
from daylight.media.boxes import box, full_box, numbers
from daylight.media.mp4_sibling import Sibling, leading
from daylight.media.reading import DEFAULT_RATE

REACH: Final = 64 << 20  # bytes in which the sets are searched for
_WIDTH: Final = 4  # bytes of a unit's length: all that recorders write
_LARGEST_SET: Final = 4096
_LARGEST: Final = 16 << 20  # of a picture that is decoded to see what the sets say
_SCALE: Final = 90_000
RATES: Final = (Fraction(1, 2), Fraction(240))  # that are believed
_PICTURES: Final = 3  # places that are tried
_RESOLUTION: Final = 0x480000  # 72 dots an inch (14496-12 12.1.3)
_START: Final = b"\0\0\0\1"


@dataclass(frozen=True, slots=True)
class Codec:
    """``sets``: the types of its parameter sets in their order, the last of which names a PPS after
    ``skip`` bytes; ``between``: what may stand among them; ``slices``: of a key frame.
    """

    name: str
    entry: bytes
    sets: tuple[int, ...]
    between: frozenset[int]
    slices: frozenset[int]
    skip: int
    first: re.Pattern[bytes]

    def kind(self, head: int) -> int:
        return head & 0x1F if self.name == "h264" else head >> 1 & 0x3F


CODECS: Final = (
    Codec(
        "h264", b"avc3", (7, 8), frozenset({6, 9}), frozenset({5}), 1,
        re.compile(rb"(?=\0\0.{2}[\x27\x47\x67])", re.DOTALL),
    ),
    Codec(
        "hevc", b"hev1", (32, 33, 34), frozenset({35, 39}), frozenset(range(16, 22)), 2,
        re.compile(rb"(?=\0\0.{2}\x40\x01)", re.DOTALL),
    ),
)  # fmt: skip


def read_in_band(descriptor: int, start: int, end: int) -> Sibling:
    """Raises ``MediaRefused`` where no sets are found with a picture behind them that decodes."""
    for codec in CODECS:
        for tried, sets in enumerate(_places(descriptor, start, min(end, start + REACH), codec)):
            found = _described(codec, sets)
            if found is not None:
                return found
            if tried + 1 == _PICTURES:
                break
    raise MediaRefused("it needs a sibling: it does not describe itself")


def _places(descriptor: int, start: int, end: int, codec: Codec) -> Iterator[list[bytes]]:
    """The units of every place where all sets and then a key frame stand one behind the other."""
    step, margin = 1 << 20, 16
    for base in range(start, end, step):
        data = os.pread(descriptor, min(step + margin, end - base), base)
        for mark in codec.first.finditer(data):
            if mark.start() < step:
                units = _chain(descriptor, base + mark.start(), end, codec)
                if units:
                    yield units


def _chain(descriptor: int, at: int, end: int, codec: Codec) -> list[bytes]:
    """Parameter sets and the slices of one picture; empty where it is anything else."""
    units: list[bytes] = []
    sliced, used = False, 0
    while used < _LARGEST:
        head = os.pread(descriptor, _WIDTH + 2, at)
        length = int.from_bytes(head[:_WIDTH], "big")
        kind = codec.kind(head[_WIDTH]) if len(head) > _WIDTH else -1
        most = _LARGEST if kind in codec.slices else _LARGEST_SET
        known = kind in codec.slices or (not sliced and kind in (*codec.sets, *codec.between))
        if not known or not 2 < length <= most or at + _WIDTH + length > end:
            break
        units.append(os.pread(descriptor, length, at + _WIDTH))
        sliced |= kind in codec.slices
        at, used = at + _WIDTH + length, used + length
    kinds = {codec.kind(unit[0]) for unit in units}
    return units if sliced and kinds.issuperset(codec.sets) else []


def _described(codec: Codec, units: list[bytes]) -> Sibling | None:
    """By decoding that one picture; None where it does not."""
    stream = io.BytesIO(b"".join(_START + unit for unit in units))
    try:
        with av.open(stream, mode="r", format=codec.name) as container:
            video = container.streams.video[0]
            video.codec_context.thread_count = 1
            frame = next(container.decode(video))
            rate = video.codec_context.framerate
    except (av.FFmpegError, StopIteration, IndexError):
        return None
    believed = rate and RATES[0] <= rate <= RATES[1]
    shown = Fraction(rate) if rate and believed else Fraction(DEFAULT_RATE)
    shape = frame.width, frame.height
    made = as_sibling(codec, units, shape, shown, with_sound=False)
    return replace(made, rate_stated=bool(believed))


def as_sibling(
    codec: Codec, units: list[bytes], shape: tuple[int, int], rate: Fraction, *, with_sound: bool
) -> Sibling:
    """What parameter sets say of pictures of that width and height, so many a second."""
    width, height = shape
    sets = [[u for u in units if codec.kind(u[0]) == kind] for kind in codec.sets]
    configuration = _avcc(*sets) if codec.name == "h264" else _hvcc(sets)
    return Sibling(
        codec=codec.name,
        description=_description(codec, width, height, configuration),
        scale=_SCALE,
        step=max(1, round(_SCALE / rate)),
        width=width,
        height=height,
        length_size=_WIDTH,
        pps=frozenset(leading(unit[codec.skip :])[0] for unit in sets[-1]),
        largest=width * height * 3 // 4,  # half of what it takes raw
        reorders=True,  # not known: the decoder tells
        with_sound=with_sound,
    )


def _description(codec: Codec, width: int, height: int, configuration: bytes) -> bytes:
    """A sample description (14496-12 8.5.2) with one visual entry (12.1.3)."""
    shape = numbers(width & 0xFFFF, height & 0xFFFF, size=2)
    entry = box(
        codec.entry,
        bytes(6) + numbers(1, size=2) + bytes(16),
        shape + numbers(_RESOLUTION, _RESOLUTION, 0) + numbers(1, size=2),
        bytes(32) + numbers(24, 0xFFFF, size=2),
        configuration,
    )
    return full_box(b"stsd", 0, numbers(1), entry)


def _avcc(sps: list[bytes], pps: list[bytes]) -> bytes:
    """AVCDecoderConfigurationRecord (14496-15 5.3.3.1)."""
    first = bytes([1]) + sps[0][1:4] + bytes([0xFF, 0xE0 | len(sps[:31])])
    sets = b"".join(numbers(len(unit), size=2) + unit for unit in sps[:31])
    more = b"".join(numbers(len(unit), size=2) + unit for unit in pps[:255])
    return box(b"avcC", first, sets, bytes([len(pps[:255])]), more)


def _hvcc(sets: list[list[bytes]]) -> bytes:
    """HEVCDecoderConfigurationRecord (14496-15 8.3.3.1); profile and level are the SPS's."""
    sps = sets[1][0].replace(b"\0\0\3", b"\0\0")
    profile = sps[3:15].ljust(12, b"\0")
    fixed = b"\xf0\x00\xfc\xfd\xf8\xf8" + bytes(2) + bytes([0x0C | _WIDTH - 1, len(sets)])
    arrays = b"".join(
        bytes([0x80 | kind]) + numbers(len(units), size=2)
        + b"".join(numbers(len(unit), size=2) + unit for unit in units)
        for kind, units in zip((32, 33, 34), sets, strict=True)
    )  # fmt: skip
    return box(b"hvcC", bytes([1]), profile, fixed, arrays)
