"""The worker process that examines hostile bytes, and knows how to do nothing else:
``python -m daylight.detectors.examiner``. The fewer it has loaded, the sooner it and its children start.
"""

import codecs
import importlib
import io
import logging
import os
import warnings
from fractions import Fraction
from functools import cache
from typing import cast

import av
import av.logging
import numpy as np
from av.video.stream import VideoStream
from PIL import Image

from daylight.detectors.examining import DETECTORS, EXAMINING
from daylight.media.program import Json
from daylight.media.zygote import serve

# FFmpeg and Pillow load parts of themselves at first use, which fails once the child is locked.
CLIPS = (
    ("mp4", "libx264", "yuv420p"),
    ("matroska", "libx265", "yuv420p"),
    ("mpegts", "mpeg2video", "yuv420p"),
    ("avi", "mjpeg", "yuvj420p"),
    ("h264", "libx264", "yuv420p"),
)
_ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1251", "cp866", "koi8-r", "cp437")
# Of Pillow, all that reads one of ``stills.FORMATS`` or is met within one, and no more.
_PLUGINS = ("Bmp", "Gif", "Jpeg", "Mpo", "Png", "Ppm", "Tiff", "WebP")
_PICTURES = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")


def warm_up() -> None:
    """Examine known material of every kind once. Leaves no thread behind."""
    _listen()
    for kind in _PLUGINS:
        importlib.import_module(f"PIL.{kind}ImagePlugin")
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)  # a locked child cannot import the one that a text needs
    for container, codec, pixels in CLIPS:
        _examine(clip(container, codec, pixels))
    for name in _PICTURES:
        _examine(picture(name))
    for cut in (b"", b"text", picture("PNG")[:200], picture("JPEG")[:400]):
        _examine(cut)


def _listen() -> None:
    """What decoders complain of is a sign of damage; it is counted, and printed nowhere."""
    warnings.simplefilter("ignore")  # Pillow's way to complain
    av.logging.set_level(av.logging.ERROR)
    av.logging.set_skip_repeated(False)
    logger = logging.getLogger("libav")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False


def _examine(data: bytes) -> None:
    descriptor = os.memfd_create("warm-up", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, data)
        EXAMINING["examine"]({"detectors": sorted(DETECTORS)}, [descriptor], ignore)
    finally:
        os.close(descriptor)


def ignore(kind: str, facts: Json, payload: bytes = b"") -> None:
    del kind, facts, payload


@cache
def clip(container: str, codec: str, pixels: str) -> bytes:
    """Three frames, with sound where the container takes it."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        video = cast("VideoStream", out.add_stream(codec, rate=5))
        video.width, video.height, video.pix_fmt = 64, 48, pixels
        video.thread_count = 1
        if codec == "libx265":
            video.options = {"x265-params": "pools=none:frame-threads=1:log-level=none"}
        sound = None if container in ("h264", "mpegts") else out.add_stream("aac", rate=16_000)
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(np.full((72, 64), 90 + number, np.uint8), "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 5)
            out.mux(video.encode(frame.reformat(format=pixels)))
        out.mux(video.encode(None))
        if sound is not None:
            samples = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), "fltp", "mono")
            samples.sample_rate, samples.pts = 16_000, 0
            out.mux(sound.encode(samples))
            out.mux(sound.encode(None))
    return file.getvalue()


def picture(name: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 90, 90)).save(file, name)
    return file.getvalue()


if __name__ == "__main__":
    serve(EXAMINING, warm_up)
