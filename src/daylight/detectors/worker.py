"""The worker process that looks at hostile bytes: ``python -m daylight.detectors.worker``."""

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

from daylight.detectors.programs import DETECTORS, PROGRAMS
from daylight.media import mask, mask_check, mask_follow, mask_moments, mask_still, segments
from daylight.media.cut import Mode
from daylight.media.facts_json import to_json
from daylight.media.frame_ask import FrameAsk, to_request
from daylight.media.keyframes import pack
from daylight.media.probe import probe
from daylight.media.program import Json
from daylight.media.zygote import serve

# FFmpeg and Pillow load parts of themselves at first use, which fails once the child is locked.
_CLIPS = (
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
    """Go every way once on known material. Leaves no thread behind."""
    _listen()
    for kind in _PLUGINS:
        importlib.import_module(f"PIL.{kind}ImagePlugin")
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)  # a locked child cannot import the one that a text needs
    for container, codec, pixels in _CLIPS:
        _examine(_clip(container, codec, pixels))
    for name in _PICTURES:
        _examine(_picture(name))
    for name in ("JPEG", "PNG"):
        _make_smaller(_picture(name))
    for cut in (b"", b"text", _picture("PNG")[:200], _picture("JPEG")[:400]):
        _examine(cut)
    segments.warm_up()
    _compare(_clip(*_CLIPS[0]))
    _hand_out(_clip(*_CLIPS[0]))
    for mode in Mode:
        _frames(_clip(*_CLIPS[0]), mode)
    _redact(_clip(*_CLIPS[0]))


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
        PROGRAMS["examine"]({"detectors": sorted(DETECTORS)}, [descriptor], _ignore)
    finally:
        os.close(descriptor)


def _make_smaller(data: bytes) -> None:
    descriptor = os.memfd_create("warm-up", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, data)
        PROGRAMS["smaller"]({}, [descriptor], _ignore)
    finally:
        os.close(descriptor)


def _compare(data: bytes) -> None:
    descriptor, index = (os.memfd_create("warm-up", os.MFD_CLOEXEC) for _ in range(2))
    try:
        os.write(descriptor, data)
        probed = probe(descriptor)
        os.write(index, b"" if probed.index is None else pack(probed.index))
        side: Json = to_json(probed.facts)
        box: Json = [0, 1000, 10_000, 9_000]
        request: dict[str, Json] = {"a": side, "b": side, "a_box": box, "b_box": box}
        request |= {"mirrored": True, "pace": "1", "probes": [[0, 0]]}
        PROGRAMS["compare"](request, [descriptor, index] * 2, _ignore)
    finally:
        os.close(descriptor)
        os.close(index)


def _hand_out(data: bytes) -> None:
    descriptor = os.memfd_create("warm-up", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, data)
        PROGRAMS["samples"]({"facts": to_json(probe(descriptor).facts)}, [descriptor], _ignore)
    finally:
        os.close(descriptor)


def _frames(data: bytes, mode: Mode) -> None:
    descriptor, index = (os.memfd_create("warm-up", os.MFD_CLOEXEC) for _ in range(2))
    try:
        os.write(descriptor, data)
        probed = probe(descriptor)
        os.write(index, b"" if probed.index is None else pack(probed.index))
        for whole, thin in ((False, False), (True, False), (False, True)):
            ask = FrameAsk(probed.facts, mode, 0, rank=1, before=1, after=1, whole=whole, thin=thin)
            PROGRAMS["frames"](to_request(ask), [descriptor, index], _ignore)
    finally:
        os.close(descriptor)
        os.close(index)


def _redact(data: bytes) -> None:
    descriptor = os.memfd_create("warm-up", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, data)
        mask.warm_up(descriptor, to_json(probe(descriptor).facts))
        mask_check.warm_up(descriptor)
        mask_follow.warm_up(descriptor, to_json(probe(descriptor).facts))
        mask_moments.warm_up(descriptor, to_json(probe(descriptor).facts))
        mask_still.warm_up()
    finally:
        os.close(descriptor)


def _ignore(kind: str, facts: Json, payload: bytes = b"") -> None:
    del kind, facts, payload


@cache
def _clip(container: str, codec: str, pixels: str) -> bytes:
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


def _picture(name: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 90, 90)).save(file, name)
    return file.getvalue()


if __name__ == "__main__":
    serve(PROGRAMS, warm_up)
