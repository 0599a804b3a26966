"""The worker process that examines hostile bytes, and knows how to do nothing else:
``python -m daylight.detectors.examiner``. The fewer it has loaded, the sooner it and its children start.
"""

import codecs
import importlib
import io
import logging
import os
import warnings
from pathlib import Path

import av
import av.logging
from PIL import Image

from daylight.detectors.examining import DETECTORS, EXAMINING
from daylight.media.program import Json
from daylight.media.zygote import serve

# FFmpeg and Pillow load parts of themselves at first use, which fails once the child is locked.
CLIPS = (
    "libx264.mp4",
    "libx265.matroska",
    "mpeg2video.mpegts",
    "mjpeg.avi",
    "libx264.h264",
)
_ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1251", "cp866", "koi8-r", "cp437")
# Of Pillow, all that reads one of ``stills.FORMATS`` or is met within one, and no more.
_PLUGINS = ("Bmp", "Gif", "Jpeg", "Mpo", "Png", "Ppm", "Tiff", "WebP")
_FOLDER = Path(__file__).with_name("clips")
_PICTURES = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")


def warm_up() -> None:
    """Examine known material of every kind once. Leaves no thread behind."""
    _listen()
    for kind in _PLUGINS:
        importlib.import_module(f"PIL.{kind}ImagePlugin")
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)  # a locked child cannot import the one that a text needs
    for name in CLIPS:
        _examine(clip(name))
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


def clip(name: str) -> bytes:
    """Three frames, with sound where the container takes it: as ``tools.clips`` made them."""
    return (_FOLDER / name).read_bytes()


def picture(name: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 90, 90)).save(file, name)
    return file.getvalue()


if __name__ == "__main__":
    serve(EXAMINING, warm_up)
