import os
import socket
import stat
import subprocess
import threading

import pytest

from daylight.errors import SourceUnreadable
from daylight.routes import folder
from daylight.routes.base import EntryKind, Reason
from daylight.routes.registry import for_path
from tests.routes.makers import contents, put_folder, read, refusals


def _paths(route):
    return [arrival.untrusted_path for arrival in route.arrivals()]


def test_files_first_then_subfolders_in_raw_byte_order(tmp_path):
    files = {b"b": b"", b"a/z": b"", b"a/b/c": b"", b"\xffz": b"", b"Z/q": b""}
    put_folder(tmp_path / "m", files)
    assert _paths(for_path(tmp_path / "m")) == [b"b", b"\xffz", b"Z/q", b"a/z", b"a/b/c"]


def test_times_and_modes_are_kept(tmp_path):
    (tmp_path / "f").write_bytes(b"x")
    os.utime(tmp_path / "f", ns=(1, 1_234_567_890_123_456_789))
    (tmp_path / "f").chmod(0o4751)
    (arrival,) = for_path(tmp_path).arrivals()
    assert (arrival.mtime_ns, arrival.mode) == (1_234_567_890_123_456_789, 0o4751)


def test_an_empty_folder_has_no_arrivals(tmp_path):
    assert _paths(for_path(tmp_path)) == []


def test_links_are_recorded_and_never_followed(tmp_path):
    put_folder(tmp_path / "outside", {b"secret": b"s"})
    root = put_folder(tmp_path / "m", {b"f": b"1"})
    (root / "to-file").symlink_to("../outside/secret")
    (root / "to-folder").symlink_to(tmp_path / "outside")
    (root / "loop").symlink_to(".")
    os.symlink(b"\xff\n", os.fsencode(root) + b"/odd")
    links = {a.untrusted_path: a for a in for_path(root).arrivals() if a.kind is EntryKind.LINK}
    assert {path: link.untrusted_target for path, link in links.items()} == {
        b"to-file": b"../outside/secret",
        b"to-folder": os.fsencode(tmp_path / "outside"),
        b"loop": b".",
        b"odd": b"\xff\n",
    }
    assert dict(contents(for_path(root))) == {b"f": b"1"}


@pytest.mark.timeout(20)
def test_fifos_and_sockets_are_refused_without_waiting(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)  # a socket's own path may have 108 bytes only
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("sock")
    assert refusals(for_path(tmp_path)) == [(b"pipe", "fifo"), (b"sock", "socket")]


def test_devices_are_refused():
    reasons = dict(refusals(folder.FileRoute(folder.Path("/dev/null"))))
    assert reasons == {b"null": "device"}


@pytest.mark.timeout(20)
def test_a_fifo_put_in_the_place_of_a_listed_file_does_not_hang(tmp_path):
    (tmp_path / "f").write_bytes(b"x")
    (arrival,) = for_path(tmp_path).arrivals()
    (tmp_path / "f").unlink()
    os.mkfifo(tmp_path / "f")
    with pytest.raises(SourceUnreadable, match="changed"):
        read(arrival)


def test_a_file_replaced_by_a_link_after_listing_is_not_read(tmp_path):
    put_folder(tmp_path / "outside", {b"secret": b"s"})
    root = put_folder(tmp_path / "m", {b"f": b"x"})
    (arrival,) = for_path(root).arrivals()
    (root / "f").unlink()
    (root / "f").symlink_to("../outside/secret")
    with pytest.raises(SourceUnreadable, match="changed"):
        read(arrival)


def test_a_file_replaced_by_another_after_listing_is_not_read(tmp_path):
    (tmp_path / "f").write_bytes(b"x")
    (arrival,) = for_path(tmp_path).arrivals()
    (tmp_path / "new").write_bytes(b"other")
    (tmp_path / "new").rename(tmp_path / "f")
    with pytest.raises(SourceUnreadable, match="changed"):
        read(arrival)


