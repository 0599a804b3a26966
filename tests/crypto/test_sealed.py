"""Sealed streams against a host that does what it likes with them."""

import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from daylight.crypto.sealed import (
    PIECE,
    SALT,
    TAG,
    name_key,
    seal,
    sealed_name,
    sealed_size,
    unseal,
)
from daylight.errors import ReplicaDamaged

KEY = bytes(range(32))
NAME = "ab" * 32


def sealed(data: bytes, name: str = NAME, key: bytes = KEY) -> bytes:
    return b"".join(seal([data], key, name))


def opened(data: bytes, name: str = NAME, key: bytes = KEY) -> bytes:
    return b"".join(unseal([data], key, name))


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


SIZES = [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 17]


@pytest.mark.parametrize("size", SIZES)
def test_what_is_sealed_opens_and_has_the_size_that_was_said(size):
    data = os.urandom(size)
    made = sealed(data)
    assert len(made) == sealed_size(size)
    assert opened(made) == data
    assert b"".join(unseal(cut(made, 65_537), KEY, NAME)) == data
    assert b"".join(seal(cut(data, 99_991), KEY, NAME)) != made, "a fresh salt each time"


def test_the_form_is_the_one_that_is_written_down():
    """Opened by hand, as docs/format.md says, without our code."""
    data = os.urandom(PIECE + 5)
    made = sealed(data)
    key = HKDF(SHA256(), 32, salt=made[:32], info=b"daylight sealed/1\0" + NAME.encode()).derive(
        KEY
    )
    first, last = made[32 : 32 + PIECE + 16], made[32 + PIECE + 16 :]
    got = AESGCM(key).decrypt(bytes(12), first, None)
    got += AESGCM(key).decrypt(bytes(10) + b"\1\1", last, None)
    assert got == data


@given(data=st.binary(max_size=2000), pieces=st.lists(st.integers(1, 700), min_size=1, max_size=20))
def test_pieces_of_any_size_go_in_and_come_out(data, pieces):
    made = sealed(data)
    parts, at = [], 0
    for size in pieces:
        parts.append(made[at : at + size])
        at += size
    assert b"".join(unseal([*parts, made[at:]], KEY, NAME)) == data


BLOCK = PIECE + TAG
SPOILT = {
    "empty": lambda m: b"",
    "salt alone": lambda m: m[:SALT],
    "half a salt": lambda m: m[: SALT // 2],
    "last byte gone": lambda m: m[:-1],
    "last piece gone": lambda m: m[: SALT + 2 * BLOCK],
    "cut in a piece": lambda m: m[: SALT + BLOCK + 1000],
    "first piece gone": lambda m: m[:SALT] + m[SALT + BLOCK :],
    "pieces swapped": lambda m: (
        m[:SALT]
        + m[SALT + BLOCK : SALT + 2 * BLOCK]
        + m[SALT : SALT + BLOCK]
        + m[SALT + 2 * BLOCK :]
    ),
    "piece twice": lambda m: m[: SALT + BLOCK] + m[SALT:],
    "appended": lambda m: m + b"\0",
    "whole piece appended": lambda m: m + m[SALT : SALT + BLOCK],
    "a salt of zeros": lambda m: bytes(SALT) + m[SALT:],
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_stream_is_refused(how):
    made = sealed(os.urandom(2 * PIECE + 100))
    with pytest.raises(ReplicaDamaged):
        opened(SPOILT[how](made))


@given(bit=st.integers(0, 8 * sealed_size(300) - 1))
@settings(max_examples=200)
def test_no_bit_can_be_flipped(bit):
    made = bytearray(sealed(bytes(300)))
    made[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ReplicaDamaged):
        opened(bytes(made))


def test_another_name_or_key_does_not_open_it():
    made = sealed(b"evidence")
    with pytest.raises(ReplicaDamaged):
        opened(made, name="cd" * 32)
    with pytest.raises(ReplicaDamaged):
        opened(made, key=bytes(32))


def test_a_last_piece_moved_to_the_end_of_a_longer_file_is_refused():
    """A piece that closes one stream closes no other one under the same name."""
    one, other = sealed(bytes(PIECE + 5)), sealed(bytes(PIECE + 5))
    with pytest.raises(ReplicaDamaged):
        opened(one[: SALT + BLOCK] + other[SALT + BLOCK :])


def test_names_tell_nothing_without_the_key():
    digest = os.urandom(32)
    mine = sealed_name(name_key(KEY), "object", digest)
    assert len(mine) == 64
    assert mine == sealed_name(name_key(KEY), "object", digest)
    others = [
        sealed_name(name_key(bytes(32)), "object", digest),
        sealed_name(name_key(KEY), "state", digest),
        sealed_name(name_key(KEY), "object", bytes(32)),
        digest.hex(),
    ]
    assert mine not in others
    assert len({*others}) == 4


def test_nothing_in_a_sealed_file_is_the_same_in_two():
    one, other = sealed(bytes(100_000)), sealed(bytes(100_000))
    same = sum(a == b for a, b in zip(one, other, strict=True))
    assert same < len(one) / 100  # 1 in 256 by chance
