"""Items as a bag: BagIt 1.0, RFC 8493, with SHA-256 throughout.

Pure: frozen records in, files out through a sink. Objects are streamed, and hashed again on the way.
"""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from daylight.domain.digest import Digest
from daylight.domain.progress import Progress
from daylight.errors import StoreCorrupt
from daylight.exports.base import Output, Sink
from daylight.exports.naming import file_name

CHUNK: Final = 4 << 20
PATHS: Final = "leaked-paths.jsonl"
_DECLARATION: Final = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

OpenObject = Callable[[Digest], int]  # a new descriptor, to be closed; KeyError if there is none


@dataclass(frozen=True, slots=True)
class BagItem:
    """One payload file. ``size`` in bytes; ``container`` as sniffing names it, empty if unknown.

    ``untrusted_paths``: the names it came under, written only into a tag file of their own.
    """

    digest: Digest
    size: int
    container: str
    untrusted_paths: tuple[bytes, ...] = ()

    @property
    def name(self) -> str:
        return f"data/{file_name(self.digest, self.container)}"


@dataclass(frozen=True, slots=True)
class BagInfo:
    """What bag-info.txt says. ``agent``: the program, with its version."""

    identifier: str
    bagged: date
    agent: str


class _TagFiles:
    """Writes tag files and remembers their digests for the tag manifest."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._listed: list[str] = []

    def write(self, name: str, text: str) -> None:
        data = text.encode()
        with self._sink.file(name) as output:
            output.write(data)
        self._listed.append(f"{hashlib.sha256(data).hexdigest()}  {name}\n")

    def close(self) -> None:
        with self._sink.file("tagmanifest-sha256.txt") as output:
            output.write("".join(sorted(self._listed, key=lambda line: line[66:])).encode())


def write_bag(
    sink: Sink,
    info: BagInfo,
    items: Sequence[BagItem],
    open_object: OpenObject,
    progress: Progress,
    *,
    with_paths: bool,
) -> None:
    """Write the whole bag; sealing and publishing is the caller's. Each digest comes once.

    Raises ``StoreCorrupt`` for an object that is missing or does not hash to its name.
    """
    for item in items:
        with sink.file(item.name) as output:
            _copy(item, open_object, output, progress)
        progress.advance(steps=1)
    tags = _TagFiles(sink)
    tags.write("bagit.txt", _DECLARATION)
    tags.write("bag-info.txt", _info(info, items))
    if with_paths:
        tags.write(PATHS, "".join(_paths(item) for item in items))
    manifest = sorted((item.name, item.digest.hex()) for item in items)
    tags.write("manifest-sha256.txt", "".join(f"{one}  {name}\n" for name, one in manifest))
    tags.close()


def _copy(item: BagItem, open_object: OpenObject, output: Output, progress: Progress) -> None:
    try:
        fd = open_object(item.digest)
    except KeyError:
        raise StoreCorrupt(f"object {item.digest.hex()} is missing") from None
    hasher, length = hashlib.sha256(), 0
    try:
        while chunk := os.read(fd, CHUNK):
            hasher.update(chunk)
            output.write(chunk)
            length += len(chunk)
            progress.advance(amount=len(chunk))
    finally:
        os.close(fd)
    if hasher.digest() != item.digest or length != item.size:
        raise StoreCorrupt(f"object {item.digest.hex()} has other bytes than its name says")


def _info(info: BagInfo, items: Sequence[BagItem]) -> str:
    octets = sum(item.size for item in items)
    return (
        f"Bagging-Date: {info.bagged.isoformat()}\n"
        f"Bag-Software-Agent: {info.agent}\n"
        f"External-Identifier: {info.identifier}\n"
        f"Payload-Oxum: {octets}.{len(items)}\n"
    )


def _paths(item: BagItem) -> str:
    """A line of JSON for each name; bytes that are no UTF-8 stand as lone surrogates, escaped."""
    return "".join(
        json.dumps(
            {"sha256": item.digest.hex(), "path": path.decode("utf-8", "surrogateescape")},
            ensure_ascii=True,
        )
        + "\n"
        for path in item.untrusted_paths
    )
