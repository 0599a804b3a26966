"""A film file of our own making (ISO/IEC 14496-12, -14, -15): what is not written here is not in it.

No dates, no names, no edit lists, no user data, no free space; the index is the last box, and the last byte of
the index the last of the file. Pure: bytes in, bytes out.
"""

import hashlib
import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from daylight.media.coded_units import AVC, VP9

_MOVIE_SCALE: Final = 1_000
_UNITY: Final = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED: Final = 0x55C4  # "und"
_TYPE: Final = b"isom\x00\x00\x02\x00isomiso2"
_BRAND: Final = {AVC: b"avc1", VP9: b"mp42"}
OPUS_RUN_UP: Final = 312  # samples that a decoder leaves out at the beginning
# Levels of VP9 by the pixels of a picture that they allow.
_LEVELS: Final = (
    (36_864, 10), (73_728, 11), (122_880, 20), (245_760, 21), (552_960, 30), (983_040, 31),
    (2_228_224, 40), (8_912_896, 50), (35_651_584, 60),
)  # fmt: skip


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """``sets``: SPS and PPS of H.264, none of VP9. ``scale``: ticks a second; ``step``: of the last picture.

    ``aspect``: of a pixel, which VP9 itself does not tell.
    """

    width: int
    height: int
    scale: int
    step: int
    full: bool
    sets: tuple[bytes, ...]
    aspect: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True)
class SoundFormat:
    """``config``: AudioSpecificConfig of AAC, empty of Opus. ``grain``: samples of each packet."""

    channels: int
    rate: int
    grain: int
    config: bytes


@dataclass(slots=True)
class _Chunks:
    """Where a track's samples lie: runs in the file, and their sizes."""

    offsets: "array[int]" = field(default_factory=lambda: array("Q"))
    counts: "array[int]" = field(default_factory=lambda: array("I"))
    sizes: "array[int]" = field(default_factory=lambda: array("I"))

    def add(self, offset: int, sizes: Sequence[int]) -> None:
        self.offsets.append(offset)
        self.counts.append(len(sizes))
        self.sizes.extend(sizes)


