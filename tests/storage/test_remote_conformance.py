"""One suite for every place a replica can lie: a folder, a bucket (S3's protocol), memory."""

import os
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from daylight.errors import ReplicaFull, ReplicaUnreachable, UsageError
from daylight.storage import remote_objects
from daylight.storage.destinations import open_remote
from daylight.storage.remote_folder import FolderRemote
from daylight.storage.remote_objects import MemoryRemote
from tests.buckets import environment, new_bucket, s3_server

A, B = "ab" * 32, "cd" * 32


@pytest.fixture(scope="module")
def address():
    with s3_server() as running:
        yield running


@pytest.fixture
def bucket(address, monkeypatch):
    for key, value in environment(address).items():
        monkeypatch.setenv(key, value)
    return new_bucket(address)


@pytest.fixture(params=["folder", "s3", "memory"])
def remote(request, tmp_path):
    if request.param == "memory":
        return MemoryRemote(nothing_kept_here_matters=True)
    if request.param == "folder":
        return FolderRemote(tmp_path / "replica")
    return open_remote(f"s3://{request.getfixturevalue('bucket')}/some/prefix")


def read(remote, name) -> bytes:
    return b"".join(remote.get(name))


def listed(remote) -> dict[str, int]:
    return dict(remote.list())


def test_nothing_is_there_at_first(remote):
    assert listed(remote) == {}
    with pytest.raises(KeyError):
        read(remote, A)
    remote.delete(A)
    remote.flush()


@pytest.mark.parametrize("pieces", [[], [b""], [b"x"], [b"a", b"", b"b" * 70_000]])
def test_what_is_put_comes_back(remote, pieces):
    remote.put(A, iter(pieces))
    remote.flush()
    assert read(remote, A) == b"".join(pieces)
    assert listed(remote) == {A: len(b"".join(pieces))}


def test_long_files_go_in_parts(remote):
    piece = os.urandom(1 << 20)
    remote.put(A, iter([piece] * 35))
    assert listed(remote) == {A: 35 << 20}
    size = 0
    for chunk in remote.get(A):
        assert len(chunk) < 8 << 20 or isinstance(remote, MemoryRemote), "it streams"
        size += len(chunk)
    assert size == 35 << 20


def test_a_second_put_replaces_and_delete_takes_away(remote):
    remote.put(A, iter([b"one"]))
    remote.put(B, iter([b"other"]))
    remote.put(A, iter([b"second"]))
    assert read(remote, A) == b"second"
    remote.delete(A)
    remote.delete(A)
    assert listed(remote) == {B: 5}


@pytest.mark.parametrize("after", [0, 1, 20])
def test_a_source_that_fails_leaves_what_was(remote, after):
    class Broken(Exception):
        pass

    def breaking():
        yield from [bytes(1 << 20)] * after
        raise Broken

    with pytest.raises(Broken):
        remote.put(A, breaking())
    assert listed(remote) == {}
    remote.put(A, iter([b"stands"]))
    with pytest.raises(Broken):
        remote.put(A, breaking())
    remote.flush()
    assert read(remote, A) == b"stands"


def test_many_at_once(remote):
    names = [secrets.token_hex(32) for _ in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: remote.put(name, iter([name.encode()])), names))
        assert [*pool.map(lambda name: read(remote, name), names)] == [n.encode() for n in names]
    assert listed(remote) == dict.fromkeys(names, 64)


def test_more_files_than_one_page_of_a_list(remote):
    names = {secrets.token_hex(32) for _ in range(1100)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: remote.put(name, iter([b""])), names))
    assert {*listed(remote)} == names


# The folder alone


def test_what_a_killed_run_left_is_swept_and_never_shown(tmp_path):
    remote = FolderRemote(tmp_path / "replica")
    remote.put(A, iter([b"x"]))
    part = tmp_path / "replica" / "ab" / f"{A}.0011.part"
    part.write_bytes(b"half")
    assert listed(remote) == {A: 1}
    remote.flush()
    assert not part.exists()


