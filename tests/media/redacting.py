"""Films with boxes that move on known ways, rendered inline with a plan that covers them."""

import io
import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction

import av
import numpy as np

from daylight.domain.digest import digest_of
from daylight.domain.marks import Key
from daylight.domain.redaction import Plan, Region
from daylight.domain.tracks import Sort
from daylight.media import mask_check, mask_task
from daylight.media.facts_json import to_json
from daylight.media.inline import InlineExecutor
from daylight.media.mask import PROGRAM, redact
from daylight.media.mask_film import Film
from daylight.media.probe import probe

RED, GREEN = (255, 40, 40), (40, 255, 40)  # of the boxes; nothing else is saturated
EXECUTOR = InlineExecutor({PROGRAM: redact, mask_check.PROGRAM: mask_check.check}, i_am_a_test=True)


@dataclass(frozen=True)
class Way:
    """A box from one place to another over the whole film, in pixels: left, top, width, height."""

    start: tuple[int, int, int, int]
    end: tuple[int, int, int, int]
    colour: tuple[int, int, int] = RED

    def at(self, part: float) -> tuple[int, int, int, int]:
        return tuple(round(a + (b - a) * part) for a, b in zip(self.start, self.end, strict=True))


WAYS = (Way((10, 8, 24, 30), (120, 60, 24, 30)), Way((150, 10, 17, 13), (20, 90, 31, 25), GREEN))


def times_of(frames: int, *, variable: bool = False) -> list[int]:
    """Milliseconds."""
    if not variable:
        return [number * 40 for number in range(frames)]
    draw = np.random.default_rng(5)
    return [0, *np.cumsum(draw.integers(7, 130, frames - 1)).tolist()]


def picture(size: tuple[int, int], part: float, number: int, ways=WAYS) -> np.ndarray:
    width, height = size
    across = np.linspace(40, 120, width)[None, :, None]
    grey = np.broadcast_to(across, (height, width, 3)) + (number * 3 % 20)
    made = grey.astype(np.uint8).copy()
    for way in ways:
        left, top, wide, tall = way.at(part)
        made[top : top + tall, left : left + wide] = way.colour
    return made


def reel(
    *,
    container: str = "matroska",
    codec: str = "libx264",
    size: tuple[int, int] = (176, 144),
    frames: int = 30,
    pixels: str = "yuv420p",
    variable: bool = False,
    sound: bool = False,
    options: dict[str, str] | None = None,
    ways=WAYS,
    woven: bool = False,
    hidden: bool = False,
) -> bytes:
    """The boxes are where their way has them, by time.

    ``woven``: every second line is of half a picture later. ``hidden``: all is transparent, whatever its colour.
    """
    file = io.BytesIO()
    times = times_of(frames, variable=variable)
    base = Fraction(1, 1000) if variable else Fraction(1, 25)
    with av.open(file, "w", format=container) as out:
        video = out.add_stream(codec, rate=25, options=options or {})
        video.width, video.height, video.pix_fmt = *size, pixels
        video.gop_size, video.thread_count = 10, 1
        if variable:
            video.codec_context.time_base = base
        video.bit_rate = 40_000_000  # else the colour of a box bleeds into what surrounds it
        if codec == "libx264" and not options:
            video.options = {"preset": "ultrafast", "crf": "12"}
        heard = out.add_stream("aac", rate=16_000, layout="mono") if sound else None
        for number, at in enumerate(times):
            shown = picture(size, at / times[-1] if times[-1] else 0, number, ways)
            if woven:
                later = min(1.0, (number + 0.5) / max(1, frames - 1))
                shown[1::2] = picture(size, later, number, ways)[1::2]
            frame = av.VideoFrame.from_ndarray(shown, "rgb24").reformat(format=pixels)
            if hidden:
                clear = np.dstack([shown, np.zeros(shown.shape[:2], np.uint8)])
                frame = av.VideoFrame.from_ndarray(clear, "rgba")
            frame.pts, frame.time_base = (at if variable else number), base
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if heard is not None:
            for number in range(times[-1] * 16 // 1024 + 1):
                values = np.sin(np.arange(1024) * 0.3 + number)[None, :].astype(np.float32) * 0.5
                samples = av.AudioFrame.from_ndarray(values, "fltp", "mono")
                samples.sample_rate, samples.pts = 16_000, number * 1024
                out.mux(heard.encode(samples))
            out.mux(heard.encode(None))
    return file.getvalue()


def region(way: Way, size: tuple[int, int], last_us: int, name: str = "face-1") -> Region:
    """Over the whole film, rounded outwards."""
    return Region(
        name,
        Sort.FACE,
        (_key(way.start, size, 0), _key(way.end, size, max(1, last_us))),
    )


def _key(box: tuple[int, int, int, int], size: tuple[int, int], at: int) -> Key:
    left, top = box[0] * 10_000 // size[0], box[1] * 10_000 // size[1]
    right = -(-(box[0] + box[2]) * 10_000 // size[0])
    bottom = -(-(box[1] + box[3]) * 10_000 // size[1])
    return Key(at, left, top, right - left, bottom - top)


def plan_for(
    data: bytes, ways=WAYS, *, size=(176, 144), frames: int = 30, variable: bool = False, **wanted
) -> Plan:
    last = times_of(frames, variable=variable)[-1] * 1000
    regions = tuple(region(way, size, last, f"face-{n}") for n, way in enumerate(ways, 1))
    return replace(Plan(digest_of(data), regions=regions), **wanted)


@contextmanager
def opened(*many: bytes):
    held = []
    for data in many:
        descriptor = os.memfd_create("given", os.MFD_CLOEXEC)
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(data)
        held.append(descriptor)
    try:
        yield held
    finally:
        for descriptor in held:
            os.close(descriptor)


def render(data: bytes, plan: Plan, executor=EXECUTOR) -> tuple[bytes, Film]:
    """The film that comes out. Raises ``DaylightError`` where none does."""
    target = io.BytesIO()
    with opened(data) as files:
        facts = to_json(probe(files[0]).facts)
        film = mask_task.render(executor, facts, plan, files[0], target).film
    return target.getvalue(), film


def render_and_check(data: bytes, plan: Plan, picks=(), spoil=lambda made: made):
    """The film as it was spoilt after it was made, and what the check says of it."""
    target = io.BytesIO()
    with opened(data) as files:
        facts = to_json(probe(files[0]).facts)
        rendered = mask_task.render(EXECUTOR, facts, plan, files[0], target)
        made = spoil(target.getvalue())
        with opened(made) as films:
            args = (rendered, plan, picks, films[0], facts)
            return made, mask_task.check(EXECUTOR, *args)


def pictures_of(data: bytes) -> list[tuple[Fraction, np.ndarray]]:
    """Seconds and RGB of every picture of a film."""
    with av.open(io.BytesIO(data)) as container:
        return [
            (
                Fraction(number, 25) if frame.pts is None else frame.pts * frame.time_base,
                frame.to_ndarray(format="rgb24"),
            )
            for number, frame in enumerate(container.decode(video=0))
        ]


def saturation(pixels: np.ndarray) -> int:
    """The most that two channels of one pixel differ."""
    values = pixels.astype(np.int16)
    return int((values.max(-1) - values.min(-1)).max()) if values.size else 0
