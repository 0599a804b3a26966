"""Going over a whole ledger again: every leaf, opening, stored hash and head, in one pass.

Memory does not grow with the ledger: what is stored is compared level by level by a running hash,
and only the roots that heads ask for are kept.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from daylight.domain.fault import Fault
from daylight.ledger.approval import NEEDED, People, subject_of
from daylight.ledger.head import SignedHead
from daylight.ledger.keys import KeyHistory
from daylight.ledger.leaf import SALT_BYTES, commit, commit_details, commit_objects
from daylight.ledger.merkle import EMPTY, EMPTY_ROOT, Growing, Node, leaf_hash

DIGEST_BYTES = 32
MAX_FAULTS = 1000  # that are told; what follows a first break is often broken with it


Opened = tuple[bytes | None, bytes | None, bytes | None]


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as it is kept.

    ``openings``: salt, digest and commitment of its objects: the first two, or once it was purged
    the third alone. ``subject_salt`` opens what two people approved to be done to its objects.
    """

    index: int
    leaf: bytes
    details: bytes | None
    details_salt: bytes | None
    openings: Sequence[Opened] = ()
    subject_salt: bytes | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """``keys``: who may sign the next head; one key, or none where the ledger names none."""

    entries: int
    root: bytes
    faults: tuple[Fault, ...]
    keys: frozenset[bytes] = frozenset()


@dataclass
class _Level:
    """A running hash over the subtrees of one level, in their order, and how many there were."""

    running: Any = field(default_factory=hashlib.sha256)
    count: int = 0

    def take(self, position: int, value: bytes) -> None:
        self.running.update(position.to_bytes(8, "big") + value)
        self.count += 1