def test_what_others_keep_there_is_not_touched(tmp_path):
    root = tmp_path / "replica"
    for name in ("lost+found", "ab", "photos"):
        (root / name).mkdir(parents=True)
    kept = [root / "ab" / "notes.part", root / "photos" / A, root / A]
    for one in kept:
        one.write_bytes(b"mine")
    (root / "cd").symlink_to(root / "photos")
    (root / "ab" / A).symlink_to(root / A)
    remote = FolderRemote(root)
    assert listed(remote) == {}
    remote.flush()
    assert all(one.read_bytes() == b"mine" for one in kept)


def test_a_link_under_a_name_is_not_followed(tmp_path):
    (tmp_path / "secret").write_bytes(b"of somebody else")
    (tmp_path / "replica/ab").mkdir(parents=True)
    (tmp_path / "replica/ab" / A).symlink_to(tmp_path / "secret")
    with pytest.raises(ReplicaUnreachable):
        read(FolderRemote(tmp_path / "replica"), A)


def test_a_pipe_under_a_name_does_not_block(tmp_path):
    (tmp_path / "replica/ab").mkdir(parents=True)
    os.mkfifo(tmp_path / "replica/ab" / A)
    assert read(FolderRemote(tmp_path / "replica"), A) == b""


def test_a_disk_that_is_not_mounted_is_said_and_not_filled_in(tmp_path):
    remote = FolderRemote(tmp_path / "disk" / "replica")
    with pytest.raises(ReplicaUnreachable):
        listed(remote)
    with pytest.raises(ReplicaUnreachable):
        remote.put(A, iter([b"x"]))
    assert [*tmp_path.iterdir()] == []


def test_a_file_in_the_place_of_the_folder(tmp_path):
    (tmp_path / "replica").write_bytes(b"")
    for act in (listed, lambda r: r.put(A, iter([b"x"])), lambda r: read(r, A)):
        with pytest.raises(ReplicaUnreachable) as told:
            act(FolderRemote(tmp_path / "replica"))
        assert str(tmp_path) not in str(told.value)


def test_a_full_disk_leaves_nothing_half_there(tmp_path, monkeypatch):
    """A file system's limit, as a quota or FAT's 4 GB would do it: RLIMIT_FSIZE in a child."""
    remote = FolderRemote(tmp_path / "replica")
    child = os.fork()
    if child == 0:
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        try:
            remote.put(A, iter([bytes(1 << 20)] * 3))
        except ReplicaFull:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert listed(remote) == {}
    assert not [*(tmp_path / "replica").rglob("*.part")]


# The bucket alone


def test_no_such_bucket_and_no_server(bucket, monkeypatch):
    with pytest.raises(ReplicaUnreachable) as told:
        listed(open_remote("s3://nosuchbucket/x"))
    assert "nosuchbucket" not in str(told.value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(remote_objects, "RETRY", {"max_retries": 0})
    for act in (listed, lambda r: r.put(A, iter([b"x"])), lambda r: read(r, A)):
        with pytest.raises(ReplicaUnreachable):
            act(open_remote(f"s3://{bucket}/x"))


def test_two_prefixes_do_not_see_each_other(bucket):
    one, other = open_remote(f"s3://{bucket}/one"), open_remote(f"s3://{bucket}/other")
    one.put(A, iter([b"x"]))
    assert listed(other) == {}
    assert listed(open_remote(f"s3://{bucket}/on")) == {}


@pytest.mark.parametrize("place", ["s3://", "ftp://host/x", "s3:///prefix", "gs://bucket/x"])
def test_no_place_at_all(place):
    with pytest.raises(UsageError):
        open_remote(place)


def test_a_replica_inside_the_vault_is_refused(tmp_path):
    (tmp_path / "vault").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "vault")
    for place in ("vault", "vault/replica", "vault/../vault/x", "link/replica"):
        with pytest.raises(UsageError):
            open_remote(str(tmp_path / place), tmp_path / "vault")
    open_remote(str(tmp_path / "vault2"), tmp_path / "vault")


def test_the_memory_is_no_place_to_rely_on():
    with pytest.raises(AssertionError):
        MemoryRemote(nothing_kept_here_matters=False)
