"""A file that a recipe makes, opened and decoded without laying it out."""

from collections.abc import Iterator
from typing import Final

import av
import av.logging
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from daylight.media.complaints import complains
from daylight.media.reading import BUFFER
from daylight.media.recipe import Proof, Recipe, Window
from daylight.media.stream_facts import is_decodable

_PATIENCE: Final = 8  # packets without a picture, for each picture that is wanted


def open_rebuilt(descriptor: int, recipe: Recipe, demuxer: str) -> InputContainer:
    """Raises ``FFmpegError``."""
    return av.open(
        Window(descriptor, recipe),
        mode="r",
        format=demuxer,
        buffer_size=BUFFER,
        metadata_errors="replace",
    )


def proved(descriptor: int, recipe: Recipe, demuxer: str, pictures: int) -> Proof:
    """Decode ``pictures`` of them at most. Never raises for what the file holds."""
    decoded = broken = 0
    with av.logging.Capture() as said:
        for frame in _decoded(descriptor, recipe, demuxer):
            broken += frame is None or bool(frame.is_corrupt)
            decoded += frame is not None
            if decoded >= pictures or broken > pictures * _PATIENCE:
                break
    return Proof(decoded, broken, clean=bool(decoded and not broken and not complains(said)))


def _decoded(descriptor: int, recipe: Recipe, demuxer: str) -> Iterator[VideoFrame | None]:
    """Pictures, and None for each packet that gives an error; one where the file does not open."""
    try:
        with open_rebuilt(descriptor, recipe, demuxer) as container:
            stream = next(iter(container.streams.video), None)
            if stream is None or not is_decodable(stream):
                yield None
                return
            stream.codec_context.thread_count = 1
            for packet in container.demux(stream):
                try:
                    yield from packet.decode()
                except av.FFmpegError:
                    yield None
    except (av.FFmpegError, ValueError):
        yield None


def order_shown(descriptor: int, recipe: Recipe, demuxer: str, count: int) -> list[int]:
    """When each picture is shown, by their order in the stream, as the decoder has it.

    Those that give no picture are taken to be shown where they stand.
    """
    shown = [-1] * count
    place = 0
    with open_rebuilt(descriptor, recipe, demuxer) as container:
        stream = container.streams.video[0]
        _hurry(stream.codec_context)
        number = 0
        for packet in container.demux(stream):
            if packet.size:
                packet.pts = packet.dts = number
                number += 1
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            for frame in frames:
                if frame.pts is not None and 0 <= frame.pts < count and shown[frame.pts] < 0:
                    shown[frame.pts] = place
                    place += 1
    return _filled(shown)


def _hurry(decoder: VideoCodecContext) -> None:
    """Only the order is wanted: the pictures may be poor.

    In one thread: where several complain at once, closing the decoder has been seen to hang.
    """
    decoder.thread_count = 1
    decoder.options = {"skip_loop_filter": "all", "skip_idct": "all"}


def _filled(shown: list[int]) -> list[int]:
    """A rank for each: those without one come after the one before them."""
    keys, last = [], -1.0
    for rank in shown:
        last = float(rank) if rank >= 0 else last + 1e-6
        keys.append(last)
    ranks = [0] * len(shown)
    for rank, number in enumerate(sorted(range(len(shown)), key=keys.__getitem__)):
        ranks[number] = rank
    return ranks
