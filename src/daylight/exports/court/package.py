"""Writes a court package into a sink: originals first, then what is said of them, then the manifest.

Pure: records and bytes in, files out. Nothing is under its final name until the sink is published.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from importlib.resources import files
from typing import Final, Protocol

from daylight.domain.digest import Digest
from daylight.domain.progress import Progress
from daylight.errors import MediaRefused, StoreCorrupt
from daylight.exports.base import Sink
from daylight.exports.court import declarations
from daylight.exports.court.contents import contents, seal_files
from daylight.exports.court.document import Document
from daylight.exports.court.premis import premis
from daylight.exports.court.records import Court, CourtItem, Written, WrittenItem
from daylight.exports.court.report import report
from daylight.exports.court.report_html import to_html
from daylight.exports.court.report_pdf import to_pdf
from daylight.exports.naming import file_name
from daylight.ledger.head import Signer
from daylight.ledger.leaf import canonical

CHUNK: Final = 4 << 20
MANIFEST: Final = "manifest-sha256.txt"
SIGNATURE: Final = "manifest-signature.json"
COPY: Final = "working-copy-not-evidence.ts"

OpenObject = Callable[[Digest], int]  # a new descriptor, to be closed; KeyError if there is none
MakeCopy = Callable[[CourtItem], "Copy"]  # raises ``MediaRefused`` where there is nothing to play


class Copy(Protocol):
    """A working copy: MPEG-TS in pieces, and what of it could not be made, a sentence or "".

    ``lost`` is known once the pieces are through.
    """

    @property
    def pieces(self) -> Iterable[bytes]: ...

    @property
    def lost(self) -> str: ...


class _Listing:
    """Writes files and remembers their hashes for the manifest."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._listed: dict[str, str] = {}

    def write(self, name: str, pieces: Iterable[bytes]) -> tuple[str, int]:
        """The file's SHA-256 in hexadecimal, and its size."""
        hasher, size = hashlib.sha256(), 0
        with self._sink.file(name) as output:
            for piece in pieces:
                hasher.update(piece)
                size += len(piece)
                output.write(piece)
        self._listed[name] = hasher.hexdigest()
        return hasher.hexdigest(), size

    def manifest(self) -> bytes:
        """As ``sha256sum -c`` reads it."""
        return "".join(f"{self._listed[name]}  {name}\n" for name in sorted(self._listed)).encode()


def write_package(
    sink: Sink,
    court: Court,
    open_object: OpenObject,
    make_copy: MakeCopy,
    signer: Signer,
    progress: Progress,
) -> str:
    """The SHA-256 of the manifest, in hexadecimal. Sealing and publishing the sink is the caller's.

    Raises ``StoreCorrupt`` for an object that is missing or has other bytes than its name says,
    and whatever sink and ``make_copy`` raise; ``MediaRefused`` of the latter becomes a sentence in
    the report.
    """
    listing = _Listing(sink)
    written = Written(
        {
            one.number: _item(listing, court, one, open_object, make_copy, progress)
            for one in court.items
        }
    )
    _seals(listing, court)
    made = datetime.strptime(court.made, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
    _printed(listing, "report", report(court, written), made)
    _printed(listing, "declarations/custodian", declarations.custodian(court), made)
    _printed(listing, "declarations/translator", declarations.translator(court), made)
    listing.write("premis.xml", [premis(court, written)])
    listing.write("package.json", [contents(court, written)])
    head = json.dumps(court.head.document(), indent=1).encode() + b"\n"
    listing.write("ledger-head.json", [head])
    listing.write("verify.py", [(files("daylight.exports.court") / "verify.py").read_bytes()])
    manifest = listing.manifest()
    listing.write(MANIFEST, [manifest])
    listing.write(SIGNATURE, [_signature(court, manifest, signer)])
    return hashlib.sha256(manifest).hexdigest()


def _signature(court: Court, manifest: bytes, signer: Signer) -> bytes:
    """What ties the whole package to the ledger's key: RFC 8785 JSON and a line's end."""
    said = {
        "schema": "court-manifest/1",
        "manifest": hashlib.sha256(manifest).hexdigest(),
        "head": hashlib.sha256(court.head.body()).hexdigest(),
    }
    body = canonical(said)
    return b'{"body":%s,"signature":"%s"}\n' % (body, signer.sign(body).hex().encode())


def _item(
    listing: _Listing,
    court: Court,
    item: CourtItem,
    open_object: OpenObject,
    make_copy: MakeCopy,
    progress: Progress,
) -> WrittenItem:
    folder = f"items/{item.number:04}"
    container = "" if item.facts is None else item.facts.container
    name = f"{folder}/original-{file_name(item.digest, container)}"
    old = ("md5", "sha1") if court.old_hashes else ()
    hashes = _original(listing, name, item, open_object, old, progress)
    progress.advance(steps=1)
    try:
        copy = make_copy(item)
    except MediaRefused as refused:
        return WrittenItem(name, hashes, no_copy=str(refused))
    digest, size = listing.write(f"{folder}/{COPY}", copy.pieces)
    return WrittenItem(name, hashes, f"{folder}/{COPY}", size, digest, copy.lost)


def _original(
    listing: _Listing,
    name: str,
    item: CourtItem,
    open_object: OpenObject,
    old: tuple[str, ...],
    progress: Progress,
) -> dict[str, str]:
    hashers = {short: hashlib.new(short, usedforsecurity=False) for short in old}

    def pieces() -> Iterable[bytes]:
        for piece in _pieces(item.digest, open_object):
            for one in hashers.values():
                one.update(piece)
            progress.advance(amount=len(piece))
            yield piece

    digest, size = listing.write(name, pieces())
    if digest != item.digest.hex() or size != item.size:
        raise StoreCorrupt(f"object {item.digest.hex()} has other bytes than its name says")
    return {"sha256": digest, **{short: one.hexdigest() for short, one in hashers.items()}}


def _pieces(digest: Digest, open_object: OpenObject) -> Iterable[bytes]:
    try:
        fd = open_object(digest)
    except KeyError:
        raise StoreCorrupt(f"object {digest.hex()} is missing") from None
    try:
        while piece := os.read(fd, CHUNK):
            yield piece
    finally:
        os.close(fd)


def _seals(listing: _Listing, court: Court) -> None:
    for held in court.heads:
        for number, seal in enumerate(held.seals, 1):
            token, certificates = seal_files(held, number)
            listing.write(token, [seal.token])
            listing.write(certificates, [seal.certificates])


def _printed(listing: _Listing, name: str, document: Document, made: datetime) -> None:
    listing.write(f"{name}.html", [to_html(document)])
    listing.write(f"{name}.pdf", [to_pdf(document, made)])