class FilmWriter:
    """Writes to an empty, seekable file. Ticks of pictures rise; the first is 0. ``form``: of pictures."""

    def __init__(self, file: BinaryIO, form: bytes = AVC) -> None:
        self._file, self._form = file, form
        self._picture: PictureFormat | None = None
        self._sound: SoundFormat | None = None
        self._pictures, self._sounds = _Chunks(), _Chunks()
        self._times: array[int] = array("q")
        self._keys: array[int] = array("I")
        head = box(b"ftyp", _TYPE, _BRAND[form], b"mp41")
        self._start = len(head)
        self._at = self._start + 16
        file.write(head + struct.pack(">I4sQ", 1, b"mdat", 0))

    @property
    def pictures(self) -> int:
        return len(self._times)

    def times_digest(self) -> str:
        """SHA-256 of the ticks of all pictures, eight bytes each, the least first."""
        return hashlib.sha256(self._times.tobytes()).hexdigest()

    @property
    def grains(self) -> int:
        return len(self._sounds.sizes)

    def picture_format(self, wanted: PictureFormat) -> None:
        self._picture = wanted

    def sound_format(self, wanted: SoundFormat) -> None:
        self._sound = wanted

    def add_pictures(
        self, data: bytes, sizes: Sequence[int], times: Sequence[int], keys: Sequence[bool]
    ) -> None:
        """Coded pictures end to end. ``ValueError`` where times do not rise from 0."""
        last = self._times[-1] if self._times else -1
        for number, (time, key) in enumerate(zip(times, keys, strict=True), len(self._times) + 1):
            if time <= last or (last < 0 and (time or not key)):
                raise ValueError("times of pictures do not rise")
            last = time
            self._times.append(time)
            if key:
                self._keys.append(number)
        self._add(self._pictures, data, sizes)

    def add_sounds(self, data: bytes, sizes: Sequence[int]) -> None:
        self._add(self._sounds, data, sizes)

    def _add(self, chunks: _Chunks, data: bytes, sizes: Sequence[int]) -> None:
        if sum(sizes) != len(data):
            raise ValueError("sizes do not add up")
        chunks.add(self._at, sizes)
        self._file.write(data)
        self._at += len(data)

    def finish(self) -> None:
        """The index at the end. ``ValueError`` where there is nothing to be seen or heard."""
        tracks: list[tuple[bytes, float]] = []
        if self._picture is not None and self._times:
            tracks.append(self._picture_track(len(tracks) + 1, self._picture))
        if self._sound is not None and self._sounds.sizes:
            tracks.append(self._sound_track(len(tracks) + 1, self._sound))
        if not tracks:
            raise ValueError("nothing went in")
        bodies = b"".join(body for body, _ in tracks)
        longest = max(seconds for _, seconds in tracks)
        header = full(
            b"mvhd",
            struct.pack(">QQIQ", 0, 0, _MOVIE_SCALE, round(longest * _MOVIE_SCALE)),
            struct.pack(">IHHII", 0x10000, 0x0100, 0, 0, 0),
            _UNITY,
            bytes(24),
            struct.pack(">I", len(tracks) + 1),
            version=1,
        )
        self._file.write(box(b"moov", header, bodies))
        self._file.seek(self._start + 8)
        self._file.write(struct.pack(">Q", self._at - self._start))

    def _picture_track(self, number: int, said: PictureFormat) -> tuple[bytes, float]:
        total = self._times[-1] + said.step
        seconds = total / said.scale
        entry = box(
            self._form,
            bytes(6),
            struct.pack(">H", 1),
            bytes(16),
            struct.pack(">HHIIIH", said.width, said.height, 0x480000, 0x480000, 0, 1),
            bytes(32),
            struct.pack(">Hh", 24, -1),
            *(_vp9_boxes(said) if self._form == VP9 else [box(b"avcC", _avc_config(said.sets))]),
        )
        table = [
            full(b"stsd", struct.pack(">I", 1), entry),
            _durations(self._times, total),
            full(b"stss", struct.pack(">I", len(self._keys)), _big(self._keys)),
            *_places(self._pictures),
        ]
        size = struct.pack(">II", said.width << 16, said.height << 16)
        media = _Media(b"vide", said.scale, total, full(b"vmhd", bytes(8), flags=1))
        return _track(number, seconds, 0, size, media, table), seconds

    def _sound_track(self, number: int, said: SoundFormat) -> tuple[bytes, float]:
        total = len(self._sounds.sizes) * said.grain
        seconds = total / said.rate
        opus = self._form == VP9
        entry = box(
            b"Opus" if opus else b"mp4a",
            bytes(6),
            struct.pack(">H", 1),
            bytes(8),
            struct.pack(">HHII", said.channels, 16, 0, said.rate << 16),
            _opus(said) if opus else full(b"esds", _esds(said.config)),
        )
        count = len(self._sounds.sizes)
        table = [
            full(b"stsd", struct.pack(">I", 1), entry),
            full(b"stts", struct.pack(">III", 1, count, said.grain)),
            *_places(self._sounds),
        ]
        media = _Media(b"soun", said.rate, total, full(b"smhd", bytes(4)))
        return _track(number, seconds, 0x0100, bytes(8), media, table), seconds


@dataclass(frozen=True, slots=True)
class _Media:
    handler: bytes
    scale: int
    total: int
    header: bytes


def _track(
    number: int, seconds: float, volume: int, size: bytes, media: _Media, table: list[bytes]
) -> bytes:
    duration = round(seconds * _MOVIE_SCALE)
    head = full(
        b"tkhd",
        struct.pack(">QQIIQ", 0, 0, number, 0, duration),
        bytes(8),
        struct.pack(">HHHH", 0, 0, volume, 0),
        _UNITY,
        size,
        version=1,
        flags=3,
    )
    about = full(
        b"mdhd",
        struct.pack(">QQIQHH", 0, 0, media.scale, media.total, _UNDETERMINED, 0),
        version=1,
    )
    handler = full(b"hdlr", bytes(4), media.handler, bytes(12), b"\x00")
    here = full(b"dref", struct.pack(">I", 1), full(b"url ", flags=1))
    info = box(b"minf", media.header, box(b"dinf", here), box(b"stbl", *table))
    return box(b"trak", head, box(b"mdia", about, handler, info))


