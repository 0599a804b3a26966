"""The leaf's bytes are a format: these tests change only with docs/format.md."""

import hashlib
import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from daylight.ledger.leaf import (
    Leaf,
    canonical,
    commit,
    commit_details,
    commit_objects,
    new_salt,
)
from daylight.ledger.merkle import root_of
from tests.conftest import SHARED, missing

LEAF = Leaf(7, "2026-11-24T14:07Z", "received", "a" * 32, 1, b"\1" * 32, b"\2" * 32)


def test_the_bytes_of_a_leaf_are_fixed():
    assert LEAF.encode() == (
        b'{"action":"received","agent":"' + b"a" * 32 + b'","at":"2026-11-24T14:07Z","count":1,'
        b'"details":"' + b"02" * 32 + b'","index":7,"object":"' + b"01" * 32 + b'",'
        b'"schema":"leaf/1"}'
    )


@pytest.mark.parametrize(
    "change",
    [
        {"at": "2026-11-24T14:07:01Z"},  # a second says when somebody was at work
        {"index": -1},
        {"action": "Received!"},
        {"agent": "Ivan Petrov"},
        {"object": b"short"},
        {"details": b""},
    ],
)
def test_a_leaf_refuses_what_it_must_not_say(change):
    values = {name: getattr(LEAF, name) for name in LEAF.__slots__} | change
    with pytest.raises(ValueError):
        Leaf(**values)


def test_a_day_alone_is_a_time():
    Leaf(0, "2026-11-24", "received", "a" * 32, 0, bytes(32), bytes(32))


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_commitments_are_salted_hashes(salt, digest):
    assert commit(salt, digest) == hashlib.sha256(salt + digest).digest()
    assert commit_details(salt, b"{}") == commit(salt, hashlib.sha256(b"{}").digest())


def test_two_commitments_to_one_object_do_not_match():
    digest = hashlib.sha256(b"footage").digest()
    assert commit(new_salt(), digest) != commit(new_salt(), digest)


def test_objects_of_a_leaf():
    one, two = b"\1" * 32, b"\2" * 32
    assert commit_objects([]) == bytes(32)
    assert commit_objects([one]) == one
    assert commit_objects([one, two]) == root_of([one, two])


PLAIN = st.one_of(st.text(), st.integers(-(2**54), 2**54))


@given(st.dictionaries(st.text(max_size=8), PLAIN, max_size=6))
def test_the_short_way_to_canonical_json_is_the_long_one(value):
    try:
        wanted = rfc8785.dumps(value)
    except ValueError:
        with pytest.raises(ValueError):
            canonical(value)
    else:
        assert canonical(value) == wanted


@given(st.integers(0, 2**53 - 1), st.integers(0, 2**53 - 1), st.binary(min_size=32, max_size=32))
def test_a_leaf_is_canonical_json(index, count, commitment):
    leaf = Leaf(index, "2026-11-24", "not-kept", "0f" * 16, count, commitment, commitment[::-1])
    assert leaf.encode() == rfc8785.dumps(json.loads(leaf.encode()))


@pytest.mark.parametrize("number", [2**53, -1])
def test_a_leaf_holds_no_number_that_json_does_not(number):
    for values in ((number, 0), (0, number)):
        with pytest.raises(ValueError):
            Leaf(values[0], "2026-11-24", "tested", "0f" * 16, values[1], bytes(32), bytes(32))


def test_canonical_json_passes_the_upstream_vectors():
    folder = SHARED / "vectors/json-canonicalization-rfc8785"
    if not folder.is_dir():
        missing("media", "the conformance vectors do not lie beside the project")
    files = sorted((folder / "input").glob("*.json"))
    assert files
    for file in files:
        value = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(value, dict):
            assert canonical(value) == (folder / "output" / file.name).read_bytes().rstrip(b"\n")
