"""Heads: one canonical form, a signature that holds for nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.crypto.signing import SigningKey
from daylight.errors import HeadRefused
from daylight.ledger.head import SignedHead, from_body, parse, sign

KEY = SigningKey.from_seed(b"\7" * 32)
HEAD = sign(KEY, "ab" * 16, 12, b"\1" * 32, "2026-11-24T14:07Z")


def written(head: SignedHead) -> bytes:
    return json.dumps(head.document()).encode()


def test_a_head_survives_its_file():
    assert parse(written(HEAD)) == HEAD
    assert from_body(HEAD.body(), HEAD.signature) == HEAD
    assert HEAD.is_signed()


@given(st.integers(0, len(HEAD.body()) - 1), st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_not_signed(place, bit):
    body = bytearray(HEAD.body())
    body[place] ^= 1 << bit
    try:
        changed = from_body(bytes(body), HEAD.signature)
    except HeadRefused:
        return
    assert not changed.is_signed()


@given(
    st.binary(max_size=300)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(
        lambda value: json.dumps(value).encode()
    )
)
def test_what_is_no_head_is_refused(data):
    with pytest.raises(HeadRefused):
        parse(data)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", -1),
        ("size", True),
        ("size", 1 << 60),
        ("root", "zz"),
        ("root", "AB" * 32),
        ("root", "ab" * 31),
        ("at", "2026-11-24"),
        ("at", "2026-11-24T14:07Z\n"),
        ("vault", ""),
        ("vault", None),
        ("key", "ab"),
        ("schema", "head/2"),
    ],
)
def test_a_head_with_a_wrong_member_is_refused(name, value):
    document = json.loads(written(HEAD))
    document["head"][name] = value
    with pytest.raises(HeadRefused):
        parse(json.dumps(document).encode())


def test_more_members_are_refused():
    document = json.loads(written(HEAD))
    document["head"]["note"] = "unsigned words"
    with pytest.raises(HeadRefused):
        parse(json.dumps(document).encode())


def test_another_key_has_not_signed_it():
    other = SigningKey.from_seed(b"\x08" * 32)
    forged = SignedHead(HEAD.head, other.sign(HEAD.body()))
    assert not forged.is_signed()
