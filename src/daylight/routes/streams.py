"""Bytes out of a descriptor, plain or decompressed, bounded in memory, safe between threads.

Every reader keeps its own offset and reads with ``pread``, so that many members of one archive can
be read at once. Decompressors give at most what was asked for, whatever a hostile stream would
expand to, and refuse streams that want more than 128 MiB for their window.

Formats: RFC 1951 and 1952 (deflate, gzip), bzip2, XZ and LZMA, RFC 8878 (Zstandard).
"""

import bz2
import io
import lzma
import os
import struct
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

import zstandard

from daylight.errors import SourceUnreadable
from daylight.routes.budget import Budget

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

WINDOW_BYTES: Final = 128 << 20
_CHUNK: Final = 64 << 10
_BROKEN: Final = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, zstandard.ZstdError)

GZIP: Final = b"\x1f\x8b"
BZIP2: Final = b"BZh"
XZ: Final = b"\xfd7zXZ\x00"
ZSTD: Final = b"\x28\xb5\x2f\xfd"


class Stream(Protocol):
    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes, none at the end. Raises ``SourceUnreadable``."""
        ...


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class Window(io.RawIOBase):
    """The bytes ``start`` to ``end`` of a descriptor, which stays the caller's to close."""

    def __init__(self, fd: int, start: int, end: int) -> None:
        super().__init__()
        self._fd = fd
        self._start = start
        self._end = end
        self._at = start

    @property
    def taken(self) -> int:
        return self._at - self._start

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at - self._start

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: self._start, os.SEEK_CUR: self._at, os.SEEK_END: self._end}[whence]
        self._at = min(max(base + offset, self._start), self._end)
        return self.tell()

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")[: self._end - self._at]
        try:
            count = os.preadv(self._fd, [view], self._at)
        except OSError as error:
            raise SourceUnreadable(f"read error in the archive: {error.strerror}") from None
        self._at += count
        return count

    def read_up_to(self, size: int) -> bytes:
        return self.read(size) or b""


class _Zlib:
    """zlib in the manner of bz2 and lzma, which tell whether they need more input."""

    def __init__(self, wbits: int) -> None:
        self._inner = zlib.decompressobj(wbits)
        self._full = False

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._full and not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        out = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self._full = len(out) == max_length  # zlib may hold more back without saying so
        return out


class Decompressed:
    """One compressed stream after the other, as long as each begins with ``magic``.

    An empty ``magic`` means a single stream. Zero padding between streams is skipped; anything else
    behind the last one is left alone, as the formats' own tools do.
    """

    def __init__(self, source: Window, make: Callable[[], _Decompressor], magic: bytes) -> None:
        self._source = source
        self._make = make
        self._magic = magic
        self._pending = b""
        self._inner = make()
        self.is_cut_off = False
        self._fault = ""

    def read(self, size: int, /) -> bytes:
        if self._fault:  # what a decompressor says after its first error means nothing
            raise SourceUnreadable(self._fault)
        try:
            return self._read(size)
        except _BROKEN as error:
            self._fault = f"damaged compression in the archive: {error}"
            raise SourceUnreadable(self._fault) from None

    def _read(self, size: int) -> bytes:
        while not self._inner.eof or self._next_stream():
            out = self._inner.decompress(self._input(), size)
            if out:
                return out
        return b""

    def _input(self) -> bytes:
        if not self._inner.needs_input:
            return b""
        data = self._pending or self._source.read_up_to(_CHUNK)
        self._pending = b""
        if not data:
            self.is_cut_off = True
            raise SourceUnreadable("the archive's compressed data is cut off")
        return data

    def _next_stream(self) -> bool:
        if not self._magic:
            return False
        rest = self._inner.unused_data.lstrip(b"\0")
        while len(rest) < len(self._magic):
            more = self._source.read_up_to(_CHUNK)
            if not more:
                return False
            rest = (rest + more).lstrip(b"\0")
        if not rest.startswith(self._magic):
            return False
        self._inner = self._make()
        self._pending = rest
        return True


class Zstd:
    """Zstandard frames. A cut frame ends silently: whoever reads must know how much to expect."""

    def __init__(self, source: Window) -> None:
        decompressor = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES)
        self._inner = decompressor.stream_reader(
            io.BufferedReader(source, _CHUNK), _CHUNK, read_across_frames=True
        )

    def read(self, size: int, /) -> bytes:
        try:
            return self._inner.read(size)
        except zstandard.ZstdError as error:
            raise SourceUnreadable(f"damaged compression in the archive: {error}") from None


def _xz() -> _Decompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=WINDOW_BYTES)


def decompressed(head: bytes, source: Window) -> Stream | None:
    """A reader for what ``head``, the first bytes of ``source``, says it is compressed with."""
    if head.startswith(GZIP):
        return Decompressed(source, lambda: _Zlib(31), GZIP)
    if head.startswith(BZIP2):
        return Decompressed(source, bz2.BZ2Decompressor, BZIP2)
    if head.startswith(XZ):
        return Decompressed(source, _xz, XZ)
    if head.startswith(ZSTD):
        return Zstd(source)
    return None


def _zip_lzma(source: Window) -> Stream:
    """LZMA as ZIP has it: version, length of the properties, properties, raw data."""
    head = source.read_up_to(9)
    if len(head) < 9 or head[2:4] != b"\x05\x00":
        raise SourceUnreadable("damaged compression in the archive: no LZMA properties")
    (window,) = struct.unpack("<L", head[5:9])
    if window > WINDOW_BYTES:
        raise SourceUnreadable("the archive's compression wants more memory than is allowed")
    rest, lc = divmod(head[4], 9)
    pb, lp = divmod(rest, 5)
    chain = [{"id": lzma.FILTER_LZMA1, "dict_size": window, "lc": lc, "lp": lp, "pb": pb}]
    try:
        return Decompressed(
            source, lambda: lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain), b""
        )
    except (lzma.LZMAError, ValueError) as error:
        raise SourceUnreadable(f"damaged compression in the archive: {error}") from None


#: ZIP's compression methods that we read, by their number in the format.
ZIP_METHODS: Final[dict[int, Callable[[Window], Stream]]] = {
    8: lambda source: Decompressed(source, lambda: _Zlib(-15), b""),
    12: lambda source: Decompressed(source, bz2.BZ2Decompressor, b""),
    14: _zip_lzma,
    93: Zstd,
    95: lambda source: Decompressed(source, _xz, b""),
}


class Metered(io.RawIOBase):
    """A stream that charges a budget for all that comes out; seeks where ``source`` itself is read."""

    def __init__(self, stream: Stream | None, source: Window, budget: Budget) -> None:
        super().__init__()
        self._stream = stream
        self._source = source
        self._budget = budget

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._stream is None

    def tell(self) -> int:
        return self._source.tell()

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return self._source.seek(offset, whence)

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        if self._stream is None:
            count = self._source.readinto(view)
        else:
            data = self._stream.read(len(view))
            count = len(data)
            view[:count] = data
        self._budget.charge(count, self._source.taken)
        return count
