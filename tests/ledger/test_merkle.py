"""The tree against RFC 6962's own definition, known answers and the upstream vectors."""

import base64
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.ledger.merkle import (
    EMPTY,
    EMPTY_ROOT,
    Frontier,
    frontier_positions,
    grow,
    leaf_hash,
    node_hash,
    root_of,
)
from tests.conftest import SHARED, missing


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word: split at the largest power of two below n."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(by_definition(leaves[:k]), by_definition(leaves[k:]))


def test_known_answers_of_rfc6962():
    assert EMPTY_ROOT.hex().startswith("e3b0c44298fc1c14")
    assert leaf_hash(b"").hex().startswith("6e340b9cffb37a98")
    assert leaf_hash(b"L123456").hex().startswith("395aa064aa4c29f7")
    assert node_hash(b"N123", b"N456").hex().startswith("aa217fe888e47007")


@given(st.lists(st.binary(max_size=40), max_size=70))
def test_growing_gives_the_root_of_the_definition(leaves):
    assert root_of(leaves) == by_definition(leaves)


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_every_completed_subtree_is_kept_and_the_frontier_is_among_them(leaves):
    frontier, nodes = grow(EMPTY, leaves)
    kept = {(node.level, node.position): node.hash for node in nodes}
    assert frontier.hashes == tuple(kept[p] for p in frontier_positions(len(leaves)))
    for (level, position), value in kept.items():
        span = leaves[position << level : (position + 1) << level]
        assert len(span) == 1 << level
        assert value == by_definition(span)


def test_a_frontier_of_the_wrong_size_is_refused():
    with pytest.raises(ValueError):
        Frontier(3, (b"\0" * 32,))


def test_upstream_vectors_agree_on_roots():
    """Inclusion vectors that must verify: the root follows from leaf hash and proof."""
    folder = SHARED / "vectors/merkle-rfc6962/inclusion"
    if not folder.is_dir():
        missing("media", "the conformance vectors do not lie beside the project")
    seen = 0
    for file in sorted(folder.rglob("*.json")):
        vector = json.loads(file.read_text())
        if vector["wantErr"] or not vector.get("proof"):
            continue
        seen += 1
        assert _climb(vector) == base64.b64decode(vector["root"]), file
    assert seen > 3


def _climb(vector: dict) -> bytes:
    """RFC 9162 section 2.1.3.2, with our node hash."""
    at, last = vector["leafIdx"], vector["treeSize"] - 1
    value = base64.b64decode(vector["leafHash"])
    for sibling in map(base64.b64decode, vector["proof"]):
        if at & 1 or at == last:
            value = node_hash(sibling, value)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        at, last = at >> 1, last >> 1
    return value
