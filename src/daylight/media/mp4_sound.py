"""Sound between the pictures of an mp4 without its index: what is there, where its frames begin.

Where all samples are of one length (PCM, A-law, mu-law, ADPCM) a gap between two pictures is sound if it is
a multiple of the sibling's pieces. Of AAC the lengths stood in the index alone; but a frame ends
where its decoder has read the mark of its end (ISO/IEC 14496-3 4.4.2.1), and gives nothing one byte
before. So a gap is sound if such frames fill it to its last byte; all else is left out.
"""

import os
from collections.abc import Callable, Iterable
from typing import Final

import av
from av.audio.codeccontext import AudioCodecContext
from av.codec import CodecContext

from daylight.media.mp4_index import Heard
from daylight.media.mp4_sibling import Sibling, Sound
from daylight.media.rebuilt import open_rebuilt
from daylight.media.recipe import Recipe

_LARGEST_FRAME: Final = 8192  # bytes: thirteen bits say how long one is
_LARGEST_GAP: Final = 1 << 20
_CODEC: Final = "aac"

Gap = tuple[int, int, int]
Lengths = Callable[[int, int], list[int]]


def unsplit(gaps: Iterable[Gap]) -> Heard:
    """Each gap as one sample: only to open it and see what the sound is said to be."""
    made = Heard()
    for start, end, _ in gaps:
        made.places.append(start)
        made.counts.append(1)
        made.sizes.append(end - start)
    made.times = [(len(made.places), 1)]
    return made


def alike(sound: Sound, gaps: Iterable[Gap], sibling: Sibling) -> Heard:
    """Of samples of one length."""
    made = Heard()
    for start, end, before in gaps:
        length = end - start
        if not sound.quantum or length % sound.quantum or length > sound.most:
            _lose(made, before, sibling)
        else:
            _add(made, start, length, length // sound.size, sound.step)
    return made


def framed(descriptor: int, recipe: Recipe, gaps: Iterable[Gap], sibling: Sibling) -> Heard | None:
    """Of AAC; None where it is something else. ``recipe``: with the gaps unsplit."""
    decoder = _decoder(descriptor, recipe)
    sound = sibling.sound
    if decoder is None or sound is None:
        return None
    made = Heard()
    for start, end, before in gaps:
        data = os.pread(descriptor, end - start, start) if end - start <= _LARGEST_GAP else b""
        lengths = _frames(decoder, data, sound.step)
        if lengths:
            _add(made, start, end - start, len(lengths), sound.step)
            made.sizes += lengths
        else:
            _lose(made, before, sibling)
    return made


def _add(made: Heard, start: int, length: int, count: int, step: int) -> None:
    made.places.append(start)
    made.counts.append(count)
    made.used += length
    if made.times and made.times[-1][1] == step:
        made.times[-1] = (made.times[-1][0] + count, step)
    else:
        made.times.append((count, step))


def _lose(made: Heard, before: int, sibling: Sibling) -> None:
    """What comes next begins no earlier than the picture that it stands behind."""
    made.lost += 1
    sound = sibling.sound
    if sound is None or not made.times:
        return
    late = before * sibling.step * sound.scale // sibling.scale - made.ticks
    count, step = made.times[-1]
    if late > 0:
        made.times[-1:] = [(count - 1, step), (1, step + late)] if count > 1 else [(1, step + late)]


def _decoder(descriptor: int, recipe: Recipe) -> AudioCodecContext | None:
    with open_rebuilt(descriptor, recipe, "mov") as container:
        stream = next(iter(container.streams.audio), None)
        described = stream.codec_context if stream is not None else None
        if described is None or described.name != _CODEC or not described.extradata:
            return None
        made = CodecContext.create(_CODEC, "r")
        made.extradata = bytes(described.extradata)
    return made if isinstance(made, AudioCodecContext) else None


def _frames(decoder: AudioCodecContext, data: bytes, step: int) -> list[int]:
    """The lengths of the frames that fill it; empty where it is anything else."""
    lengths, at = [], 0
    while at < len(data):
        length = _frame(decoder, data[at : at + _LARGEST_FRAME], step)
        if not length:
            return []
        lengths.append(length)
        at += length
    return lengths


def _frame(decoder: AudioCodecContext, data: bytes, step: int) -> int:
    """Of how many bytes the first frame is: the fewest that give one; 0 where there is none."""
    low, high = 1, len(data)
    if not _gives(decoder, data, step):
        return 0
    while low < high:
        middle = (low + high) // 2
        if _gives(decoder, data[:middle], step):
            high = middle
        else:
            low = middle + 1
    return low


def _gives(decoder: AudioCodecContext, data: bytes, step: int) -> bool:
    decoder.flush_buffers()
    try:
        frames = decoder.decode(av.Packet(data))
    except av.FFmpegError:
        return False
    return bool(frames) and frames[0].samples == step
