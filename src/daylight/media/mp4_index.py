"""An index (moov) made anew for pictures that were found without one (ISO/IEC 14496-12 8)."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from daylight.media.boxes import box, full_box, numbers
from daylight.media.mp4_pictures import Pictures
from daylight.media.mp4_sibling import Sibling

_MATRIX: Final = numbers(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED: Final = 0x55C4  # "und" as a language (8.4.2.3)
BRANDS: Final = box(b"ftyp", b"isom", numbers(0x200), b"isomiso2mp41")


def data_head(length: int) -> bytes:
    """The head of a media data box with ``length`` bytes in it: sixteen bytes."""
    return numbers(1) + b"mdat" + numbers(length + 16, size=8)


def index(pictures: Pictures, sibling: Sibling, shift: int, order: Sequence[int]) -> bytes:
    """``shift``: what is added to the places of the pictures.

    ``order``: when each is shown, counted in pictures, in the order in which they are stored; empty
    for that order itself.
    """
    length = len(pictures) * sibling.step
    return box(
        b"moov",
        full_box(b"mvhd", 0, _times(sibling.scale, length), _movie()),
        box(
            b"trak",
            full_box(b"tkhd", 3, _track(sibling, length), version=1),
            box(
                b"mdia",
                full_box(
                    b"mdhd", 0, _times(sibling.scale, length), numbers(_UNDETERMINED, 0, size=2)
                ),
                full_box(b"hdlr", 0, numbers(0), b"vide", bytes(13)),
                _information(pictures, sibling, shift, order),
            ),
        ),
    )


def _times(scale: int, length: int) -> bytes:
    """Made and changed at no known time, in the short form; what is too long for it is cut."""
    return numbers(0, 0, scale, min(length, 0xFFFFFFFF))


def _movie() -> bytes:
    rate_and_volume = numbers(0x10000) + numbers(0x100, 0, size=2)
    return rate_and_volume + bytes(8) + _MATRIX + bytes(24) + numbers(2)


def _track(sibling: Sibling, length: int) -> bytes:
    head = bytes(16) + numbers(1, 0) + numbers(length, size=8)
    return head + bytes(16) + _MATRIX + numbers(sibling.width << 16, sibling.height << 16)


def _information(pictures: Pictures, sibling: Sibling, shift: int, order: Sequence[int]) -> bytes:
    own = full_box(b"url ", 1)
    return box(
        b"minf",
        full_box(b"vmhd", 1, bytes(8)),
        box(b"dinf", full_box(b"dref", 0, numbers(1), own)),
        box(b"stbl", sibling.description, *_tables(pictures, sibling.step, shift, order)),
    )


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
