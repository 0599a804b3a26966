"""Opening a descriptor for FFmpeg inside the sandbox: no paths, no protocols, a forced demuxer."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import av
from av.container import InputContainer

from daylight.media.packet import MediaPacket

# Containers without times of their own: a picture's time is its number times the step.
UNTIMED: Final = frozenset({"h264", "hevc", "m4v", "mpegvideo", "h263", "mjpeg"})
# Containers whose header says what their streams are.
DESCRIBED: Final = frozenset(
    {"mov", "matroska", "avi", "gif", "wav", "w64", "aiff", "au", "caf", "flac"}
)
DEFAULT_RATE: Final = 25  # pictures a second, where a raw stream says nothing: assumed, and said so
BUFFER: Final = 1 << 17
MOST_KEPT: Final = 8 << 20  # bytes of packets


class FileWindow:
    """What FFmpeg reads: a descriptor from ``start`` on, as if the file began there.

    ``os.fstat`` is closed in the sandbox; the size comes from a seek.
    """

    def __init__(self, descriptor: int, start: int = 0) -> None:
        self._descriptor, self._start, self._at = descriptor, start, 0
        self._size = size_of(descriptor) - start

    def read(self, size: int) -> bytes:
        data = os.pread(self._descriptor, size, self._start + self._at)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at


@dataclass(frozen=True, slots=True)
class Kept:
    """An item of few bytes: still open, with all packets of its main stream, so that nobody has to
    open and read it again.
    """

    container: InputContainer
    packets: Sequence[MediaPacket]


class Holding:
    """Packets that are held on to as long as they are few."""

    def __init__(self) -> None:
        self._packets: list[MediaPacket] = []
        self._bytes = 0

    def add(self, packet: MediaPacket) -> None:
        self._bytes += packet.size
        if self._bytes <= MOST_KEPT:
            self._packets.append(packet)
        else:
            self._packets.clear()

    def all_of(self, container: InputContainer) -> Kept | None:
        return Kept(container, self._packets) if self._bytes <= MOST_KEPT else None


def size_of(descriptor: int) -> int:
    """Bytes of the file."""
    return os.lseek(descriptor, 0, os.SEEK_END)


def open_media(
    descriptor: int, demuxer: str, *, start: int = 0, rate: str = "", brief: bool = False
) -> InputContainer:
    """Open with the demuxer named, never one that FFmpeg guesses. Raises ``FFmpegError``.

    ``start``: byte at which the file is taken to begin. ``rate``: for raw streams. ``brief``:
    believe a container that describes its streams; else FFmpeg decodes some pictures to see for
    itself (25 ms for a large picture, measured, where the rest of a probe takes 2).
    """
    options = {"framerate": rate} if rate else {}
    if brief and demuxer in DESCRIBED:
        options |= {"analyzeduration": "1", "probesize": "32"}  # the least that FFmpeg takes
    return av.open(
        FileWindow(descriptor, start),
        mode="r",
        format=demuxer,
        options=options,
        buffer_size=BUFFER,
        metadata_errors="replace",
    )
