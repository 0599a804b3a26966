"""An index (moov) made anew for pictures that were found without one (ISO/IEC 14496-12 8)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from daylight.media.boxes import box, full_box, numbers
from daylight.media.mp4_pictures import Pictures
from daylight.media.mp4_sibling import Sibling

_MATRIX: Final = numbers(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED: Final = 0x55C4  # "und" as a language (8.4.2.3)
_OWN: Final = box(b"dinf", full_box(b"dref", 0, numbers(1), full_box(b"url ", 1)))
BRANDS: Final = box(b"ftyp", b"isom", numbers(0x200), b"isomiso2mp41")


def data_head(length: int) -> bytes:
    """The head of a media data box with ``length`` bytes in it: sixteen bytes."""
    return numbers(1) + b"mdat" + numbers(length + 16, size=8)


@dataclass(slots=True)
class Heard:
    """Sound that was found between pictures: places of its pieces and how many samples each has.

    ``sizes``: of each sample, empty where all are alike. ``times``: (samples, ticks of each).
    ``used``: bytes. ``lost``: gaps between pictures that are no such sound.
    """

    places: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    times: list[tuple[int, int]] = field(default_factory=list)
    used: int = 0
    lost: int = 0

    @property
    def ticks(self) -> int:
        return sum(count * step for count, step in self.times)


def index(
    pictures: Pictures,
    sibling: Sibling,
    shift: int,
    order: Sequence[int],
    heard: Heard | None = None,
) -> bytes:
    """``shift``: what is added to the places of the pictures and the sound.

    ``order``: when each is shown, counted in pictures, in the order in which they are stored; empty
    for that order itself.
    """
    length = len(pictures) * sibling.step
    shape = numbers(sibling.width << 16, sibling.height << 16)
    tables = box(b"stbl", sibling.description, *_tables(pictures, sibling.step, shift, order))
    head = full_box(b"vmhd", 1, bytes(8))
    tracks = [
        _track(1, (sibling.scale, length, length), b"vide", bytes(16), shape, head + _OWN + tables)
    ]
    sound = sibling.sound
    if heard is not None and sound is not None:
        ticks = heard.ticks
        shown = ticks * sibling.scale // sound.scale
        tables = box(b"stbl", sound.description, *_sound_tables(heard, sound.size, shift))
        inner = full_box(b"smhd", 0, bytes(4)) + _OWN + tables
        loud = bytes(12) + numbers(0x100, 0, size=2)
        tracks.append(_track(2, (sound.scale, ticks, shown), b"soun", loud, bytes(8), inner))
    return box(b"moov", full_box(b"mvhd", 0, _times(sibling.scale, length), _movie()), *tracks)


def _times(scale: int, length: int) -> bytes:
    """Made and changed at no known time, in the short form; what is too long for it is cut."""
    return numbers(0, 0, scale, min(length, 0xFFFFFFFF))


def _movie() -> bytes:
    rate_and_volume = numbers(0x10000) + numbers(0x100, 0, size=2)
    return rate_and_volume + bytes(8) + _MATRIX + bytes(24) + numbers(3)


def _track(
    number: int,
    lasts: tuple[int, int, int],
    kind: bytes,
    volume: bytes,
    shape: bytes,
    information: bytes,
) -> bytes:
    """``lasts``: its scale, and its length in that and in the film's scale."""
    scale, length, shown = lasts
    head = bytes(16) + numbers(number, 0) + numbers(shown, size=8) + volume + _MATRIX + shape
    language = numbers(_UNDETERMINED, 0, size=2)
    return box(
        b"trak",
        full_box(b"tkhd", 3, head, version=1),
        box(
            b"mdia",
            full_box(b"mdhd", 0, _times(scale, length), language),
            full_box(b"hdlr", 0, numbers(0), kind, bytes(13)),
            box(b"minf", information),
        ),
    )


def _sound_tables(heard: Heard, size: int, shift: int) -> list[bytes]:
    runs, first = [], 1
    for count, pieces in groupby(heard.counts):
        runs.append((first, count, 1))
        first += len(list(pieces))
    total = sum(heard.counts)
    return [
        full_box(b"stts", 0, numbers(len(heard.times), *(n for run in heard.times for n in run))),
        full_box(b"stsc", 0, numbers(len(runs), *(n for run in runs for n in run))),
        full_box(b"stsz", 0, numbers(0 if heard.sizes else size, total, *heard.sizes)),
        full_box(
            b"co64",
            0,
            numbers(len(heard.places)),
            numbers(*(at + shift for at in heard.places), size=8),
        ),
    ]


def _tables(pictures: Pictures, step: int, shift: int, order: Sequence[int]) -> list[bytes]:
    count = len(pictures)
    keys = [number + 1 for number, key in enumerate(pictures.keys) if key]
    tables = [
        full_box(b"stts", 0, numbers(1, count, step)),
        full_box(b"stss", 0, numbers(len(keys), *keys)),
        full_box(b"stsc", 0, numbers(1, 1, 1, 1)),
        full_box(b"stsz", 0, numbers(0, count, *pictures.sizes)),
        full_box(
            b"co64", 0, numbers(count), numbers(*(at + shift for at in pictures.places), size=8)
        ),
    ]
    if order:
        tables.append(_offsets(order, step))
    return tables


def _offsets(order: Sequence[int], step: int) -> bytes:
    """How much later than decoded each is shown, none before that (8.6.1.3)."""
    delay = max(number - shown for number, shown in enumerate(order))
    later = [(shown + delay - number) * step for number, shown in enumerate(order)]
    runs = [(len(list(run)), value) for value, run in groupby(later)]
    return full_box(b"ctts", 0, numbers(len(runs), *(part for run in runs for part in run)))
