"""Archives for the tests: honest ones of each format, and the means to break them."""

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import zstandard

from daylight.routes.base import Arrival, EntryKind, Limits, Route
from daylight.routes.budget import Budget
from daylight.routes.registry import for_stored

Files = Mapping[bytes, bytes]

HOSTILE_NAMES = (
    b"plain.txt",
    b"-rf",
    b"line\nbreak",
    b"caf\xe9.avi",
    b"\xff\xfe\x80",
    b"x" * 255,
    "\u202egnp.exe".encode(),
    b"=cmd()",
    b" ",
    b"dir/inner.bin",
    b"dir/deep/er/clip.dav",
)

COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
}


def put_folder(root: Path, files: Files) -> Path:
    root.mkdir(exist_ok=True)
    for name, data in files.items():
        path = os.path.join(os.fsencode(root), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(data)
    return root


def zip_of(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(f"{len(archive.filelist):x}".rjust(len(name), "_"))
            info.compress_type = method
            archive.writestr(info, data)
    raw = out.getvalue()
    return _rename(raw, [*files])


def _rename(raw: bytes, names: list[bytes]) -> bytes:
    """Give the members raw names of the same length, which zipfile itself would not write."""
    out = bytearray(raw)
    directory = struct.unpack_from("<L", raw, raw.rfind(b"PK\5\6") + 16)[0]
    at = directory
    for name in names:
        named, extra, comment = struct.unpack_from("<3H", raw, at + 28)
        local = struct.unpack_from("<L", raw, at + 42)[0]
        out[at + 46 : at + 46 + named] = name
        out[local + 30 : local + 30 + named] = name
        at += 46 + named + extra + comment
    return bytes(out)


def tar_of(files: Files, how: str = "plain", fmt: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(
        fileobj=out, mode="w", format=fmt, encoding="utf-8", errors="surrogateescape"
    ) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name.decode("utf-8", "surrogateescape"))
            info.size = len(data)
            info.mtime = 1_700_000_000
            archive.addfile(info, io.BytesIO(data))
    return COMPRESSORS[how](out.getvalue())


def tar_with(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@contextmanager
def stored(
    folder: Path, data: bytes, limits: Limits | None = None, outer: Budget | None = None
) -> Iterator[Route | None]:
    path = folder / f"object-{zlib.crc32(data):08x}"
    path.write_bytes(data)
    fd = os.open(path, os.O_RDONLY)
    try:
        yield for_stored(fd, len(data), b"object", limits, outer=outer)
    finally:
        os.close(fd)


def read(arrival: Arrival, step: int = 1 << 16) -> bytes:
    buffer = memoryview(bytearray(step))
    parts = []
    with arrival.open() as source:
        while count := source.readinto(buffer):
            parts.append(bytes(buffer[:count]))
    return b"".join(parts)


def contents(route: Route) -> list[tuple[bytes, bytes]]:
    """Path and bytes of each file, each read before the next is asked for."""
    return [
        (arrival.untrusted_path, read(arrival))
        for arrival in route.arrivals()
        if arrival.kind is EntryKind.FILE
    ]


def refusals(route: Route) -> list[tuple[bytes, str]]:
    return [
        (arrival.untrusted_path, arrival.reason)
        for arrival in route.arrivals()
        if arrival.kind is EntryKind.REFUSED
    ]
