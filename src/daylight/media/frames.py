"""The program that makes stills of exactly the pictures asked for, as the decoder gives them.

It runs in the sandboxed child. Shielded ones are coarse and grey like all that is shielded.
"""

import io
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from typing import Any, Final

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from numpy.typing import NDArray
from PIL import Image

from daylight.errors import MediaRefused
from daylight.media.cut import Mode
from daylight.media.exact import Exact, Order, exact_pictures, shown_order
from daylight.media.frame_ask import MAX_AROUND, MESSAGE, FrameAsk, from_request
from daylight.media.keyframes import KeyFrameIndex, unpack
from daylight.media.playlist import TICKS
from daylight.media.program import Emit
from daylight.media.reading import size_of
from daylight.media.shield import WIDTH, Shield
from daylight.media.viewer_mark import ViewerMark

LONGER_SIDE: Final = 1920  # of a clear still to look at
QUALITY: Final = 92
THIN_SIDE: Final = 960  # half of what is sent else, and coarser
THIN_QUALITY: Final = 50
_BACK: Final = (0, 1, 4)  # key frames to begin earlier, while the picture does not come out
_HELD_PIXELS: Final = 24_000_000  # of pictures kept while the one asked for is looked for


def frames(request: Mapping[str, Any], files: Sequence[int], emit: Emit) -> None:
    """Send one message ``frame`` {group, place, rank, pts, offset, wanted, width, height} a still.

    ``request`` is a :class:`daylight.media.frame_ask.FrameAsk` as JSON; the files are the original
    and its key-frame index. In the order of showing. Raises ``MediaRefused`` where no picture is
    there, ``FFmpegError`` where the original cannot be opened.
    """
    ask = from_request(request)
    index = unpack(os.pread(files[1], size_of(files[1]), 0))
    if not 0 <= ask.group < len(index):
        raise MediaRefused("there is no such key frame")
    found = _found(files[0], ask, index)
    turned = ask.facts.video.rotation if ask.facts.video else 0
    for one in found.all:
        values = _shown(one.frame, ask, turned)
        if ask.mark and ask.mode is not Mode.SHIELDED:
            moment = index.seconds(one.group) + one.offset
            ViewerMark(ask.mark, values.shape[1], values.shape[0]).draw(values, int(moment * TICKS))
        said = _said(one, values, wanted=one is found.wanted)
        emit(MESSAGE, said, _coded(values, ask))


@dataclass(slots=True)
class _Found:
    """``settled``: it is the very picture, not one beside it; nothing earlier will do better."""

    before: deque[Exact]
    wanted: Exact | None = None
    after: list[Exact] = field(default_factory=list)
    settled: bool = False

    @property
    def all(self) -> list[Exact]:
        return [*self.before, *([self.wanted] if self.wanted else []), *self.after]


def _found(descriptor: int, ask: FrameAsk, index: KeyFrameIndex) -> _Found:
    """From its key frame on; from earlier ones where it does not come out of that."""
    order = shown_order(descriptor, ask.facts, index, ask.group)
    best = _Found(deque())
    for first in _begins(ask, order):
        trusted = _trusted(descriptor, ask, index, first, order)
        found = _searched(trusted, ask, index)
        best = found if found.wanted is not None else best
        if found.settled:
            return found
    if best.wanted is None:
        raise MediaRefused("no picture can be decoded there")
    return best


def _begins(ask: FrameAsk, order: Order) -> list[int]:
    """The key frames to begin at, one after the other.

    Pictures that lead a key frame need what came before it; and without times of their own they can
    only be counted where none of them is dropped.
    """
    ranks = order.get(ask.group, ())
    leading = ask.rank is not None and bool(ranks) and ask.rank < ranks[0]
    backs = _BACK if ranks and not leading else _BACK[1:]
    return sorted({max(0, ask.group - back) for back in backs}, reverse=True)


def _trusted(
    descriptor: int, ask: FrameAsk, index: KeyFrameIndex, first: int, order: Order
) -> Iterator[Exact]:
    """Pictures whose rank is sure."""
    quick = (-1, -1) if ask.rank is None else (ask.group, ask.rank - _around(ask))
    pictures = exact_pictures(descriptor, ask.facts, index, first, order, quick_to=quick)
    for one in pictures:
        if one.group > first or first == 0 or order.get(one.group):
            yield one


