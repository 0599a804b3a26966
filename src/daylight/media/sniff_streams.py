"""Streams without a mark of their own at the start: what repeats in them tells what they are."""

import re
from itertools import islice, pairwise
from typing import Final

from daylight.domain.media import Kind
from daylight.media.sniffed import WIPED, Sample, Sniffed

_TS: Final = (188, 192, 204)  # bytes from packet to packet: plain, with a time stamp, with a code
_TS_SYNCS: Final = 5
_TS_TAIL: Final = 4  # bytes of a packet's header
_PACK: Final = b"\x00\x00\x01\xba"
_PACKET: Final = re.compile(rb"\x00\x00\x01[\xbb-\xef]")
_BEFORE_PACK: Final = 8192  # recorders put headers of their own before a program stream
_UNIT: Final = re.compile(rb"\x00\x00\x01(.)", re.DOTALL)
_START_CODE: Final = re.compile(rb"\x00?\x00\x00\x01")
_UNITS: Final = 64
_M4V_START: Final = re.compile(rb"\x00?\x00\x00\x01[\xb0\xb5\x00-\x2f]")
_M4V_PICTURE: Final = b"\x00\x00\x01\xb6"
_PROFILES: Final = frozenset({44, 66, 77, 83, 86, 88, 100, 110, 118, 122, 128, 244})
_MPEG_SEQUENCE: Final = re.compile(  # its header, then extension, user data, group or picture
    rb"\x00\x00\x01\xb3.{8,140}?\x00\x00\x01[\xb5\xb2\xb8\x00]", re.DOTALL
)
_DHAV_END: Final = re.compile(rb"dhav.{4}DHAV", re.DOTALL)  # a frame's end and the next one's start
_AAC_HEADER: Final = 7
# ISO/IEC 11172-3 and 13818-3: kbit/s by (MPEG-1?, layer), Hz by version.
_MP3_RATES: Final = {
    (True, 3): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 1): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 3): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 1): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_SAMPLES: Final = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def sniff_streams(sample: Sample) -> Sniffed | None:
    body, wiped = sample.body, WIPED if sample.is_wiped else ""
    if is_ts(body):
        return Sniffed(Kind.VIDEO, "mpegts", "mpegts", wiped)
    if _is_ps(body, anywhere=bool(wiped)):
        return Sniffed(Kind.VIDEO, "mpeg", "mpeg", wiped)
    if _DHAV_END.search(body):
        return Sniffed(Kind.VIDEO, "dhav", "dhav", wiped)
    raw = _raw_video(body, wiped=bool(wiped))
    if raw:
        return Sniffed(Kind.VIDEO, raw, raw, wiped)
    return _sound(sample)


def is_ts(data: bytes) -> bool:
    """Five packets in a row, wherever the first one lies; each says that it carries something."""
    at = data.find(b"\x47")
    while at >= 0:
        if any(_are_packets(data, at, step) for step in _TS):
            return True
        at = data.find(b"\x47", at + 1)
    return False


def _are_packets(data: bytes, at: int, step: int) -> bool:
    if at + (_TS_SYNCS - 1) * step + _TS_TAIL > len(data):
        return False
    starts = range(at, at + _TS_SYNCS * step, step)
    return all(data[start] == 0x47 and data[start + 3] & 0x30 for start in starts)


def _is_ps(data: bytes, *, anywhere: bool) -> bool:
    at = data.find(_PACK)
    limit = len(data) if anywhere else _BEFORE_PACK
    return 0 <= at < limit and _PACKET.search(data, at + 4, at + 4096) is not None


def _raw_video(data: bytes, *, wiped: bool) -> str:
    """FFmpeg's name of an elementary stream; empty when it is none that is known."""
    if data.startswith(b"\x00\x00\x01\xb3"):
        return "mpegvideo"
    units = [(found.start(), found[1][0]) for found in islice(_UNIT.finditer(data), _UNITS)]
    if _are_hevc(units):
        return "hevc"
    from_start = wiped or bool(_START_CODE.match(data))
    if _has_avc_parameters(data, units) or (from_start and _are_avc_slices(units)):
        return "h264"
    if wiped and _MPEG_SEQUENCE.search(data):
        return "mpegvideo"
    return "m4v" if _M4V_START.match(data) and _M4V_PICTURE in data else ""


def _are_hevc(units: list[tuple[int, int]]) -> bool:
    """A video or picture parameter set and a sequence parameter set close by (H.265 7.3.1.2)."""
    kinds = [head >> 1 & 0x3F for _, head in units if not head & 0x81]
    return any(
        {33, other} <= set(kinds[n : n + 3]) for n in range(len(kinds)) for other in (32, 34)
    )


def _has_avc_parameters(data: bytes, units: list[tuple[int, int]]) -> bool:
    """A sequence parameter set of a known profile, then a picture parameter set (H.264 7.3.2)."""
    for (at, head), (_, following) in pairwise(units):
        profile = data[at + 4 : at + 5]
        is_set = head & 0x9F == 7 and profile and profile[0] in _PROFILES
        if is_set and following & 0x9F in (7, 8, 13, 15):
            return True
    return False


def _are_avc_slices(units: list[tuple[int, int]]) -> bool:
    """Where the parameters are wiped: pictures and nothing else."""
    kinds = [head & 0x1F for _, head in units if not head & 0x80]
    pictures = sum(kind in (1, 5) for kind in kinds)
    return len(units) >= 3 and len(kinds) == len(units) and pictures * 2 >= len(units)


def _sound(sample: Sample) -> Sniffed | None:
    """Two frames in a row, the second where the first says."""
    head = sample.head
    start = 0
    if head[:3] == b"ID3" and len(head) >= 10 and head[3] in (2, 3, 4):
        start = 10 + sum(
            (byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True)
        )
        head = sample.read_at(start, 1 << 14)
        if head[:4] == b"fLaC":
            return Sniffed(Kind.AUDIO, "flac", "flac")
        if not _aac_length(head):
            return Sniffed(Kind.AUDIO, "mp3", "mp3")
    for name, length_of in (("aac", _aac_length), ("mp3", _mp3_length)):
        length = length_of(head)
        if length and (len(head) <= length or length_of(head[length:])):
            return Sniffed(Kind.AUDIO, name, name)
    return None


def _aac_length(data: bytes) -> int:
    """Bytes of the ADTS frame that ``data`` begins with, 0 for none (ISO/IEC 13818-7 6.2)."""
    if (
        len(data) < _AAC_HEADER
        or data[0] != 0xFF
        or data[1] & 0xF6 != 0xF0
        or data[2] & 0x3C > 0x30
    ):
        return 0
    length = (data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5
    return length if length > _AAC_HEADER else 0


def _mp3_length(data: bytes) -> int:
    """Bytes of the MPEG audio frame that ``data`` begins with, 0 for none."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return 0
    version, layer, rate, samples = (
        data[1] >> 3 & 3,
        data[1] >> 1 & 3,
        data[2] >> 4,
        data[2] >> 2 & 3,
    )
    if version == 1 or layer == 0 or rate in (0, 15) or samples == 3:
        return 0
    bits = _MP3_RATES[version == 3, layer][rate - 1] * 1000
    hertz, padding = _MP3_SAMPLES[version][samples], data[2] >> 1 & 1
    if layer == 3:
        return (12 * bits // hertz + padding) * 4
    halved = 72 if layer == 1 and version != 3 else 144
    return halved * bits // hertz + padding
