"""Films with a clock and a label drawn in them, as recorders do it, and what must be read there."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

import daylight.exports.court
from daylight.analyses.clocks import Reader, Reading
from daylight.detectors.overlay import Overlay
from daylight.media.overlay_blob import Strip, unpack
from tests.detectors.reels import found

FONT = Path(daylight.exports.court.__file__).parent / "fonts/DejaVuSans-Bold.ttf"
START = datetime(2021, 3, 14, 9, 26, 50, tzinfo=UTC)


@dataclass(frozen=True)
class Look:
    """How a recorder writes. ``style``: halo, box, shadow or bare; ``place``: tl, tr, bl, br, or (x, y)."""

    layout: str = "%d.%m.%Y %H:%M:%S"
    label: str = "CAM 07 GATE"
    font: Path = FONT
    height: int = 16  # of the font
    style: str = "halo"
    ink: int = 235
    place: str | tuple[int, int] = "tl"
    size: tuple[int, int] = (480, 270)


def ground(look: Look, number: int, seed: int = 0) -> np.ndarray:
    """A scene with edges, in which something moves; grey."""
    width, height = look.size
    grey = still_ground(width, height, seed).copy()
    at = number * 23 % width
    grey[height // 4 : height // 2, at : at + 50] = 200
    noise = np.random.default_rng(number + 1000 * seed).normal(0, 4, grey.shape)
    return np.clip(grey + noise, 0, 235).astype(np.uint8)


@cache
def still_ground(width: int, height: int, seed: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return 90 + 40 * np.sin(x / 37 + seed) + 30 * np.cos(y / 23) + 50 * ((x // 40 + y // 60) % 2)


def written(picture: np.ndarray, text: str, look: Look, line: int) -> np.ndarray:
    font = ImageFont.truetype(str(look.font), look.height)
    image = Image.fromarray(picture)
    pen = ImageDraw.Draw(image)
    wide, tall = round(font.getlength(text)), round(look.height * 1.5)
    if isinstance(look.place, str):
        x = 8 if "l" in look.place else look.size[0] - wide - 8
        y = 6 + line * tall if "t" in look.place else look.size[1] - (line + 1) * tall - 6
    else:
        x, y = look.place[0], look.place[1] + line * tall
    if look.style == "halo":
        pen.text((x, y), text, font=font, fill=16, stroke_width=2, stroke_fill=16)
    elif look.style == "box":
        pen.rectangle((x - 4, y - 2, x + wide + 4, y + tall - 4), fill=16)
    elif look.style == "shadow":
        pen.text((x + 1, y + 1), text, font=font, fill=16)
    pen.text((x, y), text, font=font, fill=look.ink)
    return np.asarray(image)


def film(
    look: Look,
    seconds: int = 20,
    *,
    clock: Callable[[Fraction], datetime | None] = lambda at: START + timedelta(seconds=float(at)),
    rate: int = 1,
    gop: int = 2,
    crf: int = 23,
    scale: Fraction = Fraction(1),
    seed: int = 0,
) -> bytes:
    """Matroska with H.264; ``clock`` gives what is shown at a media time, None for nothing."""
    width, height = (int(side * scale) & ~1 for side in look.size)
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as out:
        video = out.add_stream("libx264", rate=rate)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.gop_size, video.thread_count = gop, 1
        video.options = {"x264-params": "scenecut=0", "preset": "ultrafast", "crf": str(crf)}
        for number in range(seconds * rate):
            picture = ground(look, number, seed)
            shown = clock(Fraction(number, rate))
            if shown is not None:
                picture = written(picture, shown.strftime(look.layout), look, 0)
            if look.label:
                picture = written(picture, look.label, look, 1)
            frame = av.VideoFrame.from_ndarray(picture, "gray")
            frame = frame.reformat(width, height, "yuv420p", interpolation="AREA")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    return file.getvalue()


def crops(data: bytes, cuts: int = 1) -> tuple[Strip, ...]:
    """What the detector makes of it, cut into so many spans."""
    finding = found(Overlay(), data, cuts)
    return unpack(finding.blobs[0].data) if finding.blobs else ()


def read(data: bytes, cuts: int = 1) -> Reading:
    return Reader().read(crops(data, cuts))


def right(reading: Reading, clock: Callable[[Fraction], datetime]) -> int:
    """Of the pictures, how many were read exactly."""
    wanted = [int(clock(Fraction(int(at), 1_000_000)).timestamp()) for at in reading.times]
    return sum(one == two for one, two in zip(wanted, reading.shown.tolist(), strict=True))
