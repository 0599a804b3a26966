"""What only a disk can do: lie, fill up, differ."""

import errno
import os

import pytest

from daylight.errors import SourceUnreadable, StoreCorrupt, VaultFull
from daylight.storage import local
from daylight.storage.direct import hash_from_medium, new_buffer
from daylight.storage.local import LocalStore
from tests.storage.test_conformance import Bytes


@pytest.fixture
def store(tmp_path):
    (tmp_path / "objects").mkdir()
    (tmp_path / "spool").mkdir()
    return LocalStore(tmp_path)


def spooled(tmp_path):
    return [path for path in (tmp_path / "spool").rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", [100, 3 << 20])
def test_a_medium_that_changes_a_bit_is_caught_by_the_read_back(store, tmp_path, size):
    staged = store.stage(Bytes(os.urandom(size)), size)
    (file,) = spooled(tmp_path)
    file.chmod(0o600)
    with file.open("r+b") as raw:
        raw.seek(size // 2)
        byte = raw.read(1)[0]
        raw.seek(size // 2)
        raw.write(bytes([byte ^ 1]))
        raw.flush()
        os.fsync(raw.fileno())
    with pytest.raises(StoreCorrupt):
        store.settle([staged], verify=True)
    assert list(store.digests()) == []


@pytest.mark.parametrize("size", [100, 3 << 20])
def test_a_full_disk_is_said_so_and_leaves_no_leftover(store, tmp_path, size, monkeypatch):
    def full(fd, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(local, "write_all", full)
    with pytest.raises(VaultFull):
        store.stage(Bytes(b"x" * size), size)
    assert spooled(tmp_path) == []


def test_an_object_of_another_size_under_our_name_is_corruption(store, tmp_path):
    digest = store.put(b"evidence")
    name = digest.hex()
    file = tmp_path / "objects" / name[:2] / name[2:4] / name
    file.chmod(0o600)
    file.write_bytes(b"evidence, longer")
    staged = store.stage(Bytes(b"evidence"), 8)
    with pytest.raises(StoreCorrupt):
        store.settle([staged], verify=True)


class Plain:
    """A plain file as a source, with its descriptor."""

    def __init__(self, path):
        self._fd = os.open(path, os.O_RDONLY)

    def readinto(self, buffer):
        return os.readv(self._fd, [buffer])

    def fileno(self):
        return self._fd


@pytest.mark.parametrize("size", [0, 1 << 20, (9 << 20) + 4097, (4 << 20) + 1])
def test_a_plain_file_is_read_past_the_cache(store, tmp_path, size):
    data = os.urandom(size)
    (tmp_path / "source").write_bytes(data)
    staged = store.stage(Plain(tmp_path / "source"), max(size, 1 << 20))
    store.settle([staged], verify=True)
    with os.fdopen(store.open_fd(staged.digest), "rb") as file:
        assert file.read() == data


def test_short_direct_reads_that_are_not_the_end_are_gone_on_with(tmp_path, monkeypatch):
    data = os.urandom(100_000)
    (tmp_path / "source").write_bytes(data)
    plain = os.open(tmp_path / "source", os.O_RDONLY)
    source = local._DirectSource(plain, plain)
    real, calls = os.preadv, []

    def short(fd, buffers, offset):
        calls.append(offset)
        return real(fd, [buffers[0][:5000]], offset)

    monkeypatch.setattr(os, "preadv", short)
    got, buffer = bytearray(), new_buffer(1 << 16)
    while count := source.readinto(buffer):
        got += buffer[:count]
    assert bytes(got) == data


def test_a_read_error_half_way_is_the_sources_fault(tmp_path, monkeypatch):
    def broken(fd, buffers, offset):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "preadv", broken)
    with pytest.raises(SourceUnreadable, match="Input/output"):
        local._DirectSource(0, 0).readinto(memoryview(bytearray(10)))


def test_hash_from_medium_where_direct_reads_are_refused(tmp_path, monkeypatch):
    (tmp_path / "f").write_bytes(b"abc" * 5000)
    real = os.open

    def refuses(path, flags, mode=0o777, **kw):
        if flags & os.O_DIRECT:
            raise OSError(errno.EINVAL, "Invalid argument")
        return real(path, flags, mode, **kw)

    monkeypatch.setattr(os, "open", refuses)
    import hashlib

    assert (
        hash_from_medium(str(tmp_path / "f"), 15_000, new_buffer(4096))
        == hashlib.sha256(b"abc" * 5000).digest()
    )


@pytest.mark.parametrize("count", [1, 3])
def test_a_name_that_a_killed_process_left_is_made_durable_before_it_counts(
    store, monkeypatch, count
):
    many = [b"%d" % n for n in range(count)]
    with monkeypatch.context() as killed:
        killed.setattr(LocalStore, "_make_names_durable", lambda *args, **how: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.put_many(many)
    synced = []
    monkeypatch.setattr(local, "sync_directory", synced.append)
    monkeypatch.setattr(local, "sync_filesystem", lambda fd: synced.append("everything"))
    digests = store.put_many(many)
    folders = [os.path.dirname(store._path(digest)) for digest in digests]
    assert "everything" in synced or set(folders) <= set(synced)


def test_a_file_that_cannot_fit_is_not_begun(store, tmp_path):
    """Half a terabyte of nothing takes no room where it lies, and hours to fill a disk with."""
    big = tmp_path / "nothing.mp4"
    big.touch()
    disk = os.statvfs(tmp_path)
    try:
        os.truncate(big, disk.f_bavail * disk.f_frsize + (1 << 30))
    except OSError as error:
        pytest.skip(f"no such large file here: {error}")
    with big.open("rb", buffering=0) as file, pytest.raises(VaultFull, match="does not fit"):
        store.stage(file, big.stat().st_size)
    assert spooled(tmp_path) == []
