"""The port of exports: one suite for both sinks, and what only a folder can do wrong."""

import errno
import os
import stat
from pathlib import Path

import pytest

from daylight.errors import DestinationExists, DestinationFailed, DestinationFull
from daylight.exports.base import FolderSink
from daylight.exports.memory import MemorySink


@pytest.fixture(params=["folder", "memory"])
def sink_and_files(request, tmp_path):
    """A sink, and what is published under its name."""
    if request.param == "memory":
        memory = MemorySink(nothing_kept_here_matters=True)
        return memory, lambda: memory.files
    final = tmp_path / "out"

    def files():
        found = (one for one in final.rglob("*") if one.is_file())
        return {str(one.relative_to(final)): one.read_bytes() for one in found}

    return FolderSink(final), files


def test_what_is_written_is_there_once_it_is_published(sink_and_files):
    sink, files = sink_and_files
    with sink:
        with sink.file("data/a.bin") as output:
            output.write(b"one")
            output.write(memoryview(b"two"))
        with sink.file("empty"):
            pass
        assert files() == {}
        sink.seal()
        assert files() == {}
        sink.publish()
    assert files() == {"data/a.bin": b"onetwo", "empty": b""}


def test_whoever_leaves_without_publishing_leaves_nothing(sink_and_files, tmp_path):
    sink, files = sink_and_files
    with pytest.raises(KeyError), sink:
        with sink.file("a") as output:
            output.write(b"1")
        sink.seal()
        raise KeyError
    assert files() == {}
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "name",
    ["", "/a", "../a", "a/../b", "a//b", "a/", ".", "a/.", "ä", "a b", "a\nb", "a\0", "a\\b"],
)
def test_names_are_our_own(sink_and_files, name):
    sink, _ = sink_and_files
    with sink, pytest.raises(AssertionError), sink.file(name):
        pass


@pytest.mark.parametrize("name", ["a", "..a", "a..", "...", ".a/b", "data/0f.mp4"])
def test_names_with_dots_are_no_steps(sink_and_files, name):
    sink, files = sink_and_files
    with sink:
        with sink.file(name):
            pass
        sink.seal()
        sink.publish()
    assert files() == {name: b""}


def test_the_fake_is_unusable_unless_told():
    with pytest.raises(AssertionError):
        MemorySink(nothing_kept_here_matters=False)


def _write(sink):
    with sink:
        with sink.file("data/a") as output:
            output.write(b"1")
        sink.seal()
        sink.publish()


@pytest.mark.parametrize(
    "make",
    [os.mkdir, lambda path: path.write_bytes(b"kept"), lambda path: os.symlink("nowhere", path)],
)
def test_what_is_there_already_is_left_alone(tmp_path, make):
    make(tmp_path / "out")
    with pytest.raises(DestinationExists):
        _write(FolderSink(tmp_path / "out"))
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("step", ["seal", "publish"])
def test_what_appears_meanwhile_is_left_alone(tmp_path, step):
    with pytest.raises(DestinationExists), FolderSink(tmp_path / "out") as sink:
        if step == "publish":
            sink.seal()
        (tmp_path / "out").mkdir()
        (tmp_path / "out/theirs").write_bytes(b"theirs")
        getattr(sink, step)()
    assert os.listdir(tmp_path) == ["out"]
    assert (tmp_path / "out/theirs").read_bytes() == b"theirs"


def test_the_root_of_the_system_is_there_already():
    with pytest.raises(DestinationExists):
        _write(FolderSink(Path("/")))


@pytest.mark.parametrize("place", ["no/such/out", "file/out", "x" * 250])
def test_a_place_that_cannot_be_is_said_without_its_path(tmp_path, place):
    (tmp_path / "file").touch()
    with pytest.raises(DestinationFailed) as told:
        _write(FolderSink(tmp_path / place))
    assert place not in str(told.value)
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("call", ["write", "fsync", "mkdir"])
@pytest.mark.parametrize(
    ("code", "error"),
    [
        (errno.ENOSPC, DestinationFull),
        (errno.EDQUOT, DestinationFull),
        (errno.EIO, DestinationFailed),
        (errno.EACCES, DestinationFailed),
        (errno.EROFS, DestinationFailed),
    ],
)
def test_a_disk_that_fails_leaves_nothing_and_is_typed(tmp_path, monkeypatch, call, code, error):
    def fails(*args, **kwargs):
        raise OSError(code, os.strerror(code), "/secret/path")

    monkeypatch.setattr(os, call, fails)
    with pytest.raises(error) as told:
        _write(FolderSink(tmp_path / "out"))
    monkeypatch.undo()
    assert type(told.value) is error
    assert "secret" not in str(told.value)
    assert os.listdir(tmp_path) == []


def test_a_rename_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def fails(*args):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "rename", fails)
    with pytest.raises(DestinationFailed):
        _write(FolderSink(tmp_path / "out"))
    assert os.listdir(tmp_path) == []


def test_a_short_write_is_gone_on_with(tmp_path, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, bytes(data)[:1]))
    with FolderSink(tmp_path / "out") as sink:
        with sink.file("a") as output:
            output.write(b"long")
        sink.seal()
        sink.publish()
    assert (tmp_path / "out/a").read_bytes() == b"long"


def test_only_the_owner_may_read_it(tmp_path):
    _write(FolderSink(tmp_path / "out"))
    modes = {stat.S_IMODE(one.stat().st_mode) for one in (tmp_path / "out").rglob("*")}
    assert modes | {stat.S_IMODE((tmp_path / "out").stat().st_mode)} == {0o700, 0o600}


def test_everything_is_flushed_before_it_bears_its_name(tmp_path, monkeypatch):
    done = []
    fsync, rename = os.fsync, os.rename
    monkeypatch.setattr(
        os, "fsync", lambda fd: done.append(os.readlink(f"/proc/self/fd/{fd}")) or fsync(fd)
    )
    monkeypatch.setattr(os, "rename", lambda *names: done.append("rename") or rename(*names))
    _write(FolderSink(tmp_path / "out"))
    at = done.index("rename")
    ends = ["/data/a", "/data", ""]
    partial = {path[path.index(".partial-") + len(".partial-") + 16 :] for path in done[:at]}
    assert partial == set(ends)
    assert done[at + 1 :] == [str(tmp_path)]
