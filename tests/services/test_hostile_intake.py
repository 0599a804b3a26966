"""Disks that fight back: unreadable, failing, changing, huge; and what an import costs."""

import ctypes
import io
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tarfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connections

from daylight import bootstrap
from daylight.catalogue.models import Accession, Entry, Exclusion, Item, LeakedPath, Occurrence
from daylight.errors import SourceUnreadable, SourceWritable, VaultFull, WorkerKilled
from daylight.routes import folder
from daylight.services import bulk, intake
from daylight.storage import local
from daylight.storage.layout import read
from daylight.storage.volume import Volume
from tests.canonical import check, dump
from tests.conftest import new_vault
from tests.services.test_intake import _zip, take

DAYLIGHT = Path(sys.executable).parent / "daylight"
HUGE = 1 << 30  # bytes of a hole: a quarter of it in memory would show
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
MAX_RSS = 250 << 20  # bytes, what the issue allows


@pytest.fixture
def disk(tmp_path):
    made = tmp_path / "disk"
    made.mkdir()
    for number in range(6):
        (made / f"{number}").write_bytes(b"%d" % number * 10)
    (made / "large").write_bytes(os.urandom(3 << 20))
    return made


def names():
    return {bytes(row.path) for row in LeakedPath.objects.all()}


def instead(monkeypatch, name: bytes, opener):
    """The file ``name`` of any folder is opened by ``opener``."""
    real = folder.FolderRoute.arrivals

    def arrivals(self):
        for one in real(self):
            yield replace(one, opener=opener) if one.untrusted_path == name else one

    monkeypatch.setattr(folder.FolderRoute, "arrivals", arrivals)


class Failing:
    """Some bytes, then what a bad sector gives."""

    def __init__(self, good: int) -> None:
        self._good = good

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None

    def fileno(self):
        return None

    def readinto(self, buffer):
        if not self._good:
            raise SourceUnreadable("the file cannot be read to its end: Input/output error")
        count = min(self._good, len(buffer), 1000)
        self._good -= count
        return count


@pytest.mark.parametrize("name", [b"3", b"large"])
@pytest.mark.parametrize("good", [0, 500, 5000])
def test_a_read_error_half_way_costs_that_file_alone(ws, disk, monkeypatch, name, good):
    instead(monkeypatch, name, lambda: Failing(good))
    report = take(ws, disk)
    assert [(one.untrusted_path, one.kind) for one in report.refused] == [(name, "unreadable")]
    assert "Input/output" in report.refused[0].reason
    assert report.files == 6
    assert name not in names()
    check(ws)


def test_what_could_not_be_read_comes_in_when_it_can_be(ws, disk, monkeypatch):
    with monkeypatch.context() as patched:
        instead(patched, b"3", lambda: Failing(5))
        take(ws, disk, accession="disk")
    report = take(ws, disk, accession="disk")
    assert (report.already, report.occurrences, report.refused) == (6, 1, ())
    assert Exclusion.objects.count() == 1  # that it once could not be read stays known
    check(ws)


