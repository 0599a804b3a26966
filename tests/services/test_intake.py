"""Taking material in, on both kinds of catalogue: nothing lost, nothing twice, nothing followed."""

import io
import os
import tarfile
import zipfile
from dataclasses import replace

import pytest

from daylight.catalogue.models import Exclusion, Item, LeakedPath, Occurrence
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.custody import Statements
from daylight.domain.progress import Silent
from daylight.errors import StoreCorrupt, UsageError, VaultFull
from daylight.routes.base import Limits
from daylight.services import intake
from daylight.services.accession import state
from daylight.services.intake import ImportRequest, import_material
from daylight.storage import local
from tests.canonical import check, dump


def take(ws, *roots, **options):
    return import_material(ws, custodian_here(), ImportRequest(roots=roots, **options), Silent())


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "disk"
    (folder / "a/b").mkdir(parents=True)
    (folder / "a/one.bin").write_bytes(b"one")
    (folder / "a/b/two.bin").write_bytes(os.urandom(3 << 20))
    (folder / "a/b/copy of one.bin").write_bytes(b"one")
    (folder / "empty").touch()
    return folder


HOSTILE = [
    b"\xe2\xe8\xe4\xe5\xee.txt",
    b"line\nbreak",
    "запись\u202egpj.exe".encode(),
    b"-rf",
    b"$(touch x);`id`",
    b"x" * 255,
    b" leading and trailing ",
    b"=cmd()|calc.csv",
    "📹".encode(),
]


def test_a_folder_comes_in_whole(any_ws, archive):
    report = take(any_ws, archive)
    assert (report.files, report.items_new, report.items_known) == (4, 3, 1)
    assert report.bytes == 6 + (3 << 20)
    assert report.refused == ()
    paths = {bytes(row.path) for row in LeakedPath.objects.all()}
    assert paths == {b"a/one.bin", b"a/b/two.bin", b"a/b/copy of one.bin", b"empty"}
    check(any_ws)


def test_twice_changes_nothing_but_occurrences_of_a_new_accession(any_ws, archive):
    take(any_ws, archive)
    items = set(Item.objects.values_list("sha256", flat=True))
    again = take(any_ws, archive)
    assert (again.items_new, again.items_known) == (0, 4)
    assert set(Item.objects.values_list("sha256", flat=True)) == items
    assert Occurrence.objects.count() == 8
    check(any_ws)


def test_the_same_accession_again_adds_nothing(any_ws, archive):
    take(any_ws, archive, accession="disk 1")
    before, entries = dump(), _entries()
    again = take(any_ws, archive, accession="disk 1")
    assert (again.files, again.already, again.occurrences) == (4, 4, 0)
    assert (dump(), _entries()) == (before, entries)


def _entries():
    from daylight.catalogue.models import Entry

    return Entry.objects.count()


