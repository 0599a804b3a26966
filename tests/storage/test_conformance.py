"""One suite for every store."""

import hashlib
import io
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daylight.domain.digest import digest_of
from daylight.errors import SourceUnreadable
from daylight.storage.direct import CHUNK
from daylight.storage.local import SMALL, LocalStore
from daylight.storage.memory import MemoryStore


class Bytes:
    """A source that gives its bytes in pieces of ``step``."""

    def __init__(self, data: bytes, step: int = 1 << 30, fail_after: int = -1):
        self._file, self._step, self._left = io.BytesIO(data), step, fail_after

    def readinto(self, buffer):
        if self._left == 0:
            raise SourceUnreadable("the medium stopped reading")
        self._left -= 1
        return self._file.readinto(buffer[: self._step])

    def fileno(self):
        return None


@pytest.fixture(params=["local", "memory"])
def store(request, tmp_path):
    if request.param == "memory":
        return MemoryStore(nothing_kept_here_matters=True)
    (tmp_path / "objects").mkdir()
    (tmp_path / "spool").mkdir()
    return LocalStore(tmp_path)


def read(store, digest) -> bytes:
    fd = store.open_fd(digest)
    with os.fdopen(fd, "rb") as file:
        return file.read()


SIZES = [0, 1, 4095, 4096, 4097, SMALL - 1, SMALL, SMALL + 1, CHUNK, CHUNK + 1, 2 * CHUNK + 4097]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("claimed", ["true", "unknown", "lie"])
def test_bytes_come_back_whatever_size_they_claim(store, size, claimed):
    data = os.urandom(size)
    hint = {"true": size, "unknown": -1, "lie": 3}[claimed]
    staged = store.stage(Bytes(data), hint)
    assert (staged.digest, staged.size) == (digest_of(data), size)
    store.settle([staged], verify=True)
    assert read(store, staged.digest) == data
    assert store.size(staged.digest) == size


@given(step=st.integers(1, 9000), size=st.integers(0, 40_000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_a_source_may_give_its_bytes_in_any_pieces(store, step, size):
    data = os.urandom(size)
    for hint in (size, -1):
        staged = store.stage(Bytes(data, step), hint)
        store.settle([staged], verify=True)
        assert read(store, staged.digest) == data


def test_a_batch_settles_together_and_twice_is_once(store):
    many = [os.urandom(n) for n in (10, 100, 1000)] * 2
    staged = [store.stage(Bytes(data), len(data)) for data in many]
    store.settle(staged, verify=True)
    assert sorted(store.digests()) == sorted({digest_of(data) for data in many})


def test_put_is_idempotent(store):
    assert store.put(b"a") == store.put(b"a") == digest_of(b"a")
    assert store.put_many([b"b", b"c", b"b"]) == [digest_of(x) for x in (b"b", b"c", b"b")]
    assert len(list(store.digests())) == 3


def test_what_is_not_there_is_a_key_error(store):
    with pytest.raises(KeyError):
        store.open_fd(digest_of(b"no"))
    with pytest.raises(KeyError):
        store.size(digest_of(b"no"))


def test_a_source_that_fails_leaves_nothing(store):
    for hint in (100, -1):
        with pytest.raises(SourceUnreadable):
            store.stage(Bytes(b"x" * 100, 10, fail_after=3), hint)
    assert list(store.digests()) == []


def test_objects_are_plain_read_only_files(tmp_path: Path):
    (tmp_path / "objects").mkdir()
    (tmp_path / "spool").mkdir()
    store = LocalStore(tmp_path)
    digest = store.put(b"evidence")
    name = hashlib.sha256(b"evidence").hexdigest()
    file = tmp_path / "objects" / name[:2] / name[2:4] / name
    assert file.read_bytes() == b"evidence"
    assert file.stat().st_mode & 0o777 == 0o400
    assert list((tmp_path / "spool").iterdir()) == []
    assert digest.hex() == name


def test_the_memory_store_is_no_store_to_rely_on():
    with pytest.raises(AssertionError):
        MemoryStore(nothing_kept_here_matters=False)


def test_what_is_removed_is_gone_and_the_rest_stays(store):
    gone, stays = store.put_many([b"gone", b"stays"])
    store.remove(gone)
    store.remove(gone)  # nothing happens
    assert list(store.digests()) == [stays]
    with pytest.raises(KeyError):
        store.open_fd(gone)
    assert read(store, stays) == b"stays"
    assert store.put(b"gone") == gone
    assert read(store, gone) == b"gone"