def _searched(pictures: Iterator[Exact], ask: FrameAsk, index: KeyFrameIndex) -> _Found:
    """The one asked for, with those around it; or one beside it where it is not there."""
    found = _Found(deque(maxlen=_around(ask) + 1))
    for one in pictures:
        if _is_past(one, ask, index):
            return _settle(found, one, pictures, ask)
        found.before.append(one)
        if ask.rank is not None and (one.group, one.rank) == (ask.group, ask.rank):
            return _settle(found, None, pictures, ask)
    return _settle(found, None, pictures, ask)


def _settle(found: _Found, past: Exact | None, rest: Iterator[Exact], ask: FrameAsk) -> _Found:
    """``found.before`` ends with the last picture that is not past what was asked for."""
    last = found.before[-1] if found.before else None
    exact = last is not None and (
        ask.rank is None or (last.group, last.rank) == (ask.group, ask.rank)
    )
    forward = past is not None and not exact and (ask.toward > 0 or last is None)
    if forward:
        found.wanted, past = past, None
    elif last is not None:
        found.wanted = found.before.pop()
    found.settled = exact
    after = ask.after if not ask.whole else 0
    following = [*([past] if past else []), *islice(rest, max(0, after - bool(past)))]
    found.after = following[:after]
    found.before = deque(found.before, maxlen=_around(ask))
    return found


def _is_past(one: Exact, ask: FrameAsk, index: KeyFrameIndex) -> bool:
    if ask.rank is not None:
        return (one.group, one.rank) > (ask.group, ask.rank)
    if one.group < ask.group or ask.reach is None:
        return False
    away = index.seconds(one.group) - index.seconds(ask.group)
    if one.group > ask.group and away <= 0:  # the clock fell back
        return True
    return away + one.offset > ask.reach


def _around(ask: FrameAsk) -> int:
    """How many pictures are held before the one asked for: no more than memory bears."""
    video = ask.facts.video
    pixels = (video.width or 1) * (video.height or 1) if video else 1
    most = max(1, _HELD_PIXELS // max(1, pixels))
    return 0 if ask.whole else max(0, min(ask.before, MAX_AROUND, most))


def _shown(frame: VideoFrame, ask: FrameAsk, rotation: int) -> NDArray[np.uint8]:
    """Upright; grey (height, width) or RGB (height, width, 3)."""
    if ask.mode is Mode.SHIELDED:
        width, height = _within(*_upright(frame, rotation), WIDTH)
        coarse = Shield(width & ~1 or 2, height & ~1 or 2, rotation).apply(frame)
        return coarse.reformat(format="gray").to_ndarray().astype(np.uint8, copy=False)
    longer = THIN_SIDE if ask.thin else LONGER_SIDE
    longer = max(frame.width, frame.height) if ask.whole else longer
    width, height = _within(frame.width, frame.height, longer)
    scaled = frame.reformat(width, height, "rgb24", interpolation=Interpolation.AREA)
    return np.ascontiguousarray(np.rot90(scaled.to_ndarray(), k=-(rotation // 90) % 4))


def _upright(frame: VideoFrame, rotation: int) -> tuple[int, int]:
    size = (frame.width, frame.height)
    return size[::-1] if rotation % 180 else size


def _within(width: int, height: int, limit: int) -> tuple[int, int]:
    longer = max(width, height)
    if longer <= limit:
        return width, height
    return max(2, width * limit // longer & ~1), max(2, height * limit // longer & ~1)


def _coded(values: NDArray[np.uint8], ask: FrameAsk) -> bytes:
    file = io.BytesIO()
    picture = Image.fromarray(values)
    if ask.whole:
        picture.save(file, "PNG")
    elif ask.thin:
        picture.save(file, "JPEG", quality=THIN_QUALITY, optimize=True)
    else:
        picture.save(file, "JPEG", quality=QUALITY, subsampling=0)
    return file.getvalue()


def _said(one: Exact, values: NDArray[np.uint8], *, wanted: bool) -> dict[str, Any]:
    offset: Fraction = one.offset
    return {
        "group": one.group,
        "place": one.place,
        "rank": one.rank,
        "pts": one.pts,
        "offset": [offset.numerator, offset.denominator],
        "wanted": wanted,
        "width": values.shape[1],
        "height": values.shape[0],
    }
