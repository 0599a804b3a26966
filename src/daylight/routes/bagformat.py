"""The text files of a bag: BagIt 1.0 (RFC 8493) and its drafts 0.93 to 0.97. Pure: text in, values out.

What a bag says is hostile: names are compared with what lies there and are never opened, no address
is ever fetched. Nothing here raises for bad content but ``ValueError`` for text in another encoding
than declared; a line that makes no sense is told as such and the others are read.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple


class BagReason(StrEnum):
    """What is wrong with a bag; stable names, documented in docs/routes.md."""

    DECLARATION = "declaration"
    VERSION = "version"
    ENCODING = "encoding"
    UNREADABLE = "unreadable"
    NO_MANIFEST = "no-manifest"
    NO_PAYLOAD = "no-payload"
    LINE = "line"
    MISPLACED = "misplaced"
    MISSING = "missing"
    NOT_FETCHED = "not-fetched"
    MISMATCH = "mismatch"
    UNLISTED = "unlisted"
    LISTED_TWICE = "listed-twice"
    LINKED = "linked"
    OXUM = "oxum"
    # What follows leaves a bag valid.
    LISTED_AGAIN = "listed-again"
    ALGORITHM = "algorithm"
    MD5SUM = "md5sum"
    DOT_SLASH = "dot-slash"
    PERCENT = "percent"
    NAME_VARIANT = "name-variant"
    SYSTEM_FILE = "system-file"
    FETCH = "fetch"
    BYTE_ORDER_MARK = "byte-order-mark"


WARNINGS: Final = frozenset(
    {
        BagReason.LISTED_AGAIN,
        BagReason.ALGORITHM,
        BagReason.MD5SUM,
        BagReason.DOT_SLASH,
        BagReason.PERCENT,
        BagReason.NAME_VARIANT,
        BagReason.SYSTEM_FILE,
        BagReason.FETCH,
        BagReason.BYTE_ORDER_MARK,
    }
)


class BagFault(NamedTuple):
    """``untrusted_path``: relative to the bag, a leaked name; the file at fault, or that says so."""

    untrusted_path: bytes
    reason: BagReason

    @property
    def level(self) -> str:
        return "warning" if self.reason in WARNINGS else "error"


@dataclass(frozen=True, slots=True)
class Declaration:
    """``bagit.txt``. ``faults``: what is wrong with it; the rest is then a guess."""

    version: tuple[int, int]
    encoding: str
    faults: tuple[BagReason, ...] = ()

    @property
    def is_final(self) -> bool:
        """Whether RFC 8493 itself applies, which is stricter than the drafts."""
        return self.version >= (1, 0)


class Line(NamedTuple):
    """One file that a manifest or fetch.txt lists.

    ``path``: decoded and without ``./``; ``raw``: as it was written. ``digest`` is empty in
    fetch.txt and where the algorithm is unknown. ``outside``: it leads out of the bag.
    """

    path: str
    raw: str
    digest: bytes
    odd: tuple[BagReason, ...]
    outside: bool


VERSIONS: Final = frozenset({(0, 93), (0, 94), (0, 95), (0, 96), (0, 97), (1, 0)})
# Bytes of a digest, by the name in the manifest's file name without hyphens.
ALGORITHMS: Final = {"md5": 16, "sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64}

_BREAK = r"(?:\r\n|\r|\n)"
_DECLARED: Final = re.compile(
    rf"BagIt-Version: ([0-9]+)\.([0-9]+){_BREAK}Tag-File-Character-Encoding: (\S+){_BREAK}?"
)
_VERSION: Final = re.compile(r"BagIt-Version\s*:\s*([0-9]{1,4})\.([0-9]{1,4})\s", re.IGNORECASE)
_ENCODING: Final = re.compile(r"Tag-File-Character-Encoding\s*:\s*(\S{1,40})", re.IGNORECASE)
# Python knows codecs that are no encodings of text; only these are asked.
_ENCODINGS: Final = re.compile(
    r"ascii|utf-(8|16|32)(-[lb]e)?|iso8859-[0-9]+|cp[0-9]+|koi8-[ru]|mac-cyrillic|"
    r"shift_jis|euc_(jp|kr)|gb2312|gbk|gb18030|big5"
)


def parse_declaration(data: bytes) -> Declaration:
    """``bagit.txt``: exactly two lines in UTF-8 without a mark. What is wrong is told, not raised."""
    text = data[:4096].decode("utf-8", "replace")
    strict = _DECLARED.fullmatch(text) if len(data) <= 4096 else None
    faults = [] if strict else [BagReason.DECLARATION]
    version, named = _VERSION.search(text + "\n"), _ENCODING.search(text)
    number = (int(version[1]), int(version[2])) if version else (1, 0)
    if number not in VERSIONS:
        faults.append(BagReason.VERSION)
    encoding = known_encoding(named[1] if named else "UTF-8")
    if not encoding:
        faults.append(BagReason.ENCODING)
    return Declaration(number, encoding or "utf-8", tuple(faults))


def known_encoding(name: str) -> str:
    """Python's name of an encoding of text; empty for all else."""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    return found if _ENCODINGS.fullmatch(found) else ""


