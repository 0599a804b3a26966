"""Images: their facts and their pixels, by Pillow; the formats it lacks go through FFmpeg."""

import io
import os
import struct
import zlib
from fractions import Fraction
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps

from daylight.domain.media import Kind, MediaFacts, State, StreamFacts
from daylight.errors import MediaRefused
from daylight.media.reading import open_media, size_of

MAX_BYTES: Final = 256 << 20
MAX_PIXELS: Final = 200_000_000  # a decompression bomb beyond any camera
FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
BY_FFMPEG: Final = frozenset({"heif"})


def still_facts(descriptor: int, container: str, demuxer: str) -> MediaFacts:
    """What the image is; a cut one is damaged, one that gives no picture unreadable."""
    try:
        picture, whole = _opened(descriptor, container, demuxer)
    except _UNREADABLE as error:
        reason = f"the picture cannot be decoded: {type(error).__name__}"
        return MediaFacts(Kind.IMAGE, State.UNREADABLE, reason=reason, container=container)
    stream = StreamFacts(
        index=0,
        media="video",
        codec=container,
        time_base=Fraction(1, 1),
        width=picture.width,
        height=picture.height,
    )
    return MediaFacts(
        Kind.IMAGE,
        State.OK if whole else State.DAMAGED,
        reason="" if whole else "the picture is cut off",
        container=container,
        demuxer=demuxer,
        streams=(stream,),
    )


def still_pixels(descriptor: int, container: str, demuxer: str) -> NDArray[np.uint8]:
    """The picture upright, uint8 RGB (height, width, 3). Raises ``MediaRefused``."""
    try:
        picture, _ = _opened(descriptor, container, demuxer)
        return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    except _UNREADABLE as error:
        raise MediaRefused("the picture cannot be decoded") from error


_UNREADABLE: Final = (
    OSError,
    ValueError,
    SyntaxError,  # Pillow's word for a broken PNG
    EOFError,
    LookupError,
    ArithmeticError,
    TypeError,  # of tags that are not what they should be
    struct.error,
    zlib.error,
    MemoryError,
    Image.DecompressionBombError,
    av.FFmpegError,
)


def _opened(descriptor: int, container: str, demuxer: str) -> tuple[Image.Image, bool]:
    """The decoded picture, and whether all of it was there."""
    if container in BY_FFMPEG:
        with open_media(descriptor, demuxer) as opened:
            frame = next(opened.decode(video=0), None)
            if frame is None:
                raise ValueError("it holds no picture")
            return Image.fromarray(frame.to_ndarray(format="rgb24")), True
    size = size_of(descriptor)
    if size > MAX_BYTES:
        raise ValueError("the file is larger than any picture")
    data = os.pread(descriptor, size, 0)
    picture = Image.open(io.BytesIO(data), formats=FORMATS)
    if picture.width * picture.height > MAX_PIXELS:
        raise Image.DecompressionBombError
    try:
        picture.load()
    except OSError:
        return _what_is_there(data), False
    return picture, True


def _what_is_there(data: bytes) -> Image.Image:
    """A cut picture as far as it goes."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
        picture.load()
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    return picture
