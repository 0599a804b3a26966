"""What a whole recording in any container lends to an mp4 that lost its index: parameter sets and rate.

One camera's recordings may have been exported as Matroska or kept as a bare stream: the sets that
describe its pictures are the same in all of them.
"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Final

import av

from daylight.errors import MediaRefused
from daylight.media.mp4_inband import CODECS, RATES, Codec, as_sibling
from daylight.media.mp4_sibling import Sibling, avc_units, hevc_units, read_sibling
from daylight.media.nal import Layout
from daylight.media.reading import DEFAULT_RATE, UNTIMED, open_media
from daylight.media.stream_facts import is_decodable

# By container, the demuxer that reads it.
LENDING: Final[Mapping[str, str]] = {
    "mp4": "mov",
    "matroska": "matroska",
    "avi": "avi",
    "mpegts": "mpegts",
    "mpeg": "mpeg",
    "h264": "h264",
    "hevc": "hevc",
}
_RECORD: Final = b"\x01"  # how avcC and hvcC begin; a byte stream begins with zeros


def read_lent(descriptor: int, size: int, container: str) -> Sibling:
    """Raises ``MediaRefused`` where it has no pictures of H.264 or HEVC, or does not describe them."""
    if container == "mp4":
        return read_sibling(descriptor, size)
    demuxer = LENDING.get(container)
    if demuxer is None:
        raise MediaRefused("such a container lends nothing")
    try:
        with open_media(descriptor, demuxer) as opened:
            video = next(iter(opened.streams.video), None)
            decoder = video.codec_context if video and is_decodable(video) else None
            codec = _codec(decoder.name if decoder else "")
            if video is None or decoder is None or codec is None:
                raise MediaRefused("the sibling's pictures are neither H.264 nor HEVC")
            sets = _sets(codec, bytes(decoder.extradata or b""))
            shape = decoder.width, decoder.height
            stated = decoder.framerate  # of a bare stream FFmpeg makes up the others
            rate = stated if demuxer in UNTIMED else video.average_rate
            with_sound = bool(opened.streams.audio)
    except av.FFmpegError as error:
        raise MediaRefused("the sibling cannot be opened") from error
    believed = bool(rate and RATES[0] <= rate <= RATES[1])
    shown = Fraction(rate) if rate and believed else Fraction(DEFAULT_RATE)
    lent = as_sibling(codec, sets, shape, shown, with_sound=with_sound)
    return replace(lent, rate_stated=believed)


def _codec(name: str) -> Codec | None:
    return next((one for one in CODECS if one.name == name), None)


def _sets(codec: Codec, header: bytes) -> list[bytes]:
    """The parameter sets of a stream's header, whichever way it is written."""
    if header[:1] == _RECORD:
        read = avc_units if codec.name == "h264" else hevc_units
        found = [unit for _, unit in read(header)]
    else:
        found = Layout(b"").units(header)
    sets = [unit for unit in found if len(unit) > codec.skip and codec.kind(unit[0]) in codec.sets]
    if {codec.kind(unit[0]) for unit in sets} != {*codec.sets}:
        raise MediaRefused("the sibling does not describe its pictures")
    return sets