def _vp9_boxes(said: PictureFormat) -> list[bytes]:
    """VPCodecConfigurationRecord: profile 0, 8 bits, 4:2:0; its colours the pictures tell. ``ValueError``."""
    if said.sets:
        raise ValueError("parameter sets of what has none")
    pixels = said.width * said.height
    level = next((level for most, level in _LEVELS if pixels <= most), 62)
    depth = 8 << 4 | 1 << 1 | int(said.full)
    made = [full(b"vpcC", bytes([0, level, depth, 2, 2, 2, 0, 0]), version=1)]
    if said.aspect != (1, 1):
        made.append(box(b"pasp", struct.pack(">II", *said.aspect)))
    return made


def _avc_config(sets: Sequence[bytes]) -> bytes:
    """AVCDecoderConfigurationRecord. ``ValueError`` where a set is not one or too long."""
    sps = [one for one in sets if one and one[0] & 31 == 7]
    pps = [one for one in sets if one and one[0] & 31 == 8]
    if len(sps) != 1 or len(pps) != 1 or not 4 <= len(sps[0]) < 1 << 16 or len(pps[0]) >= 1 << 16:
        raise ValueError("the parameter sets make no sense")
    return b"".join(
        [
            b"\x01",
            sps[0][1:4],
            b"\xff\xe1",
            len(sps[0]).to_bytes(2, "big"),
            sps[0],
            b"\x01",
            len(pps[0]).to_bytes(2, "big"),
            pps[0],
            b"\xfd\xf8\xf8\x00" if sps[0][1] in (100, 110, 122, 144) else b"",
        ]
    )


def _opus(said: SoundFormat) -> bytes:
    """OpusSpecificBox, of one stream. ``ValueError`` where the encoder had more to say."""
    if said.config:
        raise ValueError("words of an encoder of sound")
    return box(b"dOps", struct.pack(">BBHIhB", 0, said.channels, OPUS_RUN_UP, said.rate, 0, 0))


def _esds(config: bytes) -> bytes:
    def tagged(tag: int, body: bytes) -> bytes:
        return bytes([tag, len(body)]) + body

    decoder = tagged(4, b"\x40\x15" + bytes(11) + tagged(5, config))
    return tagged(3, bytes(3) + decoder + tagged(6, b"\x02"))


def _durations(times: "array[int]", total: int) -> bytes:
    """How long each picture is shown, in runs."""
    runs: list[list[int]] = []
    for number, time in enumerate(times):
        after = times[number + 1] if number + 1 < len(times) else total
        if runs and runs[-1][1] == after - time:
            runs[-1][0] += 1
        else:
            runs.append([1, after - time])
    flat = array("I", [one for run in runs for one in run])
    return full(b"stts", struct.pack(">I", len(runs)), _big(flat))


def _places(chunks: _Chunks) -> list[bytes]:
    runs: list[int] = []
    last = -1
    for number, count in enumerate(chunks.counts, 1):
        if count != last:
            runs += [number, count, 1]
            last = count
    return [
        full(b"stsc", struct.pack(">I", len(runs) // 3), _big(array("I", runs))),
        full(b"stsz", struct.pack(">II", 0, len(chunks.sizes)), _big(chunks.sizes)),
        full(b"co64", struct.pack(">I", len(chunks.offsets)), _big(chunks.offsets)),
    ]


def _big(values: "array[int]") -> bytes:
    swapped = values[:]
    swapped.byteswap()  # both kinds of processor that Daylight runs on are little-endian
    return swapped.tobytes()
