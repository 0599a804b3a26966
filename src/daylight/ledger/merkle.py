"""RFC 6962 section 2.1: the Merkle tree, grown one leaf at a time.

A tree of n leaves is kept as its *frontier*: the roots of the complete subtrees that n's binary
digits name, largest first. Appending a leaf completes some subtrees; their hashes are returned, so
that a store may keep them for proofs and never hash the past again.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_sha256 = hashlib.sha256
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    return _sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Node:
    """The root of the complete subtree over leaves ``[position << level, (position+1) << level)``."""

    level: int
    position: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Frontier:
    """``size`` leaves; ``hashes``: one per set bit of ``size``, the largest subtree first."""

    size: int
    hashes: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if len(self.hashes) != self.size.bit_count():
            raise ValueError("a frontier holds one hash for each set bit of its size")

    def root(self) -> bytes:
        """The Merkle tree hash of all leaves; SHA-256 of nothing for the empty tree."""
        if not self.hashes:
            return EMPTY_ROOT
        *left, root = self.hashes
        for sibling in reversed(left):
            root = node_hash(sibling, root)
        return root

    def append(self, hashed_leaf: bytes) -> tuple["Frontier", tuple[Node, ...]]:
        """The next frontier and the subtrees that this leaf completed, the leaf itself first."""
        hashes = list(self.hashes)
        done = [Node(0, self.size, hashed_leaf)]
        level = 0
        while self.size >> level & 1:
            level += 1
            top = node_hash(hashes.pop(), done[-1].hash)
            done.append(Node(level, self.size >> level, top))
        return Frontier(self.size + 1, (*hashes, done[-1].hash)), tuple(done)


EMPTY = Frontier(0, ())


def frontier_positions(size: int) -> tuple[tuple[int, int], ...]:
    """(level, position) of each subtree in the frontier of a tree of ``size`` leaves."""
    levels = [level for level in range(size.bit_length()) if size >> level & 1]
    return tuple((level, (size >> level) - 1) for level in reversed(levels))


class Growing:
    """A tree that is grown in place: for many leaves, without a new frontier for each."""

    def __init__(self, frontier: Frontier) -> None:
        self.size = frontier.size
        self._hashes = list(frontier.hashes)

    def append(self, hashed_leaf: bytes) -> list[tuple[int, int, bytes]]:
        """(level, position, hash) of the subtrees that this leaf completed, the leaf itself first."""
        return self.extend([hashed_leaf])

    def extend(self, hashed_leaves: Iterable[bytes]) -> list[tuple[int, int, bytes]]:
        """:meth:`append` for many."""
        size, hashes = self.size, self._hashes
        done: list[tuple[int, int, bytes]] = []
        for leaf in hashed_leaves:
            top, level = leaf, 0
            done.append((0, size, top))
            while size >> level & 1:
                level += 1
                top = _sha256(b"\x01" + hashes.pop() + top).digest()
                done.append((level, size >> level, top))
            hashes.append(top)
            size += 1
        self.size = size
        return done

    def frontier(self) -> Frontier:
        return Frontier(self.size, tuple(self._hashes))

    def root(self) -> bytes:
        return self.frontier().root()


def grow(frontier: Frontier, leaves: Iterable[bytes]) -> tuple[Frontier, list[Node]]:
    """Append many leaves (their bytes, not hashes)."""
    growing, nodes = Growing(frontier), []
    for data in leaves:
        nodes += [Node(*one) for one in growing.append(leaf_hash(data))]
    return growing.frontier(), nodes


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The RFC 6962 root over ``leaves``."""
    return grow(EMPTY, leaves)[0].root()
