"""The program that makes one segment for a player: MPEG-TS with the recording's own times.

It runs in the sandboxed child. What is damaged is left out; a span of which nothing can be decoded
becomes black pictures, since a player stops for good at a segment that is missing.
"""

import contextlib
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

import av
import av.logging
from av.container import OutputContainer

from daylight.errors import MediaRefused
from daylight.media import segment_audio, segment_video
from daylight.media.cut import MESSAGE, Cut, Mode, from_request, to_request
from daylight.media.mpegts import OFFSET
from daylight.media.packet import MediaPacket
from daylight.media.playlist import TICKS
from daylight.media.program import Emit, Json
from daylight.media.segment_audio import CopiedSound, EncodedSound, Sound
from daylight.media.segment_source import Source, open_source
from daylight.media.segment_video import CopiedPictures, EncodedPictures, Pictures

_MUXER: Final = {
    "mpegts_copyts": "1",  # the times are ours: nothing is added to them
    "avoid_negative_ts": "disabled",
    "fflags": "+bitexact",
    "flush_packets": "0",
}
# FFmpeg writes its own name here unless another is given.
_SERVICE: Final = {"service_provider": "-", "service_name": "-"}


def segment(request: Mapping[str, Any], files: Sequence[int], emit: Emit) -> None:
    """Send one message ``segment``: the bytes, and facts {pictures, sounds, errors, copied}.

    ``request`` is a :class:`daylight.media.cut.Cut` as JSON; the one file is the original. Raises
    ``MediaRefused`` and ``FFmpegError`` when it cannot be opened at all, or for sound alone when
    shielded viewing was asked for.
    """
    cut = from_request(request)
    if cut.video is None and cut.audio is None:
        raise MediaRefused("it is sound alone, and sound is not played unasked")
    with _unheard():
        data, facts = _made(cut, files)
    emit(MESSAGE, facts, data)


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Decoders complain to nobody meanwhile.

    A complaint waits for Python's lock, which is held by whoever closes the decoder; and that waits for
    the thread that complains. So one of fifteen segments of a sound raw H.264 hung (measured, under load).
    """
    level = av.logging.get_level()
    av.logging.set_level(None)
    try:
        yield
    finally:
        av.logging.set_level(level)


def _made(cut: Cut, files: Sequence[int]) -> tuple[bytes, dict[str, Json]]:
    if cut.blank:
        data, facts = _make(None, cut)
    else:
        with open_source(files[0], cut) as source:
            data, facts = _make(source, cut)
        if not data:  # what was to be copied is not there
            data, facts = _make(None, cut)
    return data, facts


def _make(source: Source | None, cut: Cut) -> tuple[bytes, dict[str, Json]]:
    target = io.BytesIO()
    with av.open(target, "w", format="mpegts", options=dict(_MUXER)) as output:
        output.metadata.update(_SERVICE)
        pictures = _pictures(source, cut, output)
        sound = _sound(source, cut, output)
        if source is not None:
            _read(source, pictures, sound)
        packets = [*(pictures.finish() if pictures else ()), *(sound.finish() if sound else ())]
        for packet in sorted(packets, key=_time):
            output.mux(packet)
    copied = isinstance(pictures, CopiedPictures)
    facts: dict[str, Json] = {
        "pictures": pictures.count if pictures else 0,
        "sounds": sound.count if sound else 0,
        "errors": (pictures.errors if pictures else 0) + (sound.errors if sound else 0),
        "copied": copied,
    }
    return target.getvalue(), facts


def _pictures(source: Source | None, cut: Cut, output: OutputContainer) -> Pictures | None:
    if cut.video is None:
        return None
    stream = None if source is None else source.video
    if stream is not None and segment_video.may_copy(stream, cut):
        return CopiedPictures(stream, cut, output)
    return EncodedPictures(source, cut, output)


def _sound(source: Source | None, cut: Cut, output: OutputContainer) -> Sound | None:
    if cut.audio is None:
        return None
    if cut.silent:
        return EncodedSound(None, cut, output)
    stream = None if source is None else source.audio
    if stream is not None and segment_audio.may_copy(stream, cut):
        return CopiedSound(stream, cut, output)
    return EncodedSound(source, cut, output)


def _read(source: Source, pictures: Pictures | None, sound: Sound | None) -> None:
    for timed in source.packets():
        stream = timed.packet.stream
        if pictures is not None and stream is source.video:
            pictures.push(timed)
        elif sound is not None and stream is source.audio:
            sound.push(timed)
        if (pictures is None or pictures.done) and (sound is None or sound.done):
            return


def _time(packet: MediaPacket) -> Fraction:
    return (packet.dts or 0) * (packet.time_base or Fraction(1))


def warm_up() -> None:
    """Go the whole way once, before the sandbox closes: PyAV imports and sets up much at first use.

    Leaves no thread behind.
    """
    descriptor = os.memfd_create("warm-up", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, _clip())
        for mode in Mode:
            for rotation in (0, 90):
                cut = replace(_WARM, mode=mode, rotation=rotation, mark="0")
                segment(to_request(cut), [descriptor], _ignore)
        segment(to_request(replace(_WARM, thin=True)), [descriptor], _ignore)
    finally:
        os.close(descriptor)


_WARM: Final = Cut(
    demuxer="mpegts",
    mode=Mode.CLEAR,
    start=0,
    end=TICKS,
    zero=Fraction(OFFSET, TICKS),
    video=0,
    audio=1,
    entry=None,
    approach=None,
    step=Fraction(1, 5),
    width=64,
    height=48,
    anywhere=True,
)


def _clip() -> bytes:
    """A second of black and silence, as a blank cut makes it."""
    made: list[bytes] = []

    def keep(kind: str, facts: Json, payload: bytes = b"") -> None:
        del kind, facts
        made.append(payload)

    segment(to_request(replace(_WARM, blank=True)), [], keep)
    return made[0]


def _ignore(kind: str, facts: Json, payload: bytes = b"") -> None:
    del kind, facts, payload
