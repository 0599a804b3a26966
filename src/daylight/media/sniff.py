"""What a file is, by its content alone: names and extensions are not looked at."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from daylight.domain.media import Kind

ReadAt = Callable[[int, int], bytes]

_PLAYLIST: Final = re.compile(
    rb"\s*(#EXTM3U|#EXTINF|ffconcat version|\[playlist\]|\[reference\]|<asx|<smil|v=0\s|"
    rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<mpd[\s>])",
    re.IGNORECASE | re.DOTALL,
)
WIPED: Final = "the first bytes are wiped"
REFUSED: Final = "playlists are refused: they can read other files"
_TS: Final = (188, 192, 204)
_TS_SYNCS: Final = 5


@dataclass(frozen=True, slots=True)
class Sniffed:
    """``demuxer``: FFmpeg's name of the one to force, empty for what is not opened.

    ``reason``: a plain sentence when something is off already.
    """

    kind: Kind
    container: str = ""
    demuxer: str = ""
    reason: str = ""


def sniff(head: bytes, tail: bytes, size: int, read_at: ReadAt) -> Sniffed:
    """Pure; never raises; reads at most about a megabyte through ``read_at(offset, count)``.

    ``head``: the first 64 KiB, ``tail``: the last 4 KiB.
    """
    if size == 0:
        return Sniffed(Kind.EMPTY)
    if _PLAYLIST.match(head.removeprefix(b"\xef\xbb\xbf")[:4096]):
        return Sniffed(Kind.OTHER, "playlist", reason=REFUSED)
    for look in (_boxes, _by_mark, _riff, _streams, _zip, _ole):
        found = look(head, tail, size, read_at)
        if found is not None:
            return found
    return _text(head, size) or Sniffed(Kind.OTHER)


_V, _A, _I, _D, _O = Kind.VIDEO, Kind.AUDIO, Kind.IMAGE, Kind.DOCUMENT, Kind.OTHER
_MARKS: Final[tuple[tuple[bytes, Sniffed], ...]] = (
    (b"\x1a\x45\xdf\xa3", Sniffed(_V, "matroska", "matroska")),
    (b"DHAV", Sniffed(_V, "dhav", "dhav")),
    (b"FLV\x01", Sniffed(_V, "flv", "flv")),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Sniffed(_V, "asf", "asf")),
    (b"OggS", Sniffed(_A, "ogg", "ogg")),
    (b"fLaC", Sniffed(_A, "flac", "flac")),
    (b"#!AMR", Sniffed(_A, "amr", "amr")),
    (b"caff", Sniffed(_A, "caf", "caf")),
    (b".snd", Sniffed(_A, "au", "au")),
    (b"riff\x2e\x91\xcf\x11", Sniffed(_A, "w64", "w64")),
    (b"ID3", Sniffed(_A, "mp3", "mp3")),
    (b"DKIF", Sniffed(_V, "ivf", "ivf")),
    (b"YUV4MPEG2", Sniffed(_V, "y4m", "yuv4mpegpipe")),
    (b"\x89PNG\r\n\x1a\n", Sniffed(_I, "png", "png_pipe")),
    (b"BM", Sniffed(_I, "bmp", "bmp_pipe")),
    (b"II*\0", Sniffed(_I, "tiff", "tiff_pipe")),
    (b"MM\0*", Sniffed(_I, "tiff", "tiff_pipe")),
    (b"%PDF-", Sniffed(_D, "pdf")),
    (b"{\\rtf", Sniffed(_D, "rtf")),
    (b"\x1f\x8b", Sniffed(_O, "gzip")),
    (b"\xfd7zXZ\0", Sniffed(_O, "xz")),
    (b"\x28\xb5\x2f\xfd", Sniffed(_O, "zstd")),
    (b"BZh", Sniffed(_O, "bzip2")),
    (b"7z\xbc\xaf\x27\x1c", Sniffed(_O, "7z")),
    (b"Rar!\x1a\x07", Sniffed(_O, "rar")),
    (b"SQLite format 3\0", Sniffed(_O, "sqlite")),
    (b"\x7fELF", Sniffed(_O, "elf")),
    (b"MZ", Sniffed(_O, "pe")),
)
_BMP_HEADERS: Final = (12, 40, 52, 56, 64, 108, 124)


def _by_mark(head: bytes, tail: bytes, size: int, read_at: ReadAt) -> Sniffed | None:
    del tail, size, read_at
    if head[:3] == b"\xff\xd8\xff":
        several = re.search(rb"\xff\xd9\xff\xd8\xff", head) is not None
        return Sniffed(_V, "mjpeg", "mjpeg") if several else Sniffed(_I, "jpeg", "jpeg_pipe")
    if head[:6] in (b"GIF87a", b"GIF89a"):
        moving = len(re.findall(rb"\x00\x21\xf9\x04.{4}\x00\x2c", head, re.DOTALL)) > 1
        return Sniffed(_V, "gif", "gif") if moving else Sniffed(_I, "gif", "gif")
    for mark, found in _MARKS:
        if head.startswith(mark) and (mark != b"BM" or _is_bmp(head)):
            return found
    return None


def _is_bmp(head: bytes) -> bool:
    return len(head) > 18 and int.from_bytes(head[14:18], "little") in _BMP_HEADERS


_BOXES: Final = frozenset(
    {b"ftyp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"styp", b"sidx", b"pnot"}
)
_PICTURE_BRANDS: Final = frozenset({b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis"})
_MP4: Final = Sniffed(_V, "mp4", "mov")


def _boxes(head: bytes, tail: bytes, size: int, read_at: ReadAt) -> Sniffed | None:
    """ISO base media: a known box first; or, with a wiped start, further on."""
    name, length = head[4:8], int.from_bytes(head[:4], "big")
    if name in _BOXES and (length >= 8 or length in (0, 1)):
        if name == b"ftyp" and head[8:12] in _PICTURE_BRANDS:
            return Sniffed(_I, "heif", "mov")
        return _MP4
    if head[:512].strip(b"\0"):
        return None
    if b"moov" in tail or _box_in(head) or _box_in(read_at(max(0, size - (1 << 19)), 1 << 19)):
        return Sniffed(_V, "mp4", "mov", WIPED)
    return None


def _box_in(data: bytes) -> bool:
    at = data.find(b"moov")
    return at >= 4 and data[at + 8 : at + 12] == b"mvhd"


def _riff(head: bytes, tail: bytes, size: int, read_at: ReadAt) -> Sniffed | None:
    del tail, size, read_at
    if head[:4] in (b"RIFF", b"RIFX", b"RF64"):
        form = head[8:12]
        known = {
            b"AVI ": Sniffed(_V, "avi", "avi"),
            b"WAVE": Sniffed(_A, "wav", "wav"),
            b"WEBP": Sniffed(_I, "webp", "webp_pipe"),
        }
        return known.get(form)
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return Sniffed(_A, "aiff", "aiff")
    if not head[:512].strip(b"\0"):
        if (
            re.search(rb"LIST.{4}(movi|INFO|hdrl)|\d\d(dc|wb|db).{4}", head, re.DOTALL)
            and b"movi" in head
        ):
            return Sniffed(_V, "avi", "avi", WIPED)
        if b"\x1f\x43\xb6\x75" in head:
            return Sniffed(_V, "matroska", "matroska", WIPED)
    return None


def _streams(head: bytes, tail: bytes, size: int, read_at: ReadAt) -> Sniffed | None:
    """Formats without a mark at the start: what repeats in them tells."""
    del tail, size, read_at
    wiped = WIPED if len(head) > 512 and not head[:512].strip(b"\0") else ""
    if _is_ts(head):
        return Sniffed(_V, "mpegts", "mpegts", wiped)
    body = head.lstrip(b"\0")
    start = head[max(0, len(head) - len(body) - 3) :] if body[:1] == b"\x01" else head
    if b"\x00\x00\x01\xba" in start[:4] or (wiped and b"\x00\x00\x01\xba" in head):
        return Sniffed(_V, "mpeg", "mpeg", wiped)
    if start.startswith(b"\x00\x00\x01\xb3"):
        return Sniffed(_V, "mpegvideo", "mpegvideo", wiped)
    raw = _annex_b(head) if wiped or head.startswith((b"\0\0\1", b"\0\0\0\1")) else ""
    if raw:
        return Sniffed(_V, raw, raw, wiped)
    return _frames_of_sound(head)


def _is_ts(head: bytes) -> bool:
    """Five sync bytes in a row at a packet's distance, wherever the first one lies."""
    at = head.find(b"\x47")
    while 0 <= at < len(head) - _TS_SYNCS * 204:
        if any(all(head[at + n * step] == 0x47 for n in range(_TS_SYNCS)) for step in _TS):
            return True
        at = head.find(b"\x47", at + 1)
    return False


