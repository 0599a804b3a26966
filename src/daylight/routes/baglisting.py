"""What a bag lists, against what lies in it. Pure: tag files and names in, faults out.

Memory grows with the manifests (a bag cannot be judged by less), not with the payload's bytes.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from daylight.errors import BagOutside
from daylight.routes.bagformat import (
    BagFault,
    BagReason,
    Declaration,
    Line,
    algorithm_of,
    decode,
    fetch_lines,
    info_pairs,
    is_system_file,
    link_escapes,
    manifest_lines,
    parse_declaration,
    parse_oxum,
)
from daylight.routes.base import Arrival, Declared, EntryKind

PAYLOAD: Final = "data/"
INFO: Final = ("bag-info.txt", "package-info.txt")  # the second in the drafts up to 0.95
_MANIFEST: Final = re.compile(r"(tag)?manifest-[^/]+\.txt")


def is_tag_file(name: bytes) -> bool:
    """Whether the listing must read it, by its name in the bag's own folder."""
    text = _text(name)
    return text in ("bagit.txt", "fetch.txt", *INFO) or bool(_MANIFEST.fullmatch(text))


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _variant(path: str) -> str:
    """What names have in common that some file systems do not tell apart."""
    return unicodedata.normalize("NFC", path).casefold()


@dataclass(slots=True)
class _Entry:
    digests: dict[str, bytes] = field(default_factory=dict)
    met: bool = False


