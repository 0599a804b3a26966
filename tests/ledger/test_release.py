"""A release's tree, and somebody who holds every original and all that was ever published."""

import hashlib
import itertools
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.domain.digest import Digest, digest_of
from daylight.ledger.leaf import commit
from daylight.ledger.merkle import leaf_hash, node_hash, root_of
from daylight.ledger.release import is_released, path_among, plant

DIGESTS = st.lists(st.binary(min_size=32, max_size=32).map(Digest), min_size=1, max_size=40)


@given(DIGESTS)
def test_every_commitment_lies_under_the_root(digests):
    tree = plant(digests)
    assert sorted(tree.digests) == sorted(set(digests))
    assert tree.root == root_of(tree.commitments)
    for at, (digest, salt) in enumerate(zip(tree.digests, tree.salts, strict=True)):
        public = tree.public(at)
        assert is_released(public)
        assert public["commitment"] == commit(salt, digest).hex()


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=70), st.data())
def test_a_path_leads_to_the_root(leaves, data):
    at = data.draw(st.integers(0, len(leaves) - 1))
    assert len(path_among(leaves, at)) <= len(leaves).bit_length()
    with pytest.raises(ValueError):
        path_among(leaves, len(leaves))


@given(DIGESTS, st.data())
def test_what_was_changed_is_not_released(digests, data):
    public = plant(digests).public(0)
    # The count alone is not bound by a path; the ledger's entry binds it.
    name = data.draw(st.sampled_from(["root", "commitment", "position"]))
    if isinstance(public[name], str):
        public[name] = public[name][:-1] + ("0" if public[name][-1] != "0" else "1")
    else:
        public[name] += len(public["path"]) * 2 + 1
    assert not is_released(public)


@pytest.mark.parametrize("document", [{}, {"position": "x"}, {"path": 7}, {"root": "zz"}])
def test_what_is_no_proof_is_none(document):
    whole = plant([digest_of(b"x")]).public(0)
    assert is_released(whole)
    assert not is_released({**whole, **document} if document else {})


def test_nothing_is_no_release():
    with pytest.raises(ValueError):
        plant([])


# The matcher. They hold all originals, know every rule, and collect all public documents.

ORIGINALS = [digest_of(bytes([n])) for n in range(64)]


def published(rounds: int = 40) -> list[list[dict]]:
    """The public documents of many releases: any of the originals, many of them again and again."""
    found = []
    for number in range(rounds):
        tree = plant(ORIGINALS[number % 5 : number % 5 + 16])
        found.append([tree.public(at) for at in range(16)])
    return found


def hashes(document: dict) -> list[bytes]:
    return [
        bytes.fromhex(one) for one in [document["commitment"], document["root"], *document["path"]]
    ]


def test_the_matcher_finds_no_hash_of_what_they_hold():
    """Whatever they can compute from originals without a salt is in no document."""
    seen = {one for many in published() for document in many for one in hashes(document)}
    known = [*ORIGINALS, bytes(32)]
    known += [digest_of(one) for one in ORIGINALS]
    known += [leaf_hash(one) for one in ORIGINALS]
    known += [commit(bytes(32), one) for one in ORIGINALS]
    known += [commit(a, b) for a, b in itertools.product(ORIGINALS, ORIGINALS)]
    known += [node_hash(a, b) for a, b in itertools.product(ORIGINALS, ORIGINALS)]
    known += [hashlib.sha256(a + b).digest() for a, b in itertools.product(seen, ORIGINALS[:4])]
    assert seen.isdisjoint(known)


def test_the_matcher_cannot_tell_that_two_releases_hold_the_same():
    many = published()
    commitments = [document["commitment"] for one in many for document in one]
    assert len(set(commitments)) == len(commitments)
    steps = [step for one in many for step in one[0]["path"]]
    assert len(set(steps)) == len(steps)


def test_the_matcher_learns_no_order():
    """The place of an original in a release is that of any other: over 2,000 releases, uniform."""
    four, places = ORIGINALS[:4], [[0] * 4 for _ in range(4)]
    for _ in range(2000):
        for at, digest in enumerate(plant(four).digests):
            places[four.index(digest)][at] += 1
    # Chi-squared with 9 degrees of freedom passes 45 once in a million runs.
    chi = sum((count - 500) ** 2 / 500 for row in places for count in row)
    assert chi < 45


def test_documents_hold_nothing_that_differs_with_what_they_are_about():
    """No size, no time, no index, no size of a ledger; each as long as any other of its release."""
    for one in published(5):
        assert {tuple(document) for document in one} == {
            ("schema", "root", "count", "position", "commitment", "path")
        }
        lengths = {len(json.dumps({**document, "position": 10})) for document in one}
        assert len(lengths) == 1
        assert [document["position"] for document in one] == list(range(16))


def test_salts_are_fresh():
    salts = [salt for _ in range(50) for salt in plant(ORIGINALS).salts]
    assert len(set(salts)) == len(salts)
    assert os.urandom(32) not in salts
