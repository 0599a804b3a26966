"""What a court package is made of: frozen records, gathered by the service, written by this room."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from daylight.domain.digest import Digest
from daylight.domain.media import MediaFacts
from daylight.ledger.head import SignedHead

NOT_RECORDED = "not recorded in this vault"


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens an entry's commitment to an item: ``path`` leads to the root over all its objects."""

    item: int
    position: int
    salt: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class OpenedEntry:
    """A ledger entry, its audit path under the head, and as much of it as is opened.

    ``details`` and ``salt`` are None where the details stay closed; ``withheld`` says why.
    """

    index: int
    at: str
    action: str
    agent: str
    leaf: bytes
    path: tuple[bytes, ...]
    details: bytes | None = None
    salt: bytes | None = None
    withheld: str = ""
    openings: tuple[Opening, ...] = ()


@dataclass(frozen=True, slots=True)
class Witness:
    """A countersignature by OpenSSH over the head's file; ``key``: as OpenSSH writes it."""

    name: str
    key: str
    signature: str


@dataclass(frozen=True, slots=True)
class Seal:
    """An RFC 3161 answer (DER) over the SHA-256 of the head's body; ``certificates``: PEM."""

    authority: str
    token: bytes
    certificates: bytes
    made: str


@dataclass(frozen=True, slots=True)
class HeldHead:
    """A head that others know of, and how the package's head follows from it (RFC 6962 2.1.2)."""

    head: SignedHead
    consistency: tuple[bytes, ...]
    witnesses: tuple[Witness, ...] = ()
    seals: tuple[Seal, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseLink:
    """What ties an item to a commitment that was published: see ``ledger.release``."""

    item: int
    entry: int
    root: bytes
    count: int
    position: int
    commitment: bytes
    salt: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Met:
    """An occurrence. ``untrusted_path`` is None unless leaked names were asked for."""

    accession: str
    entry: int
    read_back: bool
    untrusted_path: bytes | None = None
    mtime: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a detector said; ``failed``: why it could not. ``read_from``: what it read, where that was
    not the original but what a program rebuilt of it.
    """

    detector: str
    version: int
    failed: str = ""
    read_from: Digest | None = None


@dataclass(frozen=True, slots=True)
class CourtItem:
    """One original. ``number``: from 1, its place in the package. ``facts``: None if not examined.

    ``marks`` that contradict and ``neighbours`` of the same camera are sentences; None: the vault
    keeps no such records. ``burnt_in`` and ``real_time`` likewise.
    """

    number: int
    digest: Digest
    size: int
    public_id: str
    facts: MediaFacts | None
    met: tuple[Met, ...]
    found: tuple[Found, ...]
    entries: tuple[int, ...]
    probe_version: int | None = None
    burnt_in: str | None = None
    real_time: str | None = None
    marks: tuple[str, ...] | None = None
    neighbours: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """One accession, as much of it as may be told. ``stated``: topic to text, where opened.

    ``topics``: what something was stated about, whether or not it is opened.
    """

    name: str
    items: tuple[int, ...]
    entries: tuple[int, ...]
    topics: tuple[str, ...]
    stated: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Selection:
    """How the items were chosen: ``text`` in words, "" if nobody said; ``left_out``: by count.

    ``search``: what a search found, in a sentence; "" where none was named.
    """

    text: str
    items_in_vault: int
    left_out: int
    search: str = ""


@dataclass(frozen=True, slots=True)
class Court:
    """Everything that a package says. ``agents``: what an agent's id is shown as."""

    vault: str
    made: str
    version: str
    head: SignedHead
    heads: tuple[HeldHead, ...]
    entries: tuple[OpenedEntry, ...]
    items: tuple[CourtItem, ...]
    transfers: tuple[Transfer, ...]
    selection: Selection
    agents: Mapping[str, str]
    releases: tuple[ReleaseLink, ...] = ()
    with_paths: bool = False
    with_custody: bool = False
    with_names: bool = False
    old_hashes: bool = False

    def entries_about(self, number: int) -> list[OpenedEntry]:
        """The entries on an item, in their order."""
        wanted = set(self.items[number - 1].entries)
        return [one for one in self.entries if one.index in wanted]


@dataclass(frozen=True, slots=True)
class WrittenItem:
    """What lies in the package for an item. ``copy``: the working copy's name, "" without one.

    ``no_copy``: why there is none, or what of it is missing.
    ``hashes``: ``sha256``, and ``md5`` and ``sha1`` where they were asked for, in hexadecimal.
    """

    original: str
    hashes: Mapping[str, str]
    copy: str = ""
    copy_bytes: int = 0
    copy_sha256: str = ""
    no_copy: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What has been written before the report: by the item's number."""

    items: Mapping[int, WrittenItem] = field(default_factory=dict)