def test_hostile_names_survive_byte_for_byte(ws, tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    for number, name in enumerate(HOSTILE):
        with open(os.fsencode(folder) + b"/" + name, "wb") as file:
            file.write(str(number).encode())
    take(ws, folder)
    assert {bytes(row.path) for row in LeakedPath.objects.all()} == set(HOSTILE)
    check(ws)


def test_what_is_no_file_is_recorded_and_never_followed(ws, tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    report = take(ws, folder)
    assert report.files == 0
    assert report.links == 2
    assert [(one.untrusted_path, one.reason) for one in report.refused] == [(b"pipe", "fifo")]
    assert bytes(Exclusion.objects.get(path=b"link").target) == b"/etc/passwd"
    check(ws)


def test_an_import_cut_short_goes_on_and_ends_the_same(any_ws, archive, monkeypatch):
    for number in range(40):
        (archive / f"small {number}").write_bytes(os.urandom(100))
    monkeypatch.setattr("daylight.services.lots.LOT_FILES", 5)
    real, calls = intake.accessions.keep, []

    def dies(*args, **kwargs):
        calls.append(1)
        if len(calls) == 4:
            raise VaultFull("the vault's disk is full")
        return real(*args, **kwargs)

    monkeypatch.setattr(intake.accessions, "keep", dies)
    with pytest.raises(VaultFull):
        take(any_ws, archive)
    assert 0 < Occurrence.objects.count() < 44
    monkeypatch.setattr(intake.accessions, "keep", real)
    report = take(any_ws, archive)
    assert report.files == 44
    assert report.already > 0
    assert Occurrence.objects.count() == 44
    assert len({row.accession_id for row in Occurrence.objects.all()}) == 1
    check(any_ws)


def test_a_full_disk_stops_cleanly(ws, archive, monkeypatch):
    import errno

    def full(fd, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(local, "write_all", full)
    with pytest.raises(VaultFull):
        take(ws, archive)
    monkeypatch.undo()
    take(ws, archive)
    assert Occurrence.objects.count() == 4
    check(ws)


def test_bytes_that_do_not_read_back_stop_the_import(ws, archive, monkeypatch):
    monkeypatch.setattr(local, "hash_from_medium", lambda *a: b"\0" * 32)
    with pytest.raises(StoreCorrupt):
        take(ws, archive)
    assert Item.objects.count() == 0


def test_without_verify_nothing_is_read_back_and_it_is_said(ws, archive, monkeypatch):
    monkeypatch.setattr(local, "hash_from_medium", lambda *a: b"\0" * 32)
    take(ws, archive, verify=False)
    assert set(Occurrence.objects.values_list("verified", flat=True)) == {False}


def _zip(members) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def test_archives_are_kept_and_looked_into(any_ws, tmp_path):
    inner = _zip([("deep.txt", b"deep")])
    (tmp_path / "leak.zip").write_bytes(_zip([("../../up.txt", b"up"), ("inner.zip", inner)]))
    report = take(any_ws, tmp_path / "leak.zip")
    paths = {bytes(row.path) for row in LeakedPath.objects.all()}
    assert paths == {
        b"leak.zip",
        b"leak.zip/../../up.txt",
        b"leak.zip/inner.zip",
        b"leak.zip/inner.zip/deep.txt",
    }
    assert report.files == 4
    check(any_ws)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_a_tar_is_read_as_a_stream(ws, tmp_path, mode):
    file = tmp_path / "leak.tar"
    with tarfile.open(file, mode) as archive:
        for number in range(3):
            info = tarfile.TarInfo(f"x/{number}")
            info.size = 2000
            archive.addfile(info, io.BytesIO(os.urandom(2000)))
        device = tarfile.TarInfo("null")
        device.type = tarfile.CHRTYPE
        archive.addfile(device)
    report = take(ws, file)
    assert report.files == 4
    assert [one.reason for one in report.refused] == ["device"]
    check(ws)


def test_a_bomb_stops_at_its_limit_and_the_rest_goes_on(ws, tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    (folder / "bomb.zip").write_bytes(_zip([(f"{n}", bytes(20 << 20)) for n in range(5)]))
    (folder / "evidence").write_bytes(b"evidence")
    report = take(ws, folder, limits=Limits(max_ratio=50))
    assert b"evidence" in {bytes(row.path) for row in LeakedPath.objects.all()}
    assert any("--max-ratio" in one.reason for one in report.refused)
    check(ws)


def test_nesting_stops_at_its_limit(ws, tmp_path):
    data = b"deep"
    for number in range(5):
        data = _zip([(f"{number}.zip" if number else "file", data)])
    (tmp_path / "russian doll.zip").write_bytes(data)
    report = take(ws, tmp_path / "russian doll.zip", limits=Limits(max_nesting=2))
    assert [one.kind for one in report.refused] == ["limit"]
    check(ws)


def test_no_expand_keeps_an_archive_as_one_file(ws, tmp_path):
    (tmp_path / "leak.zip").write_bytes(_zip([("a", b"a")]))
    assert take(ws, tmp_path / "leak.zip", expand=False).files == 1


def test_the_vault_itself_is_never_taken_in(ws, tmp_path):
    (tmp_path / "beside").write_bytes(b"beside")
    report = take(ws, tmp_path)
    assert report.files == 1


def test_statements_come_before_the_bytes_and_further_ones_after(any_ws, archive):
    from daylight.catalogue.models import Statement

    given = Statements({"device": "HDD, 2 TB", "handed_over_by": "office:Berlin"})
    report = take(any_ws, archive, statements=given)
    state(any_ws, custodian_here(), report.accession, Statements({"seal": "A 113, whole"}))
    seals = Statement.objects.filter(topic="seal").order_by("entry")
    assert [row.value for row in seals] == ["", "A 113, whole"]
    first = Statement.objects.order_by("entry").first()
    assert first.entry < Occurrence.objects.order_by("entry").first().entry
    check(any_ws)


@pytest.mark.parametrize("name", ["Ivan Petrov", "amber", "amber-heron-123", "office:"])
def test_who_handed_it_over_is_never_a_typed_name(name):
    with pytest.raises(UsageError, match="codename"):
        Statements({"handed_over_by": name})


def test_an_unknown_collection_is_refused_before_anything_is_written(ws, archive):
    with pytest.raises(UsageError):
        take(ws, archive, collection="No such")
    assert Item.objects.count() == 0


def test_a_file_cut_short_while_it_is_read_is_kept_as_it_was_read(ws, archive, monkeypatch):
    """Sizes are claims: what was read is what is kept."""
    from daylight.routes import folder

    real = folder.FolderRoute.arrivals

    def lying(self):
        for arrival in real(self):
            yield replace(arrival, size=arrival.size + 10)

    monkeypatch.setattr(folder.FolderRoute, "arrivals", lying)
    assert take(ws, archive).bytes == 6 + (3 << 20)
    check(ws)


def test_what_a_resumed_import_is_told_anew_is_a_further_statement(ws, archive):
    from daylight.catalogue.models import Statement

    take(ws, archive, accession="disk", statements=Statements({"device": "HDD"}))
    take(ws, archive, accession="disk", statements=Statements({"device": "HDD", "seal": "A 1"}))
    told = list(Statement.objects.order_by("entry", "pk").values_list("topic", "value"))
    assert told.count(("device", "HDD")) == 1
    assert told[-1] == ("seal", "A 1")
    check(ws)
