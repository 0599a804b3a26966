"""Scenes with noise, motion, a ticking clock and cuts, drawn with known times; and looking at them."""

import io
from collections.abc import Callable, Sequence
from fractions import Fraction

import av
import numpy as np

from daylight.detectors.base import Detector, Finding, Span, Subject
from daylight.detectors.series import Series, unpack
from daylight.media.groups import groups
from daylight.media.pictures import Tally, key_pictures
from daylight.media.probe import probe
from tests.media.films import opened

SIZE = (320, 240)
RATE = 8
Draw = Callable[[int, np.random.Generator], np.ndarray]  # number of the picture -> luma


def room(seed: int) -> np.ndarray:
    """A still background with structure."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 210, (12, 16)).astype(np.float64)
    return np.kron(coarse, np.ones((SIZE[1] // 12, SIZE[0] // 16)))


def with_clock(luma: np.ndarray, number: int) -> np.ndarray:
    """Something that changes each second in a corner, as digits do."""
    rng = np.random.default_rng(number // RATE)
    luma[6:18, 8:120] = np.where(rng.random((12, 112)) < 0.4, 235, 16)
    return luma


def walker(luma: np.ndarray, number: int) -> np.ndarray:
    way = number * 5 % 520
    at = 20 + min(way, 520 - way)  # there and back
    luma[100:190, at : at + 36] = 250 if number % 2 else 240
    return luma


def reel(draw: Draw, frames: int, gop: int = RATE * 2, noise: float = 2.5) -> bytes:
    rng = np.random.default_rng(3)
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as out:
        video = out.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "qp": "20"})
        video.width, video.height, video.pix_fmt, video.thread_count = *SIZE, "yuv420p", 1
        video.gop_size = gop
        video.options |= {"x264-params": "scenecut=0:threads=1"}
        for number in range(frames):
            luma = draw(number, rng) + rng.normal(0, noise, SIZE[::-1])
            planes = np.full((SIZE[1] * 3 // 2, SIZE[0]), 128, np.uint8)
            planes[: SIZE[1]] = luma.clip(0, 255)
            frame = av.VideoFrame.from_ndarray(planes, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    return file.getvalue()


def found(detector: Detector, data: bytes, cuts: int = 1) -> Finding:
    """As the worker does it, in ``cuts`` spans."""
    with opened(data) as descriptor:
        made = probe(descriptor)
        index = made.index
        subject = Subject(made.facts, index)
        bounds = [len(index) * n // cuts for n in range(cuts + 1)]
        partials = []
        for first, last in zip(bounds, bounds[1:], strict=False):
            session = detector.start(subject, Span(first, last))
            for one in key_pictures(descriptor, made.facts, index, (first, last), Tally()):
                session.push(one)
            wanted = sorted(session.groups()) if hasattr(session, "groups") else []
            for one in groups(descriptor, made.facts, index, wanted):
                session.push(one)
            partials.append(session.finish())
        return detector.merge(subject, partials)


def series(finding: Finding, name: str) -> Series:
    return unpack(next(blob.data for blob in finding.blobs if blob.name == name))


def seconds(finding: Finding, name: str) -> Sequence[tuple[float, float]]:
    told = series(finding, name)
    return [(a / 1e6, b / 1e6) for a, b in zip(told.starts, told.ends, strict=True)]
