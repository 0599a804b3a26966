"""A release's own tree, over commitments alone: what the public gets instead of the ledger.

An inclusion proof shows an entry's index and the size of the ledger; whoever collects many of them
learns in which order and when things came in. So a release has a small RFC 6962 tree of its own. Its
leaves are commitments under fresh salts, never those of the ledger, in an order that was drawn. Its
root is an entry in the ledger, and sealed with it; only a court package connects the two.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from daylight.domain.digest import Digest
from daylight.ledger.leaf import commit, new_salt
from daylight.ledger.merkle import EMPTY, Node, grow, leaf_hash
from daylight.ledger.proofs import includes, inclusion


@dataclass(frozen=True, slots=True)
class ReleaseTree:
    """``digests`` and ``salts`` open the commitments, in the order of the leaves; neither is public."""

    digests: tuple[Digest, ...]
    salts: tuple[bytes, ...]

    @property
    def commitments(self) -> tuple[bytes, ...]:
        pairs = zip(self.salts, self.digests, strict=True)
        return tuple(commit(salt, digest) for salt, digest in pairs)

    @property
    def root(self) -> bytes:
        return grow(EMPTY, self.commitments)[0].root()

    def path(self, position: int) -> tuple[bytes, ...]:
        """The audit path of a leaf (RFC 6962 2.1.1). ``ValueError`` outside the tree."""
        return path_among(self.commitments, position)

    def public(self, position: int) -> dict[str, Any]:
        """What may be published beside one released file: docs/format.md, "Releases"."""
        return {
            "schema": "release-proof/1",
            "root": self.root.hex(),
            "count": len(self.digests),
            "position": position,
            "commitment": self.commitments[position].hex(),
            "path": [step.hex() for step in self.path(position)],
        }


def plant(digests: Sequence[Digest]) -> ReleaseTree:
    """A tree over ``digests``, each once; order and salts are drawn."""
    drawn = sorted(set(digests))
    if not drawn:
        raise ValueError("a release holds something")
    secrets.SystemRandom().shuffle(drawn)
    return ReleaseTree(tuple(drawn), tuple(new_salt() for _ in drawn))


def path_among(leaves: Sequence[bytes], position: int) -> tuple[bytes, ...]:
    """The audit path of one of ``leaves`` (their bytes) in the tree over all of them."""
    kept: dict[tuple[int, int], bytes] = {
        (node.level, node.position): node.hash for node in _nodes(leaves)
    }
    return tuple(inclusion(position, len(leaves), lambda level, at: kept[level, at]))


def _nodes(leaves: Sequence[bytes]) -> list[Node]:
    return grow(EMPTY, leaves)[1]


def is_released(document: dict[str, Any]) -> bool:
    """Whether a public document holds together: its commitment lies under its root."""
    try:
        return includes(
            document["position"],
            document["count"],
            leaf_hash(bytes.fromhex(document["commitment"])),
            [bytes.fromhex(step) for step in document["path"]],
            bytes.fromhex(document["root"]),
        )
    except (KeyError, TypeError, ValueError):
        return False
