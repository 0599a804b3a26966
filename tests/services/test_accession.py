"""An accession gone over again: nothing twice, nothing lost, names and statements that can be kept."""

import io
import os
import tarfile
import time

import pytest

from daylight.catalogue.models import Accession, Entry, Exclusion, Item, Occurrence, Statement
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.custody import DRAW, Statements
from daylight.domain.principal import Principal
from daylight.errors import Forbidden, UsageError, VaultBusy
from daylight.routes.base import Limits
from daylight.services import intake
from daylight.services.accession import state
from daylight.storage.layout import lock
from tests.canonical import check, dump
from tests.services.test_intake import _zip, take


def tar_of(members, mode="w") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def said(topic):
    rows = Statement.objects.filter(topic=topic).order_by("entry")
    return [row.value for row in rows]


def folder(path, **files):
    path.mkdir()
    for name, data in files.items():
        (path / name).write_bytes(data)
        os.utime(path / name, (1, 1))
    return path


def test_two_folders_with_the_same_names_are_two_folders(any_ws, tmp_path):
    """Recorders make disks alike: same names, same sizes, same times. The second one is not the first."""
    one, two = folder(tmp_path / "1", hiv00001=b"A"), folder(tmp_path / "2", hiv00001=b"B")
    take(any_ws, one, accession="recorder")  # as far as an import of both came before it was killed
    report = take(any_ws, one, two, accession="recorder")
    assert (report.already, report.items_new) == (1, 1)
    before = dump()
    assert take(any_ws, one, two, accession="recorder").already == 2
    assert dump() == before
    check(any_ws)


def test_a_name_that_a_tar_gives_twice_is_two_files_and_stays_two(any_ws, tmp_path):
    (tmp_path / "leak.tar").write_bytes(tar_of([("p", b"one"), ("p", b"other"), ("p", b"one")]))
    take(any_ws, tmp_path / "leak.tar", accession="leak")
    before = dump()
    assert len(before["occurrences"]) == 4
    take(any_ws, tmp_path / "leak.tar", accession="leak")
    assert dump() == before
    check(any_ws)


def test_a_file_that_changed_since_is_one_more_occurrence_once(ws, tmp_path):
    disk = folder(tmp_path / "disk", log=b"1")
    take(ws, disk, accession="disk")
    (disk / "log").write_bytes(b"22")
    take(ws, disk, accession="disk")
    before = dump()
    assert len(before["occurrences"]) == 2
    take(ws, disk, accession="disk")
    assert dump() == before


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_a_limited_archive_gives_no_more_the_second_time(ws, tmp_path, kind):
    members = [(f"{n}", os.urandom(1 << 18)) for n in range(64)]
    modes = {"tar": "w", "tar.gz": "w:gz"}
    data = _zip(members) if kind == "zip" else tar_of(members, modes[kind])
    (tmp_path / "bomb").write_bytes(data)
    first = take(ws, tmp_path / "bomb", accession="b", limits=Limits(max_total=4 << 20))
    assert [one.kind for one in first.refused]
    before, entries = dump(), Entry.objects.count()
    take(ws, tmp_path / "bomb", accession="b", limits=Limits(max_total=4 << 20))
    assert (dump(), Entry.objects.count()) == (before, entries)


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_what_came_before_a_limit_stays(ws, tmp_path, mode):
    (tmp_path / "many").write_bytes(tar_of([(f"{n}", b"%d" % n) for n in range(50)], mode))
    report = take(ws, tmp_path / "many", limits=Limits(max_members=30))
    assert report.files == 1 + 30
    assert [(one.untrusted_path, one.kind) for one in report.refused] == [(b"many", "limit")]
    check(ws)


def test_a_stream_is_staged_while_earlier_lots_of_it_are_settled(ws, tmp_path, monkeypatch):
    """A lot that is settled takes the empty spool away, but not from under who still reads."""
    (tmp_path / "leak.tgz").write_bytes(tar_of([(f"{n}", b"%d" % n) for n in range(12)], "w:gz"))
    real = intake.stage

    def slowly(*args):
        time.sleep(0.05)
        return real(*args)

    monkeypatch.setattr(intake, "stage", slowly)
    monkeypatch.setattr("daylight.services.lots.LOT_FILES", 1)
    assert take(ws, tmp_path / "leak.tgz").files == 13
    check(ws)