class Recheck:
    """Feed every :class:`Row` in order, each of the catalogue's own heads once the tree has its size,
    then every stored :class:`Node` by level and position; then :meth:`finish`.

    ``heads``: those from files and from outside, by the name that a fault shall bear.
    """

    def __init__(self, vault: str, heads: Mapping[str, SignedHead]) -> None:
        self._vault, self._heads = vault, heads
        self._wanted = {head.head.size for head in heads.values()}
        self._wanted_of_us = set(
            self._wanted
        )  # sizes of heads that the catalogue must hold as well
        self._roots: dict[int, bytes] = {0: EMPTY_ROOT}
        self._tree = Growing(EMPTY)
        self._covered = 0  # entries that the newest of the catalogue's own heads covers
        self._computed: dict[int, _Level] = {}
        self._stored: dict[int, _Level] = {}
        self._faults: list[Fault] = []
        self._closed: set[int] = set()
        self.history = KeyHistory()
        self.people = People(vault)

    def entry(self, row: Row) -> None:
        """The next entry."""
        index = self._tree.size
        self._check(index, row)
        for level, position, value in self._tree.append(leaf_hash(row.leaf)):
            self._computed.setdefault(level, _Level()).take(position, value)
        if self._tree.size in self._wanted:
            self._roots[self._tree.size] = self._tree.root()

    @property
    def size(self) -> int:
        return self._tree.size

    def head(self, signed: SignedHead) -> None:
        """A head of the catalogue: over the entries so far, else it is beyond them."""
        self._covered = max(self._covered, signed.head.size)
        self._wanted_of_us.discard(signed.head.size)
        if signed.head.size == self._tree.size:
            self._roots[signed.head.size] = self._tree.root()
        self._faults += list(self._head_faults(str(signed.head.size), signed))
        if signed.head.size not in self._wanted:
            self._roots.pop(signed.head.size, None)

    def no_head(self, size: int) -> None:
        """A row that should hold the catalogue's head of this size, and does not."""
        self._covered = max(self._covered, size)
        self._say("head-forged", f"head {size}", "what is kept as a head of the ledger is none")

    def stored(self, node: Node) -> None:
        """The hash of a subtree as it is kept."""
        self._stored.setdefault(node.level, _Level()).take(node.position, node.hash)

    def finish(self) -> Result:
        for level in sorted(self._computed.keys() | self._stored.keys()):
            computed = self._computed.get(level, _Level())
            stored = self._stored.get(level, _Level())
            if computed.running.digest() != stored.running.digest():
                self._say(
                    "subtree-changed",
                    f"level {level}",
                    "the stored hashes of the tree are not those of its entries",
                )
        for index in sorted(self._closed - self.people.explained):
            self._say("closed-unpurged", f"entry {index}", "it was closed, and no purge says so")
        for name, head in self._heads.items():
            self._faults += list(self._head_faults(name, head))
        self._miss_heads()
        size, told = self._tree.size, tuple(self._faults[:MAX_FAULTS])
        return Result(size, self._tree.root(), told, self.history.active(size + 1))

    def _miss_heads(self) -> None:
        size = self._tree.size
        if self._covered < size:
            self._say("head-missing", f"entry {size - 1}", "no head covers the newest entries")
        for name, head in self._heads.items():
            one = head.head
            if one.size in self._wanted_of_us and one.size <= size and one.vault == self._vault:
                self._say(
                    "head-missing", f"head {name}", "the catalogue does not know of this head"
                )

    def _say(self, name: str, what: str, detail: str) -> None:
        if len(self._faults) < MAX_FAULTS:
            self._faults.append(Fault(name, what, detail))

    def _check(self, index: int, row: Row) -> None:
        where = f"entry {row.index}"
        if row.index != index:
            missing = row.index > index
            self._say(
                "entry-missing" if missing else "entry-misplaced",
                where,
                f"the ledger goes on at {row.index} where {index} should follow",
            )
        leaf = _leaf(row.leaf)
        if leaf is None:
            self._say("leaf-unreadable", where, "the entry is no leaf of a ledger")
            return
        if leaf["index"] != row.index:
            self._say(
                "entry-misplaced", where, f"the entry says of itself that it is {leaf['index']}"
            )
        self._check_details(where, leaf, row)
        self._check_objects(where, leaf, row)

    def _check_details(self, where: str, leaf: Mapping[str, Any], row: Row) -> None:
        if row.details_salt is None:
            self._closed.add(row.index)
            self._check_people(where, leaf["action"], None)
            return
        held = _opened_details(row.details_salt, row.details)
        if held.hex() != leaf["details"]:
            self._say("details-changed", where, "the details are not those that were entered")
            return
        for name, detail in self.history.take(row.index, leaf["action"], row.details or b""):
            self._say(name, where, detail)
        self._check_people(where, leaf["action"], row.details)

    def _check_people(self, where: str, action: str, details: bytes | None) -> None:
        for name, detail in self.people.take(action, details):
            self._say(name, where, detail)

    def _check_objects(self, where: str, leaf: Mapping[str, Any], row: Row) -> None:
        if any(salt is None for salt, _, _ in row.openings):
            self._closed.add(row.index)
        held = [one for one in map(_commitment, row.openings) if one is not None]
        if len(held) < len(row.openings):
            return  # closed without a trace: told at the end, unless a purge did it
        if (len(held), commit_objects(held).hex()) != (leaf["count"], leaf["object"]):
            self._say("objects-changed", where, "the files are not those that were entered")
        elif leaf["action"] in NEEDED:
            self._check_subject(where, row)

    def _check_subject(self, where: str, row: Row) -> None:
        """That two people signed for these very items, unless a purge has closed what tells."""
        digests = [digest for _, digest, _ in row.openings if digest is not None]
        if row.details is None or len(digests) < len(row.openings):
            return
        if not row.openings:
            digests = _kept_digests(row.details)
        if digests and row.subject_salt is None:
            self._say("closed-unpurged", where, "what binds its two signatures to items is gone")
        elif digests and not _is_about(row.details, row.subject_salt or b"", digests):
            self._say("approval-forged", where, "two people approved it for other items")

    def _head_faults(self, name: str, signed: SignedHead) -> Iterator[Fault]:
        head, what = signed.head, f"head {name}"
        if head.vault != self._vault:
            yield Fault("head-foreign", what, "it is the head of another vault")
            return
        if not signed.is_signed():
            yield Fault("head-forged", what, "its signature does not hold")
            return
        if head.size > self._tree.size:
            yield Fault(
                "ledger-rolled-back",
                what,
                f"it covers {head.size} entries, the ledger has {self._tree.size}",
            )
            return
        if self._roots.get(head.size) != head.root:
            yield Fault(
                "head-contradicted",
                what,
                f"the first {head.size} entries are not those that it was signed over",
            )
        if head.key not in self.history.active(head.size):
            yield Fault("head-key-unknown", what, "it is signed by a key that was not the ledger's")


def _commitment(opened: Opened) -> bytes | None:
    salt, digest, bare = opened
    if salt is None:
        return bare
    right = digest is not None and len(digest) == DIGEST_BYTES and len(salt) == SALT_BYTES
    return commit(salt, digest or b"") if right else b""  # opens nothing


def _is_about(details: bytes, salt: bytes, digests: Sequence[bytes]) -> bool:
    try:
        said = json.loads(details)["subject"]
        return bool(said == subject_of(salt, digests).hex())
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def _kept_digests(details: bytes) -> list[bytes]:
    """What a purge names where a law demands that the hashes be kept; else nothing."""
    try:
        said = json.loads(details)
        return [bytes.fromhex(one) for one in said.get("digests", "").split()]
    except (ValueError, AttributeError, RecursionError):
        return []


def _leaf(data: bytes) -> Mapping[str, Any] | None:
    try:
        leaf = json.loads(data)
        known = {"index", "action", "count", "object", "details"} <= leaf.keys()
    except (ValueError, AttributeError, RecursionError):
        return None
    return leaf if known else None


def _opened_details(salt: bytes, details: bytes | None) -> bytes:
    """The commitment that they open, nothing where they open none."""
    return commit_details(salt, details) if details and len(salt) == SALT_BYTES else b""
