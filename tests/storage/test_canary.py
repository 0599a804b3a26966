"""The search for what must be gone finds it wherever it lies in a file."""

import base64
import os

import pytest

from daylight.storage import canary
from daylight.storage.canary import spellings, traces

DIGEST = bytes(range(100, 132))


@pytest.mark.parametrize("said", range(5))
def test_a_digest_is_found_in_every_spelling(tmp_path, said):
    (tmp_path / "file").write_bytes(b"x" * 77 + spellings(DIGEST)[said] + b"y")
    (tmp_path / "other").write_bytes(b"x" * 200)
    assert traces(tmp_path, spellings(DIGEST)) == ["file"]


def test_base64_is_what_others_write():
    assert base64.b64encode(DIGEST).startswith(spellings(DIGEST)[3])


@pytest.mark.parametrize("shift", range(-33, 2))
def test_it_is_found_across_the_pieces_that_are_read(tmp_path, monkeypatch, shift):
    monkeypatch.setattr(canary, "CHUNK", 100)
    (tmp_path / "file").write_bytes(b"\0" * (200 + shift) + DIGEST + b"\0" * 300)
    assert traces(tmp_path, [DIGEST]) == ["file"]


def test_names_count_and_originals_of_others_are_left_alone(tmp_path):
    folder = tmp_path / "objects" / "ab" / "cd"
    folder.mkdir(parents=True)
    (folder / DIGEST.hex()).write_bytes(b"its bytes")
    (folder / "other").write_bytes(b"holds " + DIGEST)
    with open(os.fsencode(tmp_path) + b"/\xff-name", "wb") as file:
        file.write(b"")
    assert traces(tmp_path, spellings(DIGEST)) == [f"objects/ab/cd/{DIGEST.hex()}"]
    assert traces(tmp_path, [b"\xff-name"]) == [os.fsdecode(b"\xff-name")]


def test_nothing_is_looked_for(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    assert traces(tmp_path, []) == traces(tmp_path, [b""]) == []


def test_a_long_name_is_found_by_its_beginning(tmp_path):
    name = os.urandom(5000)
    (tmp_path / "file").write_bytes(name[:600])
    assert traces(tmp_path, [name]) == ["file"]