def test_a_folder_replaced_by_a_link_in_mid_walk_leads_nowhere(tmp_path):
    put_folder(tmp_path / "outside", {b"secret": b"s", b"g": b"s"})
    root = put_folder(tmp_path / "m", {b"a": b"1", b"d/g": b"2"})
    walk = for_path(root).arrivals()
    assert next(walk).untrusted_path == b"a"
    (root / "d").rename(tmp_path / "moved")
    (root / "d").symlink_to(tmp_path / "outside")
    assert [(a.untrusted_path, a.reason) for a in walk] == [(b"d", Reason.CHANGED)]


def test_a_folder_replaced_by_a_link_before_opening_leads_nowhere(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_KEPT_OPEN", 2)
    put_folder(tmp_path / "outside", {b"g": b"secret"})
    root = put_folder(tmp_path / "m", {b"a/g": b"1", b"b/g": b"2", b"c/g": b"3", b"d/g": b"4"})
    first, *_ = for_path(root).arrivals()
    (root / "a").rename(tmp_path / "moved")
    (root / "a").symlink_to(tmp_path / "outside")
    with pytest.raises(SourceUnreadable, match="changed"):
        read(first)


def test_a_vanished_file_says_so(tmp_path):
    (tmp_path / "f").write_bytes(b"x")
    (arrival,) = for_path(tmp_path).arrivals()
    (tmp_path / "f").unlink()
    with pytest.raises(SourceUnreadable, match="vanished") as caught:
        read(arrival)
    assert str(tmp_path) not in str(caught.value)


def _as_nobody(root):
    """What a walk without root's rights meets; forked, since that user may not run Python."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            for a in for_path(root).arrivals():
                os.write(send, a.untrusted_path + f" {a.kind} {a.reason}\n".encode())
        finally:
            os._exit(0)
    os.close(send)
    os.waitpid(child, 0)
    with os.fdopen(receive) as out:
        return out.read().splitlines()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to drop privileges from")
def test_what_may_not_be_read_is_refused_and_the_rest_goes_on(tmp_path):
    for above in (tmp_path, *tmp_path.parents):
        if os.stat(above).st_mode & 0o005 != 0o005:
            above.chmod(above.stat().st_mode | 0o055)
    root = put_folder(tmp_path / "m", {b"a": b"1", b"closed/x": b"2", b"mine": b"3", b"z/y": b"4"})
    (root / "mine").chmod(0o600)
    (root / "closed").chmod(0o700)
    assert _as_nobody(root) == [
        "a file ",
        "mine refused permission",
        "closed refused permission",
        "z/y file ",
    ]


def test_permission_denied_at_opening_is_an_error_of_that_file_only(tmp_path, monkeypatch):
    root = put_folder(tmp_path / "m", {b"a": b"1", b"bad/x": b"2", b"c": b"3"})
    honest = os.open

    def refusing(path, *args, **kwargs):
        if path in (b"c", b"bad"):
            raise PermissionError(13, "Permission denied")
        return honest(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", refusing)
    first, third, second = for_path(root).arrivals()
    assert read(first) == b"1"
    assert (second.untrusted_path, second.reason) == (b"bad", Reason.PERMISSION)
    with pytest.raises(SourceUnreadable, match="permission"):
        read(third)


def test_a_read_error_half_way_is_an_error_of_that_file(tmp_path, monkeypatch):
    (tmp_path / "f").write_bytes(b"x" * 100)
    (arrival,) = for_path(tmp_path).arrivals()

    def broken(fd, buffers):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "readv", broken)
    with pytest.raises(SourceUnreadable, match="Input/output error"):
        read(arrival)


def test_a_listing_that_breaks_off_keeps_what_was_listed(tmp_path, monkeypatch):
    root = put_folder(tmp_path / "m", {b"a": b"1", b"d/b": b"2"})
    honest = os.scandir

    class Breaking:
        def __init__(self, fd):
            self._inner = honest(fd)

        def __enter__(self):
            return self

        def __exit__(self, *exc):
            self._inner.close()

        def __iter__(self):
            yield from self._inner
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "scandir", Breaking)
    assert [(a.untrusted_path, a.reason) for a in for_path(root).arrivals()] == [
        (b"a", ""),
        (b".", Reason.READ_ERROR),
        (b"d/b", ""),
        (b"d", Reason.READ_ERROR),
    ]


def _dig(root, depth, name):
    """Folders within folders, deeper than any path may be long; a file at the bottom."""
    fd = os.open(root, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=fd)
        below = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    bottom = os.open("f", os.O_WRONLY | os.O_CREAT, dir_fd=fd)
    os.write(bottom, b"deep")
    os.close(bottom)
    os.close(fd)


@pytest.mark.parametrize(("depth", "length"), [(30, 255), (1500, 10)])
def test_paths_longer_than_path_max_are_walked_and_read(tmp_path, depth, length):
    root = tmp_path / "m"
    root.mkdir()
    _dig(root, depth, "n" * length)
    (arrival,) = for_path(root).arrivals()
    assert arrival.untrusted_path == (b"n" * length + b"/") * depth + b"f"
    assert read(arrival) == b"deep"
    subprocess.run(["rm", "-rf", str(root)], check=True)


def test_the_vault_inside_the_material_is_not_entered(tmp_path):
    root = put_folder(tmp_path / "m", {b"a": b"1", b"vault/objects/x": b"2"})
    own = (root / "vault").stat()
    route = for_path(root, frozenset({(own.st_dev, own.st_ino)}))
    assert [(a.untrusted_path, a.reason) for a in route.arrivals()] == [
        (b"a", ""),
        (b"vault", Reason.VAULT),
    ]
    own = root.stat()
    assert refusals(for_path(root, frozenset({(own.st_dev, own.st_ino)}))) == [(b".", "vault")]


def test_a_folder_that_is_its_own_ancestor_ends(tmp_path, monkeypatch):
    """Only a damaged file system has one: the inode numbers are made equal instead."""
    root = put_folder(tmp_path / "m", {b"a": b"1", b"d/b": b"2"})
    honest = os.fstat

    def same(fd):
        met = honest(fd)
        if not stat.S_ISDIR(met.st_mode):
            return met
        return os.stat_result((*met[:1], 7, *met[2:10]))

    monkeypatch.setattr(os, "fstat", same)
    assert [(a.untrusted_path, a.reason) for a in for_path(root).arrivals()] == [
        (b"a", ""),
        (b"d", Reason.LOOP),
    ]


def test_few_descriptors_are_held_however_many_folders(tmp_path):
    files = {b"%04d/f" % number: b"%d" % number for number in range(400)}
    root = put_folder(tmp_path / "m", files)
    before = len(os.listdir("/proc/self/fd"))
    arrivals = list(for_path(root).arrivals())
    assert len(os.listdir("/proc/self/fd")) - before <= folder._KEPT_OPEN + 1
    assert {a.untrusted_path: read(a) for a in reversed(arrivals)} == files
    del arrivals
    assert len(os.listdir("/proc/self/fd")) == before


def test_many_threads_may_open_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "_KEPT_OPEN", 3)
    files = {b"%02d/%d/f" % (n % 25, n): b"%d" % n for n in range(200)}
    root = put_folder(tmp_path / "m", files)
    arrivals = list(for_path(root).arrivals())
    wrong: list[object] = []

    def work(part):
        wrong.extend(a for a in part if read(a) != files[a.untrusted_path])

    threads = [threading.Thread(target=work, args=(arrivals[n::6],)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(arrivals) == 200


def test_a_walk_given_up_leaves_nothing_open(tmp_path):
    root = put_folder(tmp_path / "m", {b"a/f": b"1", b"b/f": b"2"})
    before = len(os.listdir("/proc/self/fd"))
    walk = for_path(root).arrivals()
    next(walk)
    walk.close()
    del walk
    assert len(os.listdir("/proc/self/fd")) == before


def test_one_file_arrives_under_its_own_name(tmp_path):
    (tmp_path / "clip.avi").write_bytes(b"RIFF")
    assert contents(for_path(tmp_path / "clip.avi")) == [(b"clip.avi", b"RIFF")]


def test_a_link_named_by_the_operator_is_followed(tmp_path):
    put_folder(tmp_path / "m", {b"a": b"1"})
    (tmp_path / "link").symlink_to("m")
    assert contents(for_path(tmp_path / "link")) == [(b"a", b"1")]


def test_what_is_not_there_is_an_error_without_its_name(tmp_path):
    with pytest.raises(SourceUnreadable) as caught:
        for_path(tmp_path / "no-such")
    assert "no-such" not in str(caught.value)