def _annex_b(head: bytes) -> str:
    """ "h264" or "hevc" by the units behind the start codes; empty when they are neither."""
    units = [m.end() for m in re.finditer(rb"\x00\x00\x01", head)][:64]
    first = [head[at] for at in units if at < len(head)]
    if not first or any(byte & 0x80 for byte in first):
        return ""
    avc = [byte & 0x1F for byte in first]
    hevc = [byte >> 1 & 0x3F for byte in first]
    if 33 in hevc and (32 in hevc or 34 in hevc):
        return "hevc"
    return "h264" if 7 in avc and 8 in avc else ""


def _frames_of_sound(head: bytes) -> Sniffed | None:
    if len(head) > 4 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return Sniffed(_A, "aac", "aac")
    if len(head) > 4 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 and head[2] >> 4 not in (0, 15):
        return Sniffed(_A, "mp3", "mp3")
    return None


def _zip(head: bytes, tail: bytes, size: int, read_at: ReadAt) -> Sniffed | None:
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None
    names = head + read_at(max(0, size - (1 << 16)), 1 << 16) + tail
    if b"[Content_Types].xml" in names:
        for folder, name in ((b"word/", "docx"), (b"xl/", "xlsx"), (b"ppt/", "pptx")):
            if folder in names:
                return Sniffed(_D, name)
    if head[30:38] == b"mimetype":
        return Sniffed(_D, "epub" if b"epub" in head[:100] else "odf")
    return Sniffed(_O, "zip")


