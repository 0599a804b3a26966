"""Small films made in memory, with the number of each picture drawn in it as a grey level."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import av
import numpy as np

RATE = 5
SIZE = (64, 48)
# container (FFmpeg's muxer), codec, and what the film is recognised as
FORMATS = [
    ("mp4", "libx264", "mp4"),
    ("mp4", "libx265", "mp4"),
    ("mp4", "mpeg4", "mp4"),
    ("3gp", "libx264", "mp4"),
    ("mov", "mjpeg", "mp4"),
    ("matroska", "libx264", "matroska"),
    ("webm", "libvpx-vp9", "matroska"),
    ("avi", "libx264", "avi"),
    ("avi", "mjpeg", "avi"),
    ("mpegts", "libx264", "mpegts"),
    ("mpegts", "mpeg2video", "mpegts"),
    ("vob", "mpeg2video", "mpeg"),
    ("mpeg", "mpeg1video", "mpeg"),
    ("h264", "libx264", "h264"),
    ("hevc", "libx265", "hevc"),
    ("mpeg2video", "mpeg2video", "mpegvideo"),
    ("m4v", "mpeg4", "m4v"),
    ("mjpeg", "mjpeg", "mjpeg"),
    ("flv", "libx264", "flv"),
    ("asf", "mpeg4", "asf"),
    ("ivf", "libvpx-vp9", "ivf"),
    ("yuv4mpegpipe", "rawvideo", "y4m"),
    ("gif", "gif", "gif"),
]
CODECS = {"libx264": "h264", "libx265": "hevc", "libvpx-vp9": "vp9"}


def film(
    container: str,
    codec: str,
    *,
    frames: int = 40,
    gop: int = 10,
    size: tuple[int, int] = SIZE,
    sound: bool = False,
    options: dict[str, str] | None = None,
    noise: int = 0,
    metadata: dict[str, str] | None = None,
    rate: int = RATE,
) -> bytes:
    """``frames`` pictures at ``rate`` a second, a key picture every ``gop``; MPEG-1/2 at 25."""
    width, height = size
    pixels = {"gif": "rgb8", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")
    rate = 25 if codec in ("mpeg1video", "mpeg2video") else rate
    draw = np.random.default_rng(1)
    file = io.BytesIO()
    with av.open(file, "w", format=container, options=options or {}) as out:
        out.metadata.update(metadata or {})
        video = out.add_stream(codec, rate=rate)
        video.width, video.height, video.pix_fmt = width, height, pixels
        video.gop_size, video.thread_count = gop, 1
        if codec == "libx265":
            video.options = {
                "x265-params": f"pools=none:frame-threads=1:log-level=none:bframes=0:keyint={gop}"
            }
        elif codec == "libx264":
            video.options = {"x264-params": "scenecut=0", "preset": "ultrafast"}
        tone = out.add_stream("aac", rate=16_000, layout="mono") if sound else None
        for number in range(frames):
            grey = np.full((height, width, 3), 20 + number * 4 % 200, np.uint8)
            if noise:
                grey = grey + draw.integers(0, noise, grey.shape, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, "rgb24").reformat(format=pixels)
            frame.pts, frame.time_base = number, Fraction(1, rate)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if tone is not None:
            out.mux([*_tone(tone, frames / rate), *tone.encode(None)])
    return file.getvalue()


def _tone(stream, seconds: float) -> Iterator[av.Packet]:
    for at in range(0, int(seconds * 16_000), 1024):
        wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(at, at + 1024) / 16_000)
        frame = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None], "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 16_000, at, Fraction(1, 16_000)
        yield from stream.encode(frame)


def sine(container: str = "wav", codec: str = "pcm_s16le", *, seconds: int = 2, level: float = 0.5):
    """A tone of 440 Hz at ``level`` of full scale."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        rate = 8000 if codec.startswith("amr") else 16_000
        stream = out.add_stream(codec, rate=rate, layout="mono")
        form = stream.codec_context.format.name
        step = stream.codec_context.frame_size or 1000
        for at in range(0, seconds * rate, step):
            wave = level * np.sin(2 * np.pi * 440 * np.arange(at, at + step) / rate)
            whole = (wave * 32767).astype(np.int16)[None]
            frame = av.AudioFrame.from_ndarray(whole, "s16", "mono")
            frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
            for made in av.AudioResampler(form, "mono", rate).resample(frame):
                made.pts, made.time_base = at, Fraction(1, rate)
                out.mux(stream.encode(made))
        out.mux(stream.encode(None))
    return file.getvalue()


@contextmanager
def opened(data: bytes) -> Iterator[int]:
    """A descriptor of a file with these bytes."""
    number = os.memfd_create("film", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(number), "wb") as file:
            file.write(data)
        yield number
    finally:
        os.close(number)
