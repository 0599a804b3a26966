"""Make the clips that the sandbox warms up on: ``python -m tools.clips``.

They lie with the code, since to encode them takes longer than all that they are examined for.
"""

import io
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.video.stream import VideoStream

import daylight.detectors
from daylight.detectors.examiner import CLIPS

FOLDER = Path(daylight.detectors.__path__[0]) / "clips"


def clip(container: str, codec: str) -> bytes:
    """Three frames, with sound where the container takes it."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        video = cast("VideoStream", out.add_stream(codec, rate=5))
        video.width, video.height = 64, 48
        video.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        video.thread_count = 1
        if codec == "libx265":
            video.options = {"x265-params": "pools=none:frame-threads=1:log-level=none"}
        sound = None if container in ("h264", "mpegts") else out.add_stream("aac", rate=16_000)
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(np.full((72, 64), 90 + number, np.uint8), "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 5)
            out.mux(video.encode(frame.reformat(format=video.pix_fmt)))
        out.mux(video.encode(None))
        if sound is not None:
            samples = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), "fltp", "mono")
            samples.sample_rate, samples.pts = 16_000, 0
            out.mux(sound.encode(samples))
            out.mux(sound.encode(None))
    return file.getvalue()


if __name__ == "__main__":
    for name in CLIPS:
        codec, container = name.split(".")
        (FOLDER / name).write_bytes(clip(container, codec))
