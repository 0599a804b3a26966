"""Small films of a camera that does not move, with a clock in the corner that ticks."""

import io
from fractions import Fraction
from functools import cache

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = (320, 240)
RATE = 5


@cache
def wall() -> Image.Image:
    small = np.random.default_rng(3).integers(40, 200, (9, 12, 3), np.uint8)
    return Image.fromarray(small).resize(SIZE, Image.Resampling.BICUBIC)


def shown(second: int, *, walker: bool) -> Image.Image:
    """The picture of one second."""
    image = wall().copy()
    draw = ImageDraw.Draw(image)
    draw.rectangle((4, 4, 150, 28), fill=(8, 8, 8))
    clock = f"{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}"
    draw.text((8, 5), clock, fill=(245, 245, 245), font=ImageFont.load_default(20))
    if walker and second % 30 < 12:
        left = 40 + second % 30 * 18
        draw.rectangle((left, 110, left + 30, 220), fill=(30, 40, 60))
    return image


def clocked_film(
    start: int,
    *,
    seconds: int = 12,
    container: str = "mp4",
    quality: int = 20,
    size: tuple[int, int] = SIZE,
    gop: int = 2,
    bars: int = 0,
    mirrored: bool = False,
    walker: bool = True,
    rate: int = RATE,
) -> bytes:
    """``start``: what the clock shows first, in seconds of a day. ``gop`` in seconds; ``bars``: lines of
    black above and below; ``rate``: at which it claims to run, whatever the clock says.
    """
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        options = {"crf": str(quality), "preset": "ultrafast", "x264-params": "scenecut=0"}
        video = out.add_stream("libx264", rate=rate, options=options)
        video.width, video.height, video.pix_fmt = size[0], size[1] + 2 * bars, "yuv420p"
        video.gop_size, video.thread_count = gop * RATE, 1
        draw = np.random.default_rng(start)
        for number in range(seconds * RATE):
            image = shown(start + number // RATE, walker=walker).resize(size)
            pixels = np.asarray(image).astype(int) + draw.integers(-3, 4, (*size[::-1], 1))
            pixels = np.pad(np.clip(pixels, 0, 255), ((bars, bars), (0, 0), (0, 0)))
            pixels = pixels[:, ::-1] if mirrored else pixels
            frame = av.VideoFrame.from_ndarray(
                np.ascontiguousarray(pixels.astype(np.uint8)), "rgb24"
            )
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    return file.getvalue()