def decode(data: bytes, encoding: str) -> tuple[str, bool]:
    """The text of a tag file, and whether a needless byte order mark was left out.

    Raises ``ValueError`` where the bytes are not in that encoding.
    """
    text = data.decode(encoding)
    marked = text.startswith("\ufeff")
    return text.removeprefix("\ufeff"), marked


def algorithm_of(name: str) -> str:
    """``manifest-sha256.txt`` to ``sha256``; empty for an algorithm that is not known."""
    text = name.removeprefix("tag").removeprefix("manifest-").removesuffix(".txt")
    plain = text.lower().replace("-", "")
    return plain if plain in ALGORITHMS else ""


_LISTED: Final = re.compile(r"([0-9A-Fa-f]+)[ \t]+(\*?)(.+)")
_FETCHED: Final = re.compile(r"\S+[ \t]+(?:[0-9]+|-)[ \t]+(.+)")


def manifest_lines(text: str, algorithm: str, declared: Declaration) -> Iterator[Line | None]:
    """What a manifest lists; ``None`` for a line that makes no sense."""
    for line in _lines(text):
        found = _LISTED.fullmatch(line)
        if found is None or "\0" in line:
            yield None
            continue
        if algorithm and len(found[1]) != 2 * ALGORITHMS[algorithm]:
            yield None
            continue
        digest = bytes.fromhex(found[1]) if algorithm else b""
        odd = (BagReason.MD5SUM,) if found[2] else ()
        yield _line(found[3], digest, odd, declared)


def fetch_lines(text: str, declared: Declaration) -> Iterator[Line | None]:
    """What fetch.txt would have fetched: the names alone, the addresses are nobody's business."""
    for line in _lines(text):
        found = _FETCHED.fullmatch(line)
        wrong = found is None or "\0" in line
        yield None if found is None or wrong else _line(found[1], b"", (), declared)


def _lines(text: str) -> Iterator[str]:
    """By CR, LF and CRLF alone: ``splitlines`` knows more, which names may hold."""
    return (line for line in re.split(_BREAK, text) if line.strip(" \t"))


_CODED: Final = re.compile(r"%(0[AaDd]|25)")
_CODED_IN_DRAFTS: Final = re.compile(r"%(0[AaDd])")


def _line(raw: str, digest: bytes, odd: tuple[BagReason, ...], declared: Declaration) -> Line:
    coded = _CODED if declared.is_final else _CODED_IN_DRAFTS
    decoded = coded.sub(lambda found: chr(int(found[1], 16)), raw)
    plain, written = _plain(decoded), _plain(raw)
    if plain != decoded:
        odd = (*odd, BagReason.DOT_SLASH)
    return Line(plain, written, digest, odd, escapes(decoded) or escapes(raw))


def _plain(path: str) -> str:
    return "/".join(part for part in path.split("/") if part not in ("", "."))


_ELSEWHERE: Final = re.compile(
    r"[/\\]"  # absolute, or a Windows share
    r"|[A-Za-z]:"  # a drive
    r"|~[A-Za-z0-9._-]*(?:[/\\]|$)"  # somebody's home
    r"|%[^%/\\]+%[/\\]"  # a variable of Windows
)


def escapes(path: str) -> bool:
    """Whether a listed name leads out of the bag, on this system or on another."""
    parts = {*re.split(r"[/\\]", path), *path.replace("\\", "").split("/")}
    return bool(_ELSEWHERE.match(path)) or ".." in parts


def link_escapes(path: bytes, target: bytes) -> bool:
    """Whether the link at ``path`` (relative to the bag) may lead out of it.

    ``..`` is understood at the start alone: after a name it may climb from wherever that leads.
    """
    if escapes_as_bytes(target):
        return True
    parts = [part for part in target.split(b"/") if part not in (b"", b".")]
    climbs = 0
    while climbs < len(parts) and parts[climbs] == b"..":
        climbs += 1
    return b".." in parts[climbs:] or climbs > path.count(b"/")


def escapes_as_bytes(target: bytes) -> bool:
    """Absolute here or elsewhere."""
    return bool(_ELSEWHERE.match(target.decode("utf-8", "surrogateescape")))


def info_pairs(text: str) -> tuple[list[tuple[str, str]], bool]:
    """``bag-info.txt``: labels in lower case with their values, and whether a line made no sense."""
    pairs: list[tuple[str, str]] = []
    wrong = False
    for line in _lines(text):
        label, colon, value = line.partition(":")
        if line[0] in " \t" and pairs:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]} {line.strip()}")
        elif colon and label.strip() and line[0] not in " \t":
            pairs.append((label.strip().lower(), value.strip()))
        else:
            wrong = True
    return pairs, wrong


def parse_oxum(value: str) -> tuple[int, int] | None:
    """``Payload-Oxum``: bytes and files; ``None`` for what is none."""
    found = re.fullmatch(r"([0-9]{1,20})\.([0-9]{1,20})", value)
    return (int(found[1]), int(found[2])) if found else None


_SYSTEM: Final = frozenset({".ds_store", "thumbs.db", "desktop.ini"})


def is_system_file(path: str) -> bool:
    """What file managers drop and remove by themselves."""
    name = path.rsplit("/", 1)[-1]
    return name.lower() in _SYSTEM or name.startswith("._")
