"""What a file is, by its content alone: names and extensions are not looked at."""

import re
from collections.abc import Callable
from typing import Final

from daylight.domain.media import Kind
from daylight.media.sniff_streams import sniff_streams
from daylight.media.sniff_text import sniff_marked_text, sniff_plain_text, sniff_playlist
from daylight.media.sniffed import WIPED, WIPED_BYTES, ReadAt, Sample, Sniffed, is_plain

_BODY_REACH: Final = 64 << 20  # how far a wiped start is skipped in search of something
_MEGABYTE: Final = 1 << 20
_Look = Callable[[Sample], Sniffed | None]


def sniff(head: bytes, tail: bytes, size: int, read_at: ReadAt) -> Sniffed:
    """Pure; never raises; reads at most some megabytes through ``read_at(offset, count)``.

    ``head``: the first 64 KiB, ``tail``: the last 4 KiB.
    """
    if size == 0 or not head:
        return Sniffed(Kind.EMPTY)
    sample = Sample(head, tail, _body(head, size, read_at), size, read_at)
    binary = () if is_plain(head) else _BINARY
    looks: tuple[_Look, ...] = (
        sniff_playlist,
        _uncompressed,
        *binary,
        sniff_marked_text,
        sniff_plain_text,
    )
    for look in looks:
        found = look(sample)
        if found is not None:
            return found
    return Sniffed(Kind.OTHER)


def _body(head: bytes, size: int, read_at: ReadAt) -> bytes:
    """``head``; more of a wiped file, or where that is all zeros what follows, in doubling steps."""
    at, body = len(head), head
    if not head[:WIPED_BYTES].strip(b"\0"):
        body = read_at(0, _MEGABYTE)
    while not body.strip(b"\0") and at < min(size, _BODY_REACH):
        body = read_at(at, _MEGABYTE)
        at *= 2
    return body


_V, _A, _I, _D, _O = Kind.VIDEO, Kind.AUDIO, Kind.IMAGE, Kind.DOCUMENT, Kind.OTHER
_MARKS: Final[tuple[tuple[bytes, Sniffed], ...]] = (
    (b"\x1a\x45\xdf\xa3", Sniffed(_V, "matroska", "matroska")),
    (b"DHAV", Sniffed(_V, "dhav", "dhav")),
    (b"DAHUA", Sniffed(_V, "dhav", "dhav")),
    (b"FLV\x01", Sniffed(_V, "flv", "flv")),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Sniffed(_V, "asf", "asf")),
    (b".RMF", Sniffed(_V, "rm", "rm")),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02", Sniffed(_V, "mxf", "mxf")),
    (b"OggS", Sniffed(_A, "ogg", "ogg")),
    (b"fLaC", Sniffed(_A, "flac", "flac")),
    (b"#!AMR", Sniffed(_A, "amr", "amr")),
    (b"caff", Sniffed(_A, "caf", "caf")),
    (b".snd", Sniffed(_A, "au", "au")),
    (b"riff\x2e\x91\xcf\x11", Sniffed(_A, "w64", "w64")),
    (b"DKIF", Sniffed(_V, "ivf", "ivf")),
    (b"\x89PNG\r\n\x1a\n", Sniffed(_I, "png", "png_pipe")),
    (b"BM", Sniffed(_I, "bmp", "bmp_pipe")),
    (b"II*\0", Sniffed(_I, "tiff", "tiff_pipe")),
    (b"MM\0*", Sniffed(_I, "tiff", "tiff_pipe")),
    (b"\x1f\x8b", Sniffed(_O, "gzip")),
    (b"\xfd7zXZ\0", Sniffed(_O, "xz")),
    (b"\x28\xb5\x2f\xfd", Sniffed(_O, "zstd")),
    (b"BZh", Sniffed(_O, "bzip2")),
    (b"7z\xbc\xaf\x27\x1c", Sniffed(_O, "7z")),
    (b"Rar!\x1a\x07", Sniffed(_O, "rar")),
    (b"MSCF\0\0\0\0", Sniffed(_O, "cab")),
    (b"SQLite format 3\0", Sniffed(_O, "sqlite")),
    (b"\x7fELF", Sniffed(_O, "elf")),
    (b"MZ", Sniffed(_O, "pe")),
)
_BMP_HEADERS: Final = (12, 40, 52, 56, 64, 108, 124)


def _by_mark(sample: Sample) -> Sniffed | None:
    head = sample.head
    for mark, found in _MARKS:
        if head.startswith(mark) and (mark != b"BM" or _is_bmp(head)):
            return found
    if head[257:262] == b"ustar":
        return Sniffed(_O, "tar")
    if head[32769:32774] == b"CD001":
        return Sniffed(_O, "iso9660")
    return None


def _is_bmp(head: bytes) -> bool:
    return len(head) > 18 and int.from_bytes(head[14:18], "little") in _BMP_HEADERS


def _uncompressed(sample: Sample) -> Sniffed | None:
    """A line of text before pictures that may look like text as well."""
    if sample.head.startswith((b"YUV4MPEG2 W", b"YUV4MPEG2 H")):
        return Sniffed(_V, "y4m", "yuv4mpegpipe")
    return None


_NEXT_PICTURE: Final = re.compile(rb"\xff\xd9\x00{0,512}\xff\xd8\xff")


