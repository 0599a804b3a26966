"""The program that hands out single pictures of an item, some time apart, for whoever looks for text in them.

``moments``  request {facts, step_us, longest}, files [media]. Sends ``moment`` {at, size} with luma (height, width) as
payload, upright, the longer side of ``longest`` pixels at most and twice its own; the first, and each that is shown
``step_us`` or more after the one before, and the last; then ``end`` {}.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from PIL import Image

from daylight.domain.media import Kind, MediaFacts
from daylight.errors import MediaRefused
from daylight.media.facts_json import from_json
from daylight.media.mask_decode import MICRO, PictureReader, packets
from daylight.media.program import Emit, Json, Request
from daylight.media.reading import open_media
from daylight.media.stills import still_pixels

PROGRAM: Final = "moments"
_LARGER: Final = 2.0  # small letters are read better so

Luma = NDArray[np.uint8]


def moments(request: Request, files: Sequence[int], emit: Emit) -> None:
    """Pictures that did not decode are left out: they are covered whole where anything is rendered."""
    facts = from_json(request["facts"])
    step, longest = request["step_us"], request["longest"]
    if not isinstance(step, int) or not isinstance(longest, int):
        raise TypeError("moments are some time apart")
    for at, picture in _chosen(files[0], facts, step):
        sized = _sized(picture, longest)
        size: list[Json] = [sized.width, sized.height]
        emit("moment", {"at": at, "size": size}, sized.tobytes())
    emit("end", {})


def _chosen(descriptor: int, facts: MediaFacts, step: int) -> Iterator[tuple[int, Image.Image]]:
    if facts.kind is Kind.IMAGE:
        pixels = still_pixels(descriptor, facts.container, facts.demuxer)
        yield 0, Image.fromarray(pixels).convert("L")
        return
    turns = -((facts.video.rotation if facts.video else 0) // 90) % 4
    last: int | None = None
    waiting: tuple[int, VideoFrame] | None = None
    for at, frame in _shown(descriptor, facts):
        waiting = (at, frame)
        if last is None or at - last >= step:
            last, waiting = at, None
            yield at, _grey(frame, turns)
    if waiting is not None and last is not None and waiting[0] > last:
        yield waiting[0], _grey(waiting[1], turns)


def _shown(descriptor: int, facts: MediaFacts) -> Iterator[tuple[int, VideoFrame]]:
    with open_media(descriptor, facts.demuxer) as container:
        reader = PictureReader(container, facts)
        for packet in packets(container, [reader.stream]):
            for one in reader.push(packet):
                if one.frame is not None and one.trusted:
                    yield max(0, int(reader.seconds(one.at) * MICRO)), one.frame


def _grey(frame: VideoFrame, turns: int) -> Image.Image:
    pixels = frame.reformat(format="gray").to_ndarray()
    return Image.fromarray(np.ascontiguousarray(np.rot90(pixels, turns)))


def _sized(picture: Image.Image, longest: int) -> Image.Image:
    by = min(_LARGER, longest / max(picture.size))
    if by == 1:
        return picture
    size = max(1, round(picture.width * by)), max(1, round(picture.height * by))
    return picture.resize(size, Image.Resampling.BILINEAR)


def taken(said: Json, payload: bytes, longest: int, after: int) -> tuple[int, Luma]:
    """A moment as it was sent, checked. ``MediaRefused`` for anything that the program does not write."""
    facts = said if isinstance(said, dict) else {}
    at, size = facts.get("at"), facts.get("size")
    fits = isinstance(size, list) and len(size) == 2 and all(type(one) is int for one in size)
    if type(at) is not int or at <= after or not fits or not isinstance(size, list):
        raise MediaRefused("the worker sent what makes no sense: a moment")
    wide, tall = int(str(size[0])), int(str(size[1]))
    if not (0 < wide <= longest and 0 < tall <= longest and len(payload) == wide * tall):
        raise MediaRefused("the worker sent what makes no sense: a picture")
    return at, np.frombuffer(payload, np.uint8).reshape(tall, wide)


def warm_up(media: int, facts: Json) -> None:
    """Go the whole way once, before the sandbox closes."""
    moments({"facts": facts, "step_us": 1, "longest": 96}, [media], _ignore)


def _ignore(kind: str, facts: Json, payload: bytes = b"") -> None:
    del kind, facts, payload
