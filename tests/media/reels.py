"""Recordings made for the tests of playing, looked at by a probe of the tests' own."""

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.codec.context import Flags

from daylight.domain.media import Kind, MediaFacts, State, StreamFacts
from daylight.media.cut import Mode, to_request
from daylight.media.cut_plan import CutPlan, KeyFrame, plan_cuts
from daylight.media.segment_source import UNTIMED
from daylight.media.segments import segment


def look(path: Path, demuxer: str, state: State = State.OK) -> tuple[MediaFacts, list[KeyFrame]]:
    """What the probe would find, by reading the file from one end to the other."""
    keys, ordinal = [], 0
    with av.open(str(path), format=demuxer, metadata_errors="replace") as container:
        streams = tuple(
            _stream(stream) for stream in container.streams if stream.type in "video audio"
        )
        video = container.streams.video[0] if container.streams.video else None
        untimed = demuxer in UNTIMED
        try:
            for packet in container.demux(video) if video else ():
                if packet.size and packet.is_keyframe:
                    pts, dts = (None, None) if untimed else (packet.pts, packet.dts)
                    keys.append(KeyFrame(pts, dts, packet.pos, ordinal))
                ordinal += bool(packet.size)
        except av.FFmpegError:
            pass
        duration = container.duration
        start = container.start_time
    if untimed:
        rate = next(s.frame_rate for s in streams if s.media == "video")
        start, length = 0, Fraction(ordinal) / rate
    else:
        length = None if duration is None else Fraction(duration, 1_000_000)
    facts = MediaFacts(
        kind=Kind.VIDEO if video else Kind.AUDIO,
        state=state,
        container=demuxer,
        demuxer=demuxer,
        duration=length,
        start=Fraction(start or 0, 1_000_000),
        streams=streams,
        key_frames=len(keys),
    )
    return facts, keys


def _stream(stream):
    context = stream.codec_context
    video = stream.type == "video"
    return StreamFacts(
        index=stream.index,
        media=stream.type,
        codec=context.codec.canonical_name,
        time_base=stream.time_base,
        width=context.width if video else None,
        height=context.height if video else None,
        pixel_format=context.pix_fmt if video else None,
        frame_rate=stream.average_rate if video else None,
        rotation=0,
    )


def plan_of(path: Path, demuxer: str, mode: Mode, state: State = State.OK) -> CutPlan:
    return plan_cuts(*look(path, demuxer, state), mode, sound=mode is Mode.CLEAR)


def play(path: Path, plan: CutPlan, number: int) -> tuple[bytes, dict]:
    """One segment, made in this process."""
    sent = []
    descriptor = os.open(path, os.O_RDONLY)
    try:
        segment(to_request(plan.cut(number)), [descriptor], lambda *message: sent.append(message))
    finally:
        os.close(descriptor)
    ((_, facts, data),) = sent
    return data, facts


def picture(number: int, width: int, height: int) -> np.ndarray:
    """A moving bar over fine detail: what a shield must destroy."""
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 7 + number * 3, y * 5, (x // 2 + y // 2) % 2 * 200], axis=-1)
    pixels[:, number * 5 % width : number * 5 % width + 12] = 255
    return (pixels % 256).astype(np.uint8)


def make(
    path: Path, container: str, codec: str, *, count: int = 200, rate: int = 25,
    size: tuple[int, int] = (192, 108), pixels: str = "yuv420p", gop: int = 50,
    options: dict[str, str] | None = None, sound: str | None = None, muxer: dict[str, str] | None = None,
    times: list[int] | None = None, start: int = 0,
) -> Path:  # fmt: skip
    """``times``: presentation times in frames of ``rate``; ``start`` is added to each."""
    with av.open(str(path), "w", format=container, options=muxer or {}) as output:
        video = output.add_stream(codec, rate=rate, options=options or {})
        video.width, video.height, video.pix_fmt = *size, pixels
        video.codec_context.gop_size = gop
        audio = output.add_stream(sound, rate=48_000) if sound else None
        if audio is not None:
            audio.layout = "mono"
            audio.codec_context.flags |= Flags.bitexact  # names no encoder inside its packets
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(picture(number, *size), "rgb24")
            frame = frame.reformat(format=pixels)
            frame.pts, frame.time_base = (
                start + (times[number] if times else number),
                Fraction(1, rate),
            )
            output.mux(video.encode(frame))
            if audio is not None:
                _sing(output, audio, number, rate, start)
        output.mux(video.encode(None))
        if audio is not None:
            output.mux(audio.encode(None))
    return path


def _sing(output, audio, number, rate, start):
    size = 48_000 // rate
    wave = np.sin(np.arange(number * size, (number + 1) * size) * 0.05)[None].astype(np.float32)
    frame = av.AudioFrame.from_ndarray(wave, "fltp", "mono")
    frame.sample_rate, frame.pts, frame.time_base = (
        48_000,
        (start + number) * size,
        Fraction(1, 48_000),
    )
    frame = frame if audio.codec_context.format.name == "fltp" else _as(frame, audio)
    output.mux(audio.encode(frame))


def _as(frame, audio):
    resampler = av.AudioResampler(audio.codec_context.format.name, "mono", 48_000)
    (changed,) = resampler.resample(frame)
    return changed
