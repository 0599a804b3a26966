"""Proofs against every upstream vector, and against each other for all small trees."""

import base64
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.ledger.merkle import EMPTY, grow, leaf_hash, root_of
from daylight.ledger.proofs import (
    consistency,
    includes,
    inclusion,
    is_consistent,
    root_at,
    root_of_inclusion,
)
from tests.conftest import SHARED, missing

VECTORS = SHARED / "vectors/merkle-rfc6962"


def vectors(kind):
    return sorted((VECTORS / kind).rglob("*.json"))


def _b64(value):
    return base64.b64decode(value or "")


def _proof(case):
    return [_b64(step) for step in case.get("proof") or []]


@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_the_vectors_are_all_there(kind):
    if not VECTORS.is_dir():
        missing("media", "the conformance vectors do not lie beside the project")
    assert len(vectors(kind)) == 98


@pytest.mark.parametrize("path", vectors("inclusion"), ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_upstream_inclusion(path):
    case = json.loads(path.read_text())
    held = includes(
        case["leafIdx"],
        case["treeSize"],
        _b64(case["leafHash"]),
        _proof(case),
        _b64(case["root"]),
    )
    assert held is not case["wantErr"]


@pytest.mark.parametrize("path", vectors("consistency"), ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_upstream_consistency(path):
    case = json.loads(path.read_text())
    held = is_consistent(
        case["size1"], case["size2"], _b64(case["root1"]), _b64(case["root2"]), _proof(case)
    )
    assert held is not case["wantErr"]


def tree(count):
    leaves = [f"leaf {n}".encode() for n in range(count)]
    _, nodes = grow(EMPTY, leaves)
    kept = {(node.level, node.position): node.hash for node in nodes}
    return leaves, lambda level, position: kept[level, position]


@pytest.mark.parametrize("size", range(1, 34))
def test_every_leaf_of_every_small_tree_is_included(size):
    leaves, nodes = tree(size)
    for old in range(1, size + 1):
        assert root_at(old, nodes) == root_of(leaves[:old])
        for index in range(old):
            proof = inclusion(index, old, nodes)
            assert len(proof) <= (old - 1).bit_length()
            assert includes(index, old, leaf_hash(leaves[index]), proof, root_at(old, nodes))
        proof = consistency(old, size, nodes)
        assert is_consistent(old, size, root_of(leaves[:old]), root_of(leaves), proof)


@given(st.integers(1, 300), st.data())
def test_no_changed_proof_holds(size, data):
    leaves, nodes = tree(size)
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    chance = random.Random(data.draw(st.integers()))
    root, leaf = root_of(leaves), leaf_hash(leaves[index])
    path, steps = inclusion(index, size, nodes), consistency(old, size, nodes)
    assert not includes(index, size, leaf_hash(b"another"), path, root)
    assert not includes(index, size, leaf, [*path, bytes(32)], root)
    if path:
        assert not includes(index, size, leaf, _flipped(path, chance), root)
        assert not includes(index, size, leaf, path[:-1], root)
    assert not is_consistent(old, size, bytes(32), root, steps)
    if steps:
        assert not is_consistent(old, size, root_of(leaves[:old]), root, _flipped(steps, chance))
        assert not is_consistent(old, size, root_of(leaves[:old]), root, steps[1:])


def _flipped(proof, chance):
    changed = [bytearray(step) for step in proof]
    one = chance.choice(changed)
    one[chance.randrange(32)] ^= 1 << chance.randrange(8)
    return [bytes(step) for step in changed]


def test_nothing_is_proved_outside_the_tree():
    _, nodes = tree(5)
    for index, size in ((5, 5), (-1, 5), (0, 0)):
        with pytest.raises(ValueError):
            inclusion(index, size, nodes)
        with pytest.raises(ValueError):
            root_of_inclusion(index, size, bytes(32), [])
    for old, new in ((0, 5), (6, 5), (-1, 5)):
        with pytest.raises(ValueError):
            consistency(old, new, nodes)
        assert not is_consistent(old, new, bytes(32), bytes(32), [])