class Listing:
    """What the tag files of one bag say; then :meth:`meet` each entry, then :meth:`finish`.

    ``tag_files``: those that :func:`is_tag_file` names, by name; ``None`` where one is unreadable.
    Raises ``BagOutside`` for a name that leads out of the bag.
    """

    def __init__(self, tag_files: Mapping[str, bytes | None]) -> None:
        self.faults: list[BagFault] = []
        self._entries: dict[str, _Entry] = {}
        self._written: dict[str, str] = {}  # as it was written, where that is not what it means
        self._to_fetch: set[str] = set()
        self._manifests: set[str] = set()
        self._oxum: set[tuple[int, int]] = set()
        self._octets = self._files = 0
        self._unlisted: dict[str, list[str]] = {}
        self.declaration = parse_declaration(tag_files.get("bagit.txt") or b"")
        for reason in self.declaration.faults:
            self._fault("bagit.txt", reason)
        for name, text in self._texts(tag_files):
            self._read(name, text)
        if not self._manifests:
            self._fault("", BagReason.NO_MANIFEST)

    def _fault(self, path: str, reason: BagReason) -> None:
        self.faults.append(BagFault(_bytes(path), reason))

    def _texts(self, tag_files: Mapping[str, bytes | None]) -> Iterator[tuple[str, str]]:
        for name, data in sorted(tag_files.items()):
            if data is None:
                self._fault(name, BagReason.UNREADABLE)
            elif name != "bagit.txt":
                try:
                    text, marked = decode(data, self.declaration.encoding)
                except ValueError:
                    self._fault(name, BagReason.ENCODING)
                    continue
                if marked:
                    self._fault(name, BagReason.BYTE_ORDER_MARK)
                yield name, text

    def _read(self, name: str, text: str) -> None:
        if name in INFO:
            self._read_info(name, text)
        elif name == "fetch.txt":
            lines = list(self._sound(name, fetch_lines(text, self.declaration)))
            self._to_fetch.update(line.path for line in lines)
            self._fault(name, BagReason.FETCH)
        else:
            self._read_manifest(name, text, self.declaration)

    def _read_info(self, name: str, text: str) -> None:
        pairs, wrong = info_pairs(text)
        if wrong:
            self._fault(name, BagReason.LINE)
        for value in (value for label, value in pairs if label == "payload-oxum"):
            oxum = parse_oxum(value)
            if oxum is None:
                self._fault(name, BagReason.OXUM)
            else:
                self._oxum.add(oxum)

    def _read_manifest(self, name: str, text: str, declared: Declaration) -> None:
        algorithm, of_tags = algorithm_of(name), name.startswith("tag")
        if not algorithm:
            self._fault(name, BagReason.ALGORITHM)
        elif not of_tags:
            self._manifests.add(algorithm)
        seen: dict[str, bytes] = {}
        for line in self._sound(name, manifest_lines(text, algorithm, declared)):
            if line.path.startswith(PAYLOAD) == of_tags:
                self._fault(line.path, BagReason.MISPLACED)
            if line.path in seen:
                same = seen[line.path] == line.digest and not declared.is_final
                again = BagReason.LISTED_AGAIN if same else BagReason.LISTED_TWICE
                self._fault(line.path, again)
                continue
            seen[line.path] = line.digest
            self._list(line, algorithm)

    def _list(self, line: Line, algorithm: str) -> None:
        entry = self._entries.setdefault(line.path, _Entry())
        if algorithm:
            entry.digests[algorithm] = line.digest
        if line.raw != line.path:
            self._written[line.raw] = line.path

    def _sound(self, name: str, lines: Iterable[Line | None]) -> Iterator[Line]:
        """The lines that make sense; a fault of a kind is told once a file."""
        odd: set[BagReason] = set()
        for line in lines:
            if line is None:
                odd.add(BagReason.LINE)
                continue
            if line.outside:
                raise BagOutside(f"a name listed in the bag's {_kind(name)} leads out of the bag")
            odd.update(line.odd)
            yield line
        for reason in sorted(odd):
            self._fault(name, reason)

    def meet(self, arrival: Arrival) -> None:
        """Something lies in the bag. Raises ``BagOutside`` for a link that leads out of it."""
        path = arrival.untrusted_path
        is_link = arrival.kind is EntryKind.LINK
        if is_link and link_escapes(path, arrival.untrusted_target):
            raise BagOutside("a link in the bag leads out of it")
        text = _text(path)
        entry = self._entry(text)
        if entry is not None:
            entry.met = True
        in_payload = text.startswith(PAYLOAD)
        if is_link and (in_payload or entry is not None or text == "data"):
            self._fault_at(path, BagReason.LINKED)
        elif in_payload:
            self._count(arrival)
            self._judge(path, text, entry)

    def _fault_at(self, path: bytes, reason: BagReason) -> None:
        self.faults.append(BagFault(path, reason))

    def _count(self, arrival: Arrival) -> None:
        self._files += 1
        self._octets += max(arrival.size, 0)

    def _judge(self, path: bytes, text: str, entry: _Entry | None) -> None:
        if entry is None:
            self._unlisted.setdefault(_variant(text), []).append(text)
        elif self.declaration.is_final and not self._manifests <= entry.digests.keys():
            self._fault_at(path, BagReason.UNLISTED)
        elif is_system_file(text):
            self._fault_at(path, BagReason.SYSTEM_FILE)

    def _entry(self, text: str) -> _Entry | None:
        """What is listed under this name; else what was written so, though it should mean another."""
        found = self._entries.get(text)
        if found is None and text in self._written:
            found = self._entries[self._written[text]]
            if not found.met:
                self._fault(text, BagReason.PERCENT)
        return found

    def finish(self, *, has_payload: bool) -> None:
        """All was met: what is missing, what was not listed, whether the sums are right."""
        if not has_payload:
            self._fault("data", BagReason.NO_PAYLOAD)
        for path in sorted(self._to_fetch - self._entries.keys()):
            self._fault(path, BagReason.UNLISTED)
        missing = [path for path, entry in self._entries.items() if not entry.met]
        met = self._met_by_variant()
        gone = [path for path in missing if not self._stands_for(path, met)]
        for path in gone:
            self._fault(path, self._why_missing(path))
        for names in self._unlisted.values():
            for name in names:
                self._fault_at(_bytes(name), BagReason.UNLISTED)
        self._check_sums(sum(is_system_file(path) for path in gone))

    def _met_by_variant(self) -> dict[str, _Entry]:
        """Two that are one to some file systems would lie on each other there."""
        met: dict[str, _Entry] = {}
        for path, entry in self._entries.items():
            if entry.met and met.setdefault(_variant(path), entry) is not entry:
                self._fault(path, BagReason.NAME_VARIANT)
        return met

    def _stands_for(self, path: str, met: Mapping[str, _Entry]) -> bool:
        """Whether a file is there whose name a file system may take for the same.

        Either one that is not listed: then it is held to what the list says of the other name. Or
        one that is listed too, with the same digests: then nothing is lost.
        """
        entry, key = self._entries[path], _variant(path)
        if names := self._unlisted.get(key):
            name = names.pop()
            self._written[name] = path
        elif key not in met or met[key].digests != entry.digests:
            return False
        entry.met = True
        self._fault(path, BagReason.NAME_VARIANT)
        return True

    def _why_missing(self, path: str) -> BagReason:
        if path in self._to_fetch:
            return BagReason.NOT_FETCHED
        return BagReason.SYSTEM_FILE if is_system_file(path) else BagReason.MISSING

    def _check_sums(self, dropped: int) -> None:
        """``dropped``: system files that are gone; their bytes are unknown."""
        if len(self._oxum) > 1:
            self._fault("bag-info.txt", BagReason.OXUM)
        for octets, files in self._oxum:
            more = octets - self._octets
            if files != self._files + dropped or more < 0 or (more and not dropped):
                self._fault("bag-info.txt", BagReason.OXUM)

    def declared(self, path: bytes) -> Declared:
        """What the manifests say of the file at ``path``: algorithms with their digests."""
        text = _text(path)
        entry = self._entries.get(text) or self._entries.get(self._written.get(text, ""))
        return tuple(sorted(entry.digests.items())) if entry is not None else ()


def _kind(name: str) -> str:
    """Which tag file it is; its name may hold anything."""
    return "fetch.txt" if name == "fetch.txt" else "manifest"