def _jpeg(sample: Sample) -> Sniffed | None:
    """One picture, or several one after the other; cameras that put two into one say so (MPF)."""
    if sample.head[:3] != b"\xff\xd8\xff":
        return None
    more = _NEXT_PICTURE.findall(sample.read_at(0, _MEGABYTE))
    if more and b"MPF\0" not in sample.head:
        return Sniffed(_V, "mjpeg", "mjpeg")
    return Sniffed(_I, "jpeg", "jpeg_pipe")


def _gif(sample: Sample) -> Sniffed | None:
    if sample.head[:6] not in (b"GIF87a", b"GIF89a"):
        return None
    moving = _pictures_of_gif(sample.read_at(0, 4 * _MEGABYTE)) > 1
    return Sniffed(_V if moving else _I, "gif", "gif")


def _pictures_of_gif(data: bytes) -> int:
    """Pictures in a GIF89a, up to two: its blocks walked one by one."""
    at, pictures = 13 + _table(data, 10), 0
    while pictures < 2 and at < len(data):
        if data[at] == 0x21:  # an extension: label, then sub-blocks
            at += 2
        elif data[at] == 0x2C:  # a picture: its place and colours, a code size, then sub-blocks
            pictures += 1
            at += 11 + _table(data, at + 9)
        else:
            break
        while at < len(data) and data[at]:
            at += data[at] + 1
        at += 1
    return pictures


def _table(data: bytes, at: int) -> int:
    """Bytes of a GIF's colour table, by the flags at ``at``."""
    flags = data[at] if at < len(data) else 0
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


_BOXES: Final = frozenset(
    {b"ftyp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"styp", b"sidx", b"pnot"}
)
_PICTURE_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"mif2", b"avif", b"avis"}
)


def _boxes(sample: Sample) -> Sniffed | None:
    """ISO base media: a known box first; or, with a wiped start, further on."""
    head = sample.head
    name, length = head[4:8], int.from_bytes(head[:4], "big")
    if name in _BOXES and (length >= 8 or length in (0, 1)):
        if name == b"ftyp" and head[8:12] in _PICTURE_BRANDS:
            return Sniffed(_I, "heif", "mov")
        return Sniffed(_V, "mp4", "mov")
    if sample.is_wiped and (_has_index(sample.body) or _has_index(sample.end)):
        return Sniffed(_V, "mp4", "mov", WIPED)
    return None


def _has_index(data: bytes) -> bool:
    at = data.find(b"moov")
    return at >= 4 and data[at + 8 : at + 12] == b"mvhd"


_CHUNKS: Final = re.compile(
    rb"LIST.{4}(?:movi|hdrl)|(?:\d\d(?:dc|wb|db)|idx1|ix\d\d).{4}", re.DOTALL
)
_CUES: Final = b"\x1c\x53\xbb\x6b"
_CLUSTER: Final = b"\x1f\x43\xb6\x75"


def _riff(sample: Sample) -> Sniffed | None:
    head = sample.head
    if head[:4] in (b"RIFF", b"RIFX", b"RF64"):
        known = {
            b"AVI ": Sniffed(_V, "avi", "avi"),
            b"WAVE": Sniffed(_A, "wav", "wav"),
            b"WEBP": Sniffed(_I, "webp", "webp_pipe"),
        }
        return known.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return Sniffed(_A, "aiff", "aiff")
    return None


def _wiped(sample: Sample) -> Sniffed | None:
    """Containers that cannot be opened without their start are known by what lies further on."""
    if not sample.is_wiped:
        return None
    end = sample.end
    if _CLUSTER in sample.body or _CUES in end or _CLUSTER in end:
        return Sniffed(_V, "matroska", "matroska", WIPED)
    marks = {found[:4] for found in _CHUNKS.findall(sample.body + end)}
    if b"idx1" in end or len(marks) > 1:
        return Sniffed(_V, "avi", "avi", WIPED)
    return None


def _zip(sample: Sample) -> Sniffed | None:
    head = sample.head
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None
    names = head + sample.end
    if b"[Content_Types].xml" in names:
        for folder, name in ((b"word/", "docx"), (b"xl/", "xlsx"), (b"ppt/", "pptx")):
            if folder in names:
                return Sniffed(_D, name)
    if _first_member(head) == b"mimetype":
        return Sniffed(_D, "epub" if b"epub" in head[:100] else "odf")
    return Sniffed(_O, "zip")


def _first_member(head: bytes) -> bytes:
    return head[30 : 30 + int.from_bytes(head[26:28], "little")]


def _ole(sample: Sample) -> Sniffed | None:
    """Old office documents; the same container holds thumbnails and installers."""
    if not sample.head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return None
    data = sample.head + sample.end
    names = ("WordDocument", "Workbook", "Book", "PowerPoint Document")
    office = any(name.encode("utf-16-le") in data for name in names)
    return Sniffed(_D if office else _O, "ole")


# What bears a mark goes first: documents and archives may hold whole streams, uncompressed.
_BINARY: Final[tuple[_Look, ...]] = (
    _boxes,
    _by_mark,
    _jpeg,
    _gif,
    _riff,
    _zip,
    _ole,
    sniff_marked_text,
    _wiped,
    sniff_streams,
)
