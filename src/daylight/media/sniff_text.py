"""Text of all kinds; playlists among it are refused, since they can make a reader open other files."""

import re
from typing import Final

from daylight.domain.media import Kind
from daylight.media.sniffed import Sample, Sniffed, has_high, is_legible, is_plain

REFUSED: Final = "playlists are refused: they can read other files"

_PLAYLIST: Final = re.compile(
    rb"\s*(#EXTM3U|#EXTINF|#EXT-X-|ffconcat version|\[playlist\]|\[reference\]|<asx|<smil|v=0\r?\n|"
    rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!doctype[^>]*>\s*)?"
    rb"<([a-z]\w*:)?(mpd|smil|playlist|asx|SmoothStreamingMedia)[\s>])",
    re.IGNORECASE | re.DOTALL,
)
_LOOKED_AT: Final = 8192
_DASH: Final = b"urn:mpeg:dash:schema:mpd"
_XML: Final = re.compile(rb"\s*<\?xml", re.IGNORECASE)
_MARKED: Final = (
    (re.compile(rb"[^%]{0,16}%PDF-\d"), "pdf"),  # a line break or junk before it is common
    (re.compile(rb"\{\\rtf"), "rtf"),
    (re.compile(rb"\s*(<!doctype html|<html)", re.IGNORECASE), "html"),
    (re.compile(rb"\s*<\?xml"), "xml"),
)
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_ERASED: Final = b"\xff"  # a letter of code pages; and what flash memory reads as when erased
_CUT: Final = 3  # bytes of a character that the end of the head may cut off


def sniff_playlist(sample: Sample) -> Sniffed | None:
    """Also where it is in UTF-16, or behind a byte order mark."""
    plain = sample.head.removeprefix(_UTF8_MARK).lstrip()[:_LOOKED_AT]
    wide = _narrowed(sample.head[:_LOOKED_AT])
    if _is_playlist(plain) or _is_playlist(wide):
        return Sniffed(Kind.OTHER, "playlist", reason=REFUSED)
    return None


def _narrowed(start: bytes) -> bytes:
    """The Latin letters of what may be UTF-16, with its mark or without."""
    for mark in (b"\xff\xfe", b"\xfe\xff"):
        if start.startswith(mark):
            return start[2:].replace(b"\0", b"")
    return start.replace(b"\0", b"") if b"\0" in start[:2] else b""


def _is_playlist(start: bytes) -> bool:
    return bool(_PLAYLIST.match(start) or (_XML.match(start) and _DASH in start))


def sniff_marked_text(sample: Sample) -> Sniffed | None:
    start = sample.head[:1024].removeprefix(_UTF8_MARK)
    for mark, name in _MARKED:
        if mark.match(start):
            return Sniffed(Kind.DOCUMENT, name)
    return None


def sniff_plain_text(sample: Sample) -> Sniffed | None:
    """UTF-8, UTF-16 with or without its mark, or a code page of one byte such as cp1251."""
    head = sample.head
    if _is_utf16(head) or (is_plain(head) and (_is_utf8(head) or _is_code_page(head))):
        return Sniffed(Kind.DOCUMENT, "text")
    return None


def _is_utf8(head: bytes) -> bool:
    for cut in range(_CUT + 1):
        try:
            head[: len(head) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return True
    return False


def _is_code_page(head: bytes) -> bool:
    return has_high(head) and is_legible(head) and head.count(_ERASED) * 2 < len(head)


def _is_utf16(head: bytes) -> bool:
    """With its mark; or without, where every second byte tells of Latin or Cyrillic letters."""
    for order, mark, high in (("utf-16-le", b"\xff\xfe", 1), ("utf-16-be", b"\xfe\xff", 0)):
        upper = head[high : len(head) & ~1 : 2]
        usual = upper.count(0) + upper.count(4)
        if head[:2] != mark and (len(upper) < 16 or usual < len(upper) * 0.95):
            continue
        try:
            text = head[: len(head) & ~1].decode(order, "strict")
        except UnicodeDecodeError:
            continue
        if not any(ord(one) < 32 and one not in "\t\n\v\f\r" for one in text):
            return True
    return False
