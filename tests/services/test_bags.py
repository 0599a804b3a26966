"""Importing a bag: everything kept, what was declared compared, nothing kept of one that points outside."""

import hashlib
import json

import pytest

from daylight.catalogue.models import Accession, Entry, LeakedPath
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.progress import Silent
from daylight.errors import BagOutside, VaultFull
from daylight.routes.bagformat import BagReason
from daylight.services import intake
from daylight.services.intake import ImportRequest, import_material
from tests.canonical import check
from tests.routes.test_bags import SUM, append, bag


def take(ws, *roots, **options):
    return import_material(ws, custodian_here(), ImportRequest(roots=roots, **options), Silent())


def faults(report):
    return [(one.untrusted_path, one.reason) for one in report.bag_faults]


def checked() -> list[dict[str, object]]:
    rows = [row for row in Entry.objects.order_by("index") if b'"bag-checked"' in bytes(row.leaf)]
    return [json.loads(bytes(row.details)) for row in rows]


def paths() -> set[bytes]:
    return {bytes(row.path) for row in LeakedPath.objects.all()}


def test_a_valid_bag_comes_in_whole(any_ws, tmp_path):
    report = take(any_ws, bag(tmp_path / "b", {b"x/a": b"1", b"b": b"2" * (2 << 20)}))
    assert paths() == {b"bagit.txt", b"manifest-sha256.txt", b"data/b", b"data/x/a"}
    assert (report.files, report.bag_faults, report.refused) == (4, (), ())
    (entry,) = checked()
    assert (entry["version"], entry["errors"], entry["warnings"]) == ("1.0", 0, 0)
    check(any_ws)


@pytest.mark.parametrize("algorithm", ["md5", "sha256", "sha512"])
@pytest.mark.parametrize("size", [1, 3 << 20])
def test_what_differs_or_is_not_listed_is_kept_and_told(ws, tmp_path, algorithm, size):
    made = bag(tmp_path / "b", {b"good": b"g" * size, b"bad": b"b" * size}, algorithm=algorithm)
    with (made / "data/bad").open("r+b") as file:
        file.seek(size - 1)
        file.write(b"x")
    (made / "data/more").write_bytes(b"m")
    append(made, f"manifest-{algorithm}.txt", f"{hashlib.new(algorithm).hexdigest()}  data/gone\n")
    report = take(ws, made)
    assert {*faults(report)} == {
        (b"data/bad", BagReason.MISMATCH),
        (b"data/more", BagReason.UNLISTED),
        (b"data/gone", BagReason.MISSING),
    }
    assert {b"data/bad", b"data/good", b"data/more"} <= paths()
    assert checked()[0]["errors"] == 3
    check(ws)


def test_a_changed_tag_file_is_seen(ws, tmp_path):
    made = bag(tmp_path / "b", tags={b"tagmanifest-md5.txt": b"0" * 32 + b" bagit.txt\n"})
    assert faults(take(ws, made)) == [(b"bagit.txt", BagReason.MISMATCH)]


@pytest.mark.parametrize("first", [True, False])
def test_of_a_bag_that_points_outside_nothing_is_kept_nor_of_what_comes_with_it(
    ws, tmp_path, first
):
    made = bag(tmp_path / "b")
    append(made, "manifest-sha256.txt", f"{SUM}  ../../secret\n")
    other = bag(tmp_path / "c")
    before = Entry.objects.count()
    with pytest.raises(BagOutside):
        take(ws, *((made, other) if first else (other, made)))
    assert (Accession.objects.count(), Entry.objects.count()) == (0, before)
    assert list(ws.store.digests()) == []


def test_a_bag_that_points_outside_comes_in_with_the_folder_around_it(ws, tmp_path):
    """As the error's advice says."""
    (tmp_path / "around").mkdir()
    made = bag(tmp_path / "around/b")
    (made / "data/l").symlink_to("/etc/passwd")
    append(made, "manifest-sha256.txt", f"{SUM}  ../../secret\n")
    report = take(ws, tmp_path / "around")
    assert (report.links, report.files, b"b/data/a" in paths()) == (1, 3, True)


def test_a_bag_inside_a_folder_is_the_files_it_is(ws, tmp_path):
    (tmp_path / "disk").mkdir()
    made = bag(tmp_path / "disk/b")
    (made / "data/a").write_bytes(b"changed")
    report = take(ws, tmp_path / "disk")
    assert (report.files, report.bag_faults, checked()) == (3, (), [])


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_an_import_cut_short_still_tells_all_faults(ws, tmp_path, monkeypatch, algorithm):
    made = bag(tmp_path / "b", {b"%03d" % n: b"%d" % n for n in range(60)}, algorithm=algorithm)
    for name in ("000", "059"):
        (made / "data" / name).write_bytes(b"changed")
    monkeypatch.setattr("daylight.services.lots.LOT_FILES", 5)
    real, calls = intake.accessions.keep, []

    def dies(*args, **kwargs):
        calls.append(1)
        if len(calls) == 5:
            raise VaultFull("the vault's disk is full")
        return real(*args, **kwargs)

    monkeypatch.setattr(intake.accessions, "keep", dies)
    with pytest.raises(VaultFull):
        take(ws, made)
    assert checked() == []
    report = take(ws, made)
    assert report.already
    wanted = [(b"data/000", BagReason.MISMATCH), (b"data/059", BagReason.MISMATCH)]
    assert sorted(faults(report)) == wanted
    assert [entry["errors"] for entry in checked()] == [2]


def test_a_finished_bag_gone_over_again_gains_no_entry_and_tells_the_same(ws, tmp_path):
    made = bag(tmp_path / "b")
    (made / "data/a").write_bytes(b"2")
    first = take(ws, made, accession="bag 1")
    entries = Entry.objects.count()
    again = take(ws, made, accession="bag 1")
    assert (faults(first), Entry.objects.count()) == (faults(again), entries)
    assert faults(first) == [(b"data/a", BagReason.MISMATCH)]


def test_two_bags_at_once_have_each_their_entry(ws, tmp_path):
    one, two = bag(tmp_path / "b"), bag(tmp_path / "c")
    (two / "data/a").write_bytes(b"2")
    report = take(ws, one, two)
    assert [entry["errors"] for entry in checked()] == [0, 1]
    assert faults(report) == [(b"data/a", BagReason.MISMATCH)]