def _bound_by_permissions():
    """For the child: even root, after exec, may no longer read what its mode forbids."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def test_a_file_that_may_not_be_read_is_reported_and_the_rest_goes_on(tmp_path, founded, disk):
    (disk / "closed").mkdir()
    for path in (disk / "3", disk / "closed"):
        path.chmod(0)
    bound = {"preexec_fn": _bound_by_permissions} if os.geteuid() == 0 else {}
    if not subprocess.run(
        ["cat", disk / "3"], check=False, stderr=subprocess.DEVNULL, **bound
    ).returncode:
        pytest.skip("this account may read everything and cannot be kept from it")
    vault = shutil.copytree(founded, tmp_path / "vault")
    command = [DAYLIGHT, "--vault", vault, "import", disk, "--no-examine", "--json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, **bound)
    (disk / "closed").chmod(0o700)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["files"] == 6
    refused = {one["path"]: (one["kind"], one["reason"]) for one in report["refused"]}
    assert refused == dict.fromkeys(("3", "closed"), ("refused", "permission"))


def test_a_file_that_grows_while_it_is_read_is_kept_as_it_was_read(ws, disk, monkeypatch):
    real = folder._OpenFile.readinto

    def growing(self, buffer):
        count = real(self, buffer)
        if count == len(b"3333333333"):
            with (disk / "3").open("ab") as file:
                file.write(b"more")
            os.truncate(disk / "4", 0)
        return count

    monkeypatch.setattr(folder._OpenFile, "readinto", growing)
    monkeypatch.setattr(intake, "WORKERS", 1)
    assert take(ws, disk).files == 7
    check(ws)


def test_a_file_swapped_for_a_link_between_listing_and_reading_leads_nowhere(ws, disk, monkeypatch):
    (disk.parent / "secret").write_bytes(b"not on the disk")
    real = folder.FolderRoute.arrivals

    def swapping(self):
        for one in real(self):
            if one.untrusted_path == b"3":
                (disk / "3").unlink()
                (disk / "3").symlink_to(disk.parent / "secret")
            yield one

    monkeypatch.setattr(folder.FolderRoute, "arrivals", swapping)
    report = take(ws, disk)
    assert [one.untrusted_path for one in report.refused] == [b"3"]
    assert Item.objects.count() == 6
    check(ws)


def test_what_is_no_file_is_refused_with_its_reason(ws, tmp_path, monkeypatch):
    odd = tmp_path / "odd"
    odd.mkdir()
    os.mkfifo(odd / "pipe")
    monkeypatch.chdir(odd)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
    expected = {b"pipe": "fifo", b"socket": "socket"}
    if os.geteuid() == 0:
        try:
            os.mknod(odd / "null", 0o666 | 0o020000, os.makedev(1, 3))
            expected[b"null"] = "device"
        except PermissionError:
            pass  # a container that may not make devices
    report = take(ws, odd)
    assert {one.untrusted_path: one.reason for one in report.refused} == expected
    assert report.files == 0
    check(ws)


def test_an_empty_folder_is_an_accession_of_nothing(any_ws, tmp_path):
    (tmp_path / "nothing").mkdir()
    report = take(any_ws, tmp_path / "nothing")
    assert (report.files, report.refused) == (0, ())
    assert Accession.objects.get().finished
    check(any_ws)


def test_where_there_is_nothing_no_accession_is_opened(ws, tmp_path):
    with pytest.raises(SourceUnreadable):
        take(ws, tmp_path / "nowhere")
    assert not Accession.objects.exists()


def test_a_single_file_comes_in_under_its_own_name(ws, disk):
    assert take(ws, disk / "3").files == 1
    assert names() == {b"3"}


@pytest.mark.parametrize("removable", [True, False])
@pytest.mark.parametrize("read_only", [True, False])
def test_removable_media_are_mounted_read_only(ws, disk, monkeypatch, removable, read_only):
    seen = Volume(encrypted=False, removable=removable, read_only=read_only, filesystem="vfat")
    monkeypatch.setattr(intake, "inspect", lambda _: seen)
    if removable and not read_only:
        with pytest.raises(SourceWritable):
            take(ws, disk)
        assert not Accession.objects.exists()
        assert take(ws, disk, allow_writable_source=True).files == 7
    else:
        assert take(ws, disk).files == 7


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_disk_that_fills_up_stops_cleanly_and_ends_the_same(
    tmp_path, migrated, disk, monkeypatch, after
):
    import errno

    for number in range(40):
        (disk / f"more {number}").write_bytes(os.urandom(100))
    whole = new_vault(tmp_path / "whole", migrated)
    take(whole, disk, accession="disk")
    undisturbed = dump()
    connections.close_all()
    ws = new_vault(tmp_path / "vault", migrated)
    monkeypatch.setattr("daylight.services.lots.LOT_FILES", 5)
    real, written = local.write_all, []

    def filling(fd, data):
        written.append(1)
        if len(written) > after:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(fd, data)

    with monkeypatch.context() as patched:
        patched.setattr(local, "write_all", filling)
        with pytest.raises(VaultFull):
            take(ws, disk, accession="disk")
    take(ws, disk, accession="disk")
    assert dump() == undisturbed
    check(ws)


def test_any_tree_of_archives_comes_out_of_a_break_the_same(tmp_path, migrated, monkeypatch):
    """Broken off after every single commit, one after the other."""
    source = tmp_path / "disk"
    source.mkdir()
    inner = _zip([(f"{n}", b"%d" % n) for n in range(4)])
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in (("inner.zip", inner), ("note", b"note"), ("note", b"another")):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    (source / "a.tgz").write_bytes(buffer.getvalue())
    (source / "a.zip").write_bytes(_zip([("x/../y", b"y"), ("inner.zip", inner)]))
    (source / "cut.zip").write_bytes(inner[:-30])
    os.mkfifo(source / "pipe")
    monkeypatch.setattr("daylight.services.lots.LOT_FILES", 2)
    whole = new_vault(tmp_path / "whole", migrated)
    take(whole, source, accession="disk")
    undisturbed = dump()
    connections.close_all()
    ws = new_vault(tmp_path / "vault", migrated)
    real, breaks = intake.accessions.keep, 0

    def once(*args, **options):
        before = Entry.objects.count()
        real(*args, **options)
        if Entry.objects.count() > before:  # else it was known, and nothing was committed
            monkeypatch.setattr(intake.accessions, "keep", dies)
        return 0

    def dies(*args, **options):
        raise VaultFull("the vault's disk is full")

    while breaks < 50:
        monkeypatch.setattr(intake.accessions, "keep", once)
        try:
            take(ws, source, accession="disk")
        except VaultFull:
            breaks += 1
            continue
        break
    assert breaks > 5
    assert breaks < 50
    assert dump() == undisturbed
    check(ws)


def test_an_archive_whose_members_name_places_touches_nothing_outside(ws, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in (f"{outside}/absolute", "../../../../tmp/up", "..", "/", "link/through"):
            info = tarfile.TarInfo(name)
            info.size = 4
            archive.addfile(info, io.BytesIO(b"evil"))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, str(outside)
        archive.addfile(link)
    (tmp_path / "evil.tar").write_bytes(buffer.getvalue())
    before = {path for path in tmp_path.rglob("*") if ws.layout.root not in path.parents}
    report = take(ws, tmp_path / "evil.tar")
    after = {path for path in tmp_path.rglob("*") if ws.layout.root not in path.parents}
    assert after == before
    assert report.links == 1
    assert f"evil.tar/{outside}/absolute".encode() in names()
    check(ws)


def test_documents_that_are_zips_inside_stay_one_file(ws, tmp_path):
    with zipfile.ZipFile(tmp_path / "letter.docx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w:document/>")
    assert take(ws, tmp_path / "letter.docx").files == 1


def test_a_vault_somewhere_inside_is_not_taken_in(ws, tmp_path):
    (tmp_path / "beside").write_bytes(b"beside")
    report = take(ws, tmp_path)
    assert [(one.untrusted_path, one.reason) for one in report.refused] == [(b"vault", "vault")]
    assert names() == {b"beside"}


@pytest.mark.slow
def test_memory_stays_flat_whatever_the_size(tmp_path, founded):
    source, vault = tmp_path / "disk", tmp_path / "vault"
    source.mkdir()
    with (source / "hole").open("wb") as file:
        file.truncate(HUGE)
    shutil.copytree(founded, vault)
    command = [DAYLIGHT, "--vault", vault, "import", source, "--no-examine", "--no-verify"]
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True, stdout=2)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command], check=True, capture_output=True, text=True
    )
    assert int(done.stdout) * 1024 < MAX_RSS
    bootstrap.settle(read(vault))
    assert Item.objects.get().size == HUGE
    connections.close_all()


def test_what_is_under_way_at_a_time_is_bounded(ws, tmp_path, monkeypatch):
    """Many lots, few children: files are no reason to open descriptors."""
    source = tmp_path / "many"
    source.mkdir()
    for number in range(300):
        (source / f"{number}").write_bytes(b"%d" % number)
    monkeypatch.setattr("daylight.services.lots.LOT_FILES", 3)
    monkeypatch.setattr(bulk, "PAUSE", 0)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 40, hard))
    try:
        assert take(ws, source).files == 300
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert Occurrence.objects.count() == 300


def test_a_worker_that_is_killed_stops_the_import_which_then_goes_on(ws, disk, monkeypatch):
    def killed(*args):
        os.kill(os.getpid(), 9)
        time.sleep(60)

    with monkeypatch.context() as patched:
        patched.setattr(intake, "stage_and_settle", killed)
        with pytest.raises(WorkerKilled):
            take(ws, disk)
    assert take(ws, disk).files == 7
    check(ws)