@pytest.mark.parametrize("name", ["a\udce9b", "x" * 201, "a\nb", "\0", " ", "a\u2028b", "\x1b[2J"])
def test_a_name_that_cannot_be_kept_everywhere_is_refused_first(any_ws, tmp_path, name):
    with pytest.raises(UsageError, match="name"):
        take(any_ws, folder(tmp_path / "disk", one=b"1"), accession=name)
    assert not Accession.objects.exists()


@pytest.mark.parametrize("name", ["Диск 1", "x" * 200, "می‌خواهم", "0", "' OR 1=1 --", "📼"])
def test_a_name_in_any_script_is_kept(any_ws, tmp_path, name):
    assert take(any_ws, folder(tmp_path / "disk", one=b"1"), accession=name).accession == name
    check(any_ws)


def test_a_codename_is_drawn_once_however_often_the_import_is_run(any_ws, tmp_path):
    disk = folder(tmp_path / "disk", one=b"1")
    asked = Statements({"handed_over_by": DRAW})
    first = take(any_ws, disk, accession="disk", statements=asked)
    again = take(any_ws, disk, accession="disk", statements=asked)
    assert first.codename
    assert again.codename == ""
    assert said("handed_over_by") == [first.codename]
    given = state(any_ws, custodian_here(), "disk", asked)
    assert said("handed_over_by") == [first.codename, given["handed_over_by"]]
    assert DRAW not in said("handed_over_by")


def test_unknown_may_be_stated_later(ws, tmp_path):
    take(ws, folder(tmp_path / "disk"), accession="disk", statements=Statements({"seal": "A 1"}))
    state(ws, custodian_here(), "disk", Statements({"seal": ""}))
    assert said("seal") == ["A 1", ""]
    check(ws)


def test_nothing_stated_is_wrong_use(ws, tmp_path):
    take(ws, folder(tmp_path / "disk"), accession="disk")
    entries = Entry.objects.count()
    with pytest.raises(UsageError):
        state(ws, custodian_here(), "disk", Statements({}))
    assert Entry.objects.count() == entries


def test_an_accession_that_is_being_filled_is_busy(ws, tmp_path):
    disk = folder(tmp_path / "disk", one=b"1")
    take(ws, disk, accession="disk")
    row = Accession.objects.get()
    with lock(ws.layout, f"accession-{row.public_id}"), pytest.raises(VaultBusy):
        take(ws, disk, accession="disk")


def test_an_unfinished_accession_of_other_folders_is_left_alone(ws, tmp_path):
    take(ws, folder(tmp_path / "1", one=b"1"))
    Accession.objects.update(finished=None)
    take(ws, folder(tmp_path / "2", one=b"1"))
    assert Accession.objects.filter(finished=None).count() == 1
    assert take(ws, tmp_path / "1").already == 1
    assert Accession.objects.count() == 2


def test_a_refusal_is_recorded_once(ws, tmp_path):
    disk = folder(tmp_path / "disk")
    os.mkfifo(disk / "pipe")
    (disk / "link").symlink_to("nowhere")
    for _ in range(3):
        report = take(ws, disk, accession="disk")
        assert [one.untrusted_path for one in report.refused] == [b"pipe"]
    assert Exclusion.objects.count() == 2
    assert Entry.objects.count() == 5  # vault, opened, stated, not kept, closed
    check(ws)


def test_who_may_not_import_changes_nothing(ws, tmp_path):
    nobody = Principal("0" * 32, frozenset(), None)
    request = intake.ImportRequest(roots=[folder(tmp_path / "disk", one=b"1")])
    with pytest.raises(Forbidden):
        intake.import_material(ws, nobody, request, None)
    with pytest.raises(Forbidden):
        state(ws, nobody, "disk", Statements({"seal": "1"}))
    assert not Item.objects.exists()
    assert not Occurrence.objects.exists()
    assert Entry.objects.count() == 1
