"""Export as a whole: rights, choice of items, the ledger, and nothing half-written."""

import json
import os
from dataclasses import replace

import bagit
import pytest

from daylight.catalogue.models import Collection, Entry
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.digest import digest_of
from daylight.domain.principal import Right, Role, rights_of
from daylight.domain.progress import Silent
from daylight.errors import DestinationExists, DestinationFull, Forbidden, StoreCorrupt, UsageError
from daylight.exports.memory import MemorySink
from daylight.ledger.leaf import commit_objects
from daylight.services import export_approval
from daylight.services.bag_export import export_bag
from daylight.services.export import folder_sink
from daylight.services.intake import ImportRequest, import_material
from tests.canonical import check
from tests.services.signing import signed_export

ONE, TWO = (digest_of(data).hex() for data in (b"one", b"two"))


@pytest.fixture
def filled(any_ws, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    for name, data in {"Иванов.avi": b"one", "copy.avi": b"one", "b": b"two"}.items():
        (disk / name).write_bytes(data)
    import_material(any_ws, custodian_here(), ImportRequest(roots=[disk]), Silent())
    (tmp_path / "out").mkdir()
    return any_ws


def give(ws, tmp_path, *names, principal=None, **options):
    sink = folder_sink(ws, tmp_path / "out/bag")
    approved = signed_export(ws, *names)
    return export_bag(ws, principal or custodian_here(), approved, sink, Silent(), **options)


def entries() -> list[tuple[dict, dict]]:
    rows = [
        (json.loads(bytes(row.leaf)), json.loads(bytes(row.details)))
        for row in Entry.objects.order_by("index")
    ]
    return [row for row in rows if row[0]["action"] == "originals-exported"]


def test_a_bag_comes_out_and_the_ledger_says_so(filled, tmp_path):
    report = give(filled, tmp_path, ONE[:8], TWO)
    assert (report.items, report.bytes) == (2, 6)
    made = bagit.Bag(str(tmp_path / "out/bag"))
    assert made.validate()
    assert made.info["External-Identifier"] == filled.layout.vault_id
    assert (tmp_path / f"out/bag/data/{ONE}.bin").read_bytes() == b"one"
    ((leaf, details),) = entries()
    assert (leaf["count"], leaf["agent"]) == (2, custodian_here().agent)
    assert leaf["object"] != commit_objects([]).hex()
    assert {"kind": "bag", "bytes": "6", "paths": "no"}.items() <= details.items()
    check(filled)


def test_neither_names_nor_the_place_are_in_the_bag_or_the_ledger(filled, tmp_path):
    give(filled, tmp_path, ONE)
    told = b"".join(bytes(row.leaf) + bytes(row.details) for row in Entry.objects.all())
    assert b"out/bag" not in told
    for one in (tmp_path / "out").rglob("*"):
        assert "Иванов" not in str(one)
        assert one.is_dir() or "Иванов".encode() not in one.read_bytes()


def test_with_paths_they_are_in_a_tag_file(filled, tmp_path):
    give(filled, tmp_path, ONE, with_paths=True)
    rows = [
        json.loads(line)
        for line in (tmp_path / "out/bag/leaked-paths.jsonl").read_text().splitlines()
    ]
    assert {row["path"] for row in rows} == {"Иванов.avi", "copy.avi"}
    assert entries()[0][1]["paths"] == "yes"


def test_an_item_named_twice_comes_once(filled, tmp_path):
    assert give(filled, tmp_path, ONE, ONE.upper(), ONE[:10]).items == 1


@pytest.mark.parametrize("name", ["ffffffffffff", "", "..", "x" * 64, ONE[:7]])
def test_an_unknown_item_ends_it(filled, tmp_path, name):
    with pytest.raises(UsageError, match="number 2"):
        give(filled, tmp_path, ONE, name)
    assert (os.listdir(tmp_path / "out"), entries()) == ([], [])


def test_rights(filled, tmp_path):
    homes = frozenset(Collection.objects.values_list("public_id", flat=True))
    may = set()
    for role in Role:
        principal = replace(
            custodian_here(), rights=rights_of(frozenset({role})), collections=homes
        )
        sink = MemorySink(nothing_kept_here_matters=True)
        try:
            export_bag(filled, principal, signed_export(filled, ONE), sink, Silent())
            may.add(role)
        except Forbidden:
            assert sink.files == {}
    assert may == {Role.ARCHIVIST, Role.COUNSEL}
    assert len(entries()) == 2


def test_leaked_names_need_their_own_right(filled, tmp_path):
    rights = frozenset(Right) - {Right.SEE_LEAKED_PATHS}
    with pytest.raises(Forbidden):
        give(
            filled,
            tmp_path,
            ONE,
            principal=replace(custodian_here(), rights=rights),
            with_paths=True,
        )
    assert os.listdir(tmp_path / "out") == []


def test_items_of_other_collections_are_not_there(filled, tmp_path):
    with pytest.raises(UsageError):
        give(filled, tmp_path, ONE, principal=replace(custodian_here(), collections=frozenset()))


def test_a_damaged_object_leaves_nothing_and_no_entry(filled, tmp_path):
    path = filled.layout.root / f"objects/{TWO[:2]}/{TWO[2:4]}/{TWO}"
    path.chmod(0o600)
    path.write_bytes(b"twx")
    with pytest.raises(StoreCorrupt, match=TWO):
        give(filled, tmp_path, ONE, TWO)
    path.unlink()
    with pytest.raises(StoreCorrupt, match="missing"):
        give(filled, tmp_path, ONE, TWO)
    assert (os.listdir(tmp_path / "out"), entries()) == ([], [])


def test_what_is_there_already_is_left_alone(filled, tmp_path):
    (tmp_path / "out/bag").write_bytes(b"mine")
    with pytest.raises(DestinationExists):
        give(filled, tmp_path, ONE)
    assert (tmp_path / "out/bag").read_bytes() == b"mine"
    assert entries() == []


@pytest.mark.parametrize("inside", ["bag", "spool/bag", "objects/../bag"])
def test_nothing_goes_into_the_vault(filled, tmp_path, inside):
    (tmp_path / "link").symlink_to(filled.layout.root)
    for root in (filled.layout.root, tmp_path / "link"):
        with pytest.raises(UsageError, match="vault"):
            folder_sink(filled, root / inside)


def test_a_ledger_that_cannot_be_written_publishes_nothing(filled, tmp_path, monkeypatch):
    def fails(*args, **kwargs):
        raise DestinationFull("in its place")

    monkeypatch.setattr(export_approval, "record", fails)
    with pytest.raises(DestinationFull):
        give(filled, tmp_path, ONE)
    assert os.listdir(tmp_path / "out") == []
