"""What sniffing says of a file, and the tools that its parts share."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from daylight.domain.media import Kind

ReadAt = Callable[[int, int], bytes]

WIPED: Final = "the first bytes are wiped"
WIPED_BYTES: Final = 512  # zeros at the start from which on a file counts as wiped


@dataclass(frozen=True, slots=True)
class Sniffed:
    """``demuxer``: FFmpeg's name of the one to force, empty for what is not opened.

    ``reason``: a plain sentence when something is off already.
    """

    kind: Kind
    container: str = ""
    demuxer: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """What sniffing looks at. ``head``: the first 64 KiB, ``tail``: the last 4 KiB, both bytes.

    ``body`` is ``head``, or of a file that begins with zeros a megabyte that is not all zeros.
    """

    head: bytes
    tail: bytes
    body: bytes
    size: int
    read_at: ReadAt

    @property
    def is_wiped(self) -> bool:
        return len(self.head) >= WIPED_BYTES and not self.head[:WIPED_BYTES].strip(b"\0")

    @property
    def end(self) -> bytes:
        """The last half megabyte: where indexes lie."""
        return self.read_at(max(0, self.size - (1 << 19)), 1 << 19)


_CONTROLS: Final = bytes(set(range(32)) - {9, 10, 11, 12, 13, 27}) + b"\x7f"
_HIGH: Final = bytes(range(0x80, 0x100))
_LEGIBLE: Final = re.compile(rb"[0-9A-Za-z \t\r\n;,.:\-\x80-\xff]")


def is_plain(data: bytes) -> bool:
    """Without a control character: text in ASCII, UTF-8 or a code page of one byte."""
    return bool(data) and len(data.translate(None, _CONTROLS)) == len(data)


def is_legible(data: bytes) -> bool:
    """Whether most bytes are letters, digits and usual punctuation of a code page."""
    return len(_LEGIBLE.findall(data)) > len(data) * 0.8


def has_high(data: bytes) -> bool:
    """Whether there is a byte beyond ASCII."""
    return len(data.translate(None, _HIGH)) != len(data)