def _ole(head: bytes, tail: bytes, size: int, read_at: ReadAt) -> Sniffed | None:
    del tail, size, read_at
    if not head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return None
    office = any(
        name.encode("utf-16-le") in head for name in ("WordDocument", "Workbook", "PowerPoint")
    )
    thumbs = "Catalog".encode("utf-16-le") in head and not office
    return Sniffed(_O if thumbs else _D, "ole")


def _text(head: bytes, size: int) -> Sniffed | None:
    """Plain text in UTF-8, UTF-16 or one of the Cyrillic code pages."""
    del size
    if re.match(rb"\s*(<!doctype html|<html)", head, re.IGNORECASE):
        return Sniffed(_D, "html")
    if re.match(rb"(\xef\xbb\xbf)?\s*<\?xml", head):
        return Sniffed(_D, "xml")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Sniffed(_D, "text")
    controls = sum(byte < 32 and byte not in (9, 10, 12, 13) for byte in head)
    if controls or b"\x7f" in head:
        return None
    try:
        head[:-4].decode("utf-8") if len(head) > 60_000 else head.decode("utf-8")
    except UnicodeDecodeError:
        letters = sum(
            chr(byte).isalnum() or byte in b" ;,.:-\t\r\n" or byte >= 0x80 for byte in head
        )
        return (
            Sniffed(_D, "text")
            if letters > len(head) * 0.9 and head.isascii() is False and b"\n" in head
            else None
        )
    return Sniffed(_D, "text")
