"""Bags written: valid to others and to ourselves, byte for byte, and nothing of the leak in the names."""

import hashlib
import json
import os
from datetime import date

import bagit
import pytest

from daylight.domain.digest import Digest, digest_of
from daylight.domain.progress import Silent
from daylight.errors import StoreCorrupt
from daylight.exports import bag as exported
from daylight.exports.bag import BagInfo, BagItem, write_bag
from daylight.exports.base import FolderSink
from daylight.exports.memory import MemorySink
from daylight.exports.naming import file_name
from daylight.storage.memory import MemoryStore
from tests.routes.test_bags import judged

INFO = BagInfo("f" * 32, date(2026, 11, 25), "Daylight 0.1.0")
LEAKED = "Архив/ИК-15/\u202e=cmd()\n%41.avi".encode() + b"\xff"


@pytest.fixture
def store():
    return MemoryStore(nothing_kept_here_matters=True)


def item(store, data: bytes, container="mp4", paths=(LEAKED,)) -> BagItem:
    return BagItem(store.put(data), len(data), container, paths)


def write(sink, store, items, **options):
    with sink:
        write_bag(sink, INFO, items, store.open_fd, Silent(), **{"with_paths": False} | options)
        sink.seal()
        sink.publish()


@pytest.mark.parametrize("with_paths", [False, True])
def test_what_we_write_is_valid_to_the_library_and_to_us(tmp_path, store, with_paths):
    items = [item(store, data) for data in (b"", b"1", os.urandom(9 << 20))]
    write(FolderSink(tmp_path / "out"), store, items, with_paths=with_paths)
    made = bagit.Bag(str(tmp_path / "out"))
    assert made.validate()
    assert made.version_info == (1, 0)
    assert made.info["Payload-Oxum"] == f"{1 + (9 << 20)}.3"
    assert made.info["External-Identifier"] == "f" * 32
    assert (made.info["Bagging-Date"], made.info["Bag-Software-Agent"]) == (
        "2026-11-25",
        "Daylight 0.1.0",
    )
    assert made.algorithms == ["sha256"]
    assert judged(tmp_path / "out") == ("valid", [])


def test_the_files_are_these_and_no_others(store):
    sink = MemorySink(nothing_kept_here_matters=True)
    one, two = item(store, b"1"), item(store, b"2", "elf")
    write(sink, store, [one, two])
    assert set(sink.files) == {
        "bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt",
        f"data/{one.digest.hex()}.mp4", f"data/{two.digest.hex()}.bin",
    }  # fmt: skip
    assert sink.files[two.name] == b"2"
    tags = dict(
        line.split("  ")[::-1]
        for line in sink.files["tagmanifest-sha256.txt"].decode().splitlines()
    )
    assert set(tags) == {"bagit.txt", "bag-info.txt", "manifest-sha256.txt"}
    assert all(
        hashlib.sha256(sink.files[name]).hexdigest() == digest for name, digest in tags.items()
    )


def test_leaked_names_are_nowhere_unless_asked_for(store):
    sink = MemorySink(nothing_kept_here_matters=True)
    write(sink, store, [item(store, b"1")])
    everything = b"".join(name.encode() + data for name, data in sink.files.items())
    assert "Архив".encode() not in everything
    assert b"leaked" not in everything


def test_leaked_names_asked_for_come_back_byte_for_byte(store):
    sink = MemorySink(nothing_kept_here_matters=True)
    one = item(store, b"1", paths=(b"a", LEAKED))
    write(sink, store, [one], with_paths=True)
    rows = [json.loads(line) for line in sink.files["leaked-paths.jsonl"].splitlines()]
    assert [os.fsencode(row["path"]) for row in rows] == [b"a", LEAKED]
    assert {row["sha256"] for row in rows} == {one.digest.hex()}
    assert b"leaked-paths.jsonl" in sink.files["tagmanifest-sha256.txt"]
    assert all("Архив" not in name for name in sink.files)


@pytest.mark.parametrize("stored", [b"", b"other", b"12345", b"1234567890"])
def test_an_object_that_is_not_what_its_name_says_ends_the_export(tmp_path, store, stored):
    wanted = digest_of(b"1234567")
    store._objects[wanted] = stored
    with pytest.raises(StoreCorrupt, match=wanted.hex()):
        write(FolderSink(tmp_path / "out"), store, [item(store, b"ok"), BagItem(wanted, 7, "")])
    assert os.listdir(tmp_path) == []


def test_an_object_that_is_missing_ends_the_export(tmp_path, store):
    with pytest.raises(StoreCorrupt, match="missing"):
        write(FolderSink(tmp_path / "out"), store, [BagItem(digest_of(b"x"), 1, "")])
    assert os.listdir(tmp_path) == []


def test_a_catalogue_that_knows_another_size_ends_the_export(store):
    with pytest.raises(StoreCorrupt):
        write(MemorySink(nothing_kept_here_matters=True), store, [BagItem(store.put(b"1"), 2, "")])


def test_objects_are_streamed(store, monkeypatch):
    read = []
    real = os.read
    monkeypatch.setattr(exported, "CHUNK", 1000)
    monkeypatch.setattr(os, "read", lambda fd, count: read.append(count) or real(fd, count))
    write(MemorySink(nothing_kept_here_matters=True), store, [item(store, bytes(10_000))])
    assert read == [1000] * 11


@pytest.mark.parametrize(
    "container", ["", "elf", "pe", "html", "playlist", "../x", "mp4/../..", "svg", "ole"]
)
def test_what_a_double_click_would_run_or_nobody_knows_is_bin(container):
    assert file_name(Digest(bytes(32)), container) == "0" * 64 + ".bin"
