"""Ways to open an mp4 again: a bridge over a head that was wiped, and an index made anew, with what the
pictures say of themselves or with what a sibling lends.
"""

import os
from dataclasses import replace
from typing import Final

from daylight.errors import MediaRefused
from daylight.media.boxes import LARGEST_INDEX, Box, in_file, inside
from daylight.media.mp4_inband import read_in_band
from daylight.media.mp4_index import BRANDS, data_head, index
from daylight.media.mp4_pictures import Finder
from daylight.media.mp4_sibling import Sibling
from daylight.media.rebuilt import order_shown
from daylight.media.recipe import Recipe
from daylight.media.salvaged import Salvaged

_REACH: Final = 1 << 20  # bytes in which the media data must begin
_STEP: Final = 1 << 20
TRIAL: Final = 40  # pictures that are looked for in a trial
TRIAL_REACH: Final = 64 << 20  # bytes in which they are looked for
_ALL: Final = 1 << 40
_BRIDGE: Final = 16  # bytes of the head that leads over what was wiped


def alone(descriptor: int, size: int) -> Salvaged:
    """Without a sibling. Raises ``MediaRefused``."""
    wiped = not os.pread(descriptor, _BRIDGE, 0).strip(b"\0")
    moov = _moov(descriptor, size) if wiped else None
    if moov is not None:
        return _bridged(descriptor, size, moov)
    start, end = _data(descriptor, size)
    own = read_in_band(descriptor, start, end)
    made = _indexed(descriptor, size, own, (start, end), _ALL)
    return replace(made, method="in-band")


def index_made(descriptor: int, size: int, sibling: Sibling, *, trial: bool) -> Salvaged:
    """``trial``: of the first pictures alone. Raises ``MediaRefused``."""
    start, end = _data(descriptor, size)
    if trial:
        end = min(end, start + TRIAL_REACH)
    return _indexed(descriptor, size, sibling, (start, end), TRIAL if trial else _ALL)


def _indexed(
    descriptor: int, size: int, sibling: Sibling, data: tuple[int, int], most: int
) -> Salvaged:
    start, end = data
    pictures = Finder(descriptor, sibling, start, end).find(most)
    if not any(pictures.keys):
        raise MediaRefused("no key frame is found in it")
    head = BRANDS + data_head(end - start)
    recipe = Recipe(head, start, end, index(pictures, sibling, len(head) - start, ()))
    if sibling.reorders:
        order = order_shown(descriptor, recipe, "mov", len(pictures))
        if order != sorted(order):
            recipe = Recipe(head, start, end, index(pictures, sibling, len(head) - start, order))
    return Salvaged(
        method="index",
        recipe=recipe,
        used=pictures.used,
        skipped=size - pictures.used,
        pictures=len(pictures),
        keys=sum(pictures.keys),
        holes=pictures.holes,
        sound_left_out=sibling.with_sound,
        times_assumed=True,
        rate_assumed=not sibling.rate_stated,
    )


def _data(descriptor: int, size: int) -> tuple[int, int]:
    """Where the media data begin and end: by the boxes, or by their name where the head is gone."""
    for one in in_file(descriptor, size):
        if one.name == b"mdat":
            return one.body, min(one.end, size)
    head = os.pread(descriptor, _REACH, 0)
    mark = head.find(b"mdat")
    if mark >= 4:
        return mark + 4, size
    rest = head.lstrip(b"\0")
    if len(rest) == len(head) or not rest:
        raise MediaRefused("its media data are not found")
    return len(head) - len(rest), size  # what follows the zeros


def _bridged(descriptor: int, size: int, moov: Box) -> Salvaged:
    """For a file whose beginning is wiped and whose index lies at its end, whole."""
    zeros = _zeros(descriptor, moov.start)
    head = data_head(moov.start - _BRIDGE)
    kept = size - zeros
    return Salvaged("bridge", Recipe(head, _BRIDGE, size), used=kept, skipped=zeros)


def _zeros(descriptor: int, end: int) -> int:
    data = os.pread(descriptor, min(_STEP, end), 0)
    return len(data) - len(data.lstrip(b"\0"))


def _moov(descriptor: int, size: int) -> Box | None:
    """An index that holds together, searched for from the end."""
    end = size
    lowest = max(0, size - LARGEST_INDEX)
    while end > lowest:
        start = max(lowest, end - _STEP)
        data = os.pread(descriptor, end - start + 16, start)
        mark = data.rfind(b"moov")
        while mark >= 0:
            found = _whole_moov(descriptor, start + mark - 4, size)
            if found is not None:
                return found
            mark = data.rfind(b"moov", 0, mark)
        end = start
    return None


def _whole_moov(descriptor: int, at: int, size: int) -> Box | None:
    length = int.from_bytes(os.pread(descriptor, 4, at), "big") if at >= _BRIDGE else 0
    if not 16 <= length <= min(size - at, LARGEST_INDEX):
        return None
    data = os.pread(descriptor, length, at)
    inner = list(inside(data, 8, length))
    names = {one.name for one in inner}
    whole = bool(inner) and inner[-1].end == length and {b"mvhd", b"trak"} <= names
    return Box(b"moov", at, at + 8, at + length) if whole else None
