"""Keys under a passphrase: opened by it alone, and every change of the file is noticed."""

import json

import pytest

from daylight.crypto import locked
from daylight.crypto.signing import SigningKey, is_signed, new_seed
from daylight.crypto.vault_keys import from_file, new_keys, to_file
from daylight.errors import KeyDamaged, KeyLocked, KeyWrong
from tests.conftest import COST


def test_what_a_passphrase_costs_in_truth(monkeypatch):
    """All other tests pay next to nothing."""
    monkeypatch.setattr(locked, "_N", COST)
    keys = new_keys()
    data = to_file(keys, "words")
    assert json.loads(data)["kdf"]["n"] == COST >= 1 << 16
    assert from_file(data).open("words") == keys


@pytest.mark.parametrize("phrase", ["", "four unrelated words here", "пароль 🌅"])
def test_what_was_locked_opens(phrase):
    keys = new_keys()
    data = to_file(keys, phrase)
    found = from_file(data)
    assert found.open(phrase) == keys
    assert found.public == keys.signer.public
    assert found.needs_passphrase is bool(phrase)
    assert (keys.storage.hex() in data.decode()) is not phrase or not phrase


def test_the_secrets_show_in_no_repr_and_in_no_locked_file():
    keys = new_keys()
    said = repr(keys) + repr(keys.signer) + to_file(keys, "words").decode()
    assert keys.seeds[0].hex() not in said
    assert keys.storage.hex() not in said
    assert repr(keys.seeds[0]) not in said


def test_without_and_with_a_wrong_passphrase():
    found = from_file(to_file(new_keys(), "right"))
    with pytest.raises(KeyLocked):
        found.open("")
    with pytest.raises(KeyWrong):
        found.open("wrong")


@pytest.mark.parametrize("member", ["public", "sealed", "nonce", "salt", "n"])
def test_a_changed_file_opens_nothing(member):
    document = json.loads(to_file(new_keys(), "right"))
    inside = document["kdf"] if member in ("salt", "n") else document
    was = inside[member]
    inside[member] = 1 << 30 if member == "n" else ("0" if was[0] != "0" else "1") + was[1:]
    with pytest.raises((KeyWrong, KeyDamaged)):
        from_file(json.dumps(document).encode()).open("right")


def test_an_open_file_with_another_public_half_is_damaged():
    document = json.loads(to_file(new_keys(), ""))
    document["public"] = SigningKey.from_seed(new_seed()).public.hex()
    with pytest.raises(KeyDamaged):
        from_file(json.dumps(document).encode()).open("")


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null", b"\xff", b'{"schema": "vault-keys/2"}']
)
def test_what_is_no_key_file_is_said(data):
    with pytest.raises(KeyDamaged):
        from_file(data)


def test_signatures_hold_for_their_data_and_key_alone():
    key, other = SigningKey.from_seed(new_seed()), SigningKey.from_seed(new_seed())
    signature = key.sign(b"head")
    assert is_signed(key.public, signature, b"head")
    assert not is_signed(key.public, signature, b"heaD")
    assert not is_signed(other.public, signature, b"head")
    assert not is_signed(key.public, signature[:-1], b"head")
    assert not is_signed(b"short", signature, b"head")


def test_rotation_keeps_the_key_of_replicas():
    keys = new_keys()
    assert keys.rotated(keys.signer.public).storage == keys.storage
    new = keys.rotated(keys.signer.public)
    assert new.signer.public != keys.signer.public
    assert new.signer_of(keys.signer.public).public == keys.signer.public
    assert keys.signer_of(new.signer.public) is None
    assert from_file(to_file(new, "words")).open("words") == new
    assert len(new.rotated(new.signer.public).seeds) == 2
