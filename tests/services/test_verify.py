"""Verify: what is wrong is named, what is right is silent, and a check changes nothing."""

import json
import os
import shutil
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.catalogue.models import Entry, Finding, Item, Media, Rendition
from daylight.catalogue.queries.vault import custodian_here
from daylight.crypto.vault_keys import new_keys, to_file
from daylight.domain.digest import digest_of
from daylight.domain.fault import Fault
from daylight.domain.principal import Principal, Role
from daylight.domain.progress import Silent
from daylight.errors import Forbidden, VaultBusy
from daylight.services import verify as service
from daylight.services import verify_objects
from daylight.services.intake import ImportRequest, import_material
from daylight.services.keyring import Keyring
from daylight.services.people import NewUser, add
from daylight.services.seals_report import SealsReport
from daylight.services.verify import Report, VerifyRequest, verify
from daylight.services.verify_journal import NAME
from daylight.services.worklist import LARGE, Worklist
from daylight.storage import survey as walking
from daylight.storage.layout import in_use, lock
from tests.canonical import check


def checked(ws, **options) -> Report:
    return verify(ws, custodian_here(), VerifyRequest(**options), Silent())


def names(report: Report) -> set[str]:
    return {one.name for one in report.faults}


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number}").write_bytes(os.urandom(200 + 1000 * number))
    (folder / "again").write_bytes((folder / "0").read_bytes())
    (folder / "empty").touch()
    (folder / "link").symlink_to("0")
    return folder


def fill(ws, disk):
    import_material(ws, custodian_here(), ImportRequest(roots=[disk]), Silent())
    add(ws, custodian_here(), NewUser("ada", frozenset({Role.ANALYST})))
    item = Item.objects.order_by("pk").first()
    (digest,) = ws.store.put_many([b"a picture"])
    (index,) = ws.store.put_many([b"an index"])
    Media.objects.create(
        item=item, probe_version=1, kind="video", state="ok", facts={}, key_frames=index
    )
    finding = Finding.objects.create(item=item, detector="still", version=1, facts={})
    Rendition.objects.create(
        item=item,
        finding=finding,
        name="still",
        media_type="image/jpeg",
        sha256=digest,
        size=9,
        facts={},
    )
    return ws


@pytest.fixture
def filled(ws, disk):
    return fill(ws, disk)


def path_of(ws, digest):
    name = digest.hex()
    return ws.layout.root / "objects" / name[:2] / name[2:4] / name


def spoil(path, data):
    path.chmod(0o600)
    path.write_bytes(data)
    path.chmod(0o400)


def biggest(ws):
    digest = bytes(Item.objects.order_by("-size").first().sha256)
    return digest, path_of(ws, digest)


def test_a_sound_vault_is_silent(any_ws, disk):
    ws = fill(any_ws, disk)
    before = Entry.objects.count()
    report = checked(ws)
    assert report.faults == ()
    assert (report.tally.objects, report.tally.taken_over) == (15, 0)
    sizes = sum(Item.objects.values_list("size", flat=True))
    assert report.tally.bytes == sizes + len(b"a picture") + len(b"an index")
    assert report.ledger.entries == before
    entry = Entry.objects.order_by("-index").first()
    assert b'"action":"verified"' in bytes(entry.leaf)
    assert json.loads(bytes(entry.details)) == {
        "scope": "all",
        "objects": 15,
        "bytes": str(report.tally.bytes),
        "faults": 0,
    }
    assert checked(ws).faults == ()
    check(ws)


def test_who_may_not_see_custody_may_not_verify(ws):
    with pytest.raises(Forbidden):
        verify(ws, Principal("a" * 32, frozenset(), None), VerifyRequest(), Silent())


def test_two_do_not_verify_at_once(ws):
    with lock(ws.layout, "verify"), pytest.raises(VaultBusy):
        checked(ws)


OBJECTS = {
    "object-missing": lambda path: path.unlink(),
    "object-truncated": lambda path: spoil(path, path.read_bytes()[:-1]),
    "object-grown": lambda path: spoil(path, path.read_bytes() + b"\0"),
    "object-changed": lambda path: spoil(
        path, bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:]
    ),
    "object-writable": lambda path: path.chmod(0o644),
}


@pytest.mark.parametrize("name", OBJECTS)
@pytest.mark.parametrize("medium", [False, True])
def test_what_is_wrong_with_an_object_is_named(filled, name, medium):
    digest, path = biggest(filled)
    OBJECTS[name](path)
    report = checked(filled, medium=medium)
    assert [(one.name, one.object) for one in report.faults] == [(name, digest.hex())]
    assert report.fault_count == 1
    assert (
        not report.not_recorded
    )  # that an object is broken does not keep the ledger from saying so


@pytest.mark.parametrize(
    "name", ["object-missing", "object-truncated", "object-grown", "object-changed"]
)
@pytest.mark.parametrize("options", [{"sample": 1000}, {"since": "2020-01-01"}])
def test_a_part_of_the_vault_is_checked_alike(filled, name, options):
    digest, path = biggest(filled)
    OBJECTS[name](path)
    report = checked(filled, **options)
    assert [(one.name, one.object) for one in report.faults] == [(name, digest.hex())]


def test_a_sample_is_as_large_as_was_asked(filled):
    assert checked(filled, sample=4).tally.objects == 4
    drawn = [checked(filled, sample=7).tally.bytes for _ in range(8)]
    assert len(set(drawn)) > 1  # not always the same ones


def test_since_a_day_means_what_came_from_that_day_on(ws, disk, tmp_path):
    early = replace(ws, clock=lambda: datetime(2026, 11, 24, 9, 0, tzinfo=UTC))
    fill(early, disk)
    late = replace(ws, clock=lambda: datetime(2026, 12, 5, 9, 0, tzinfo=UTC))
    new = tmp_path / "new"
    new.mkdir()
    (new / "one").write_bytes(b"came later")
    import_material(late, custodian_here(), ImportRequest(roots=[new]), Silent())
    assert checked(late, since="2026-11-24").tally.objects == 16
    assert checked(late, since="2026-11-25").tally.objects == 1
    assert checked(late, since="2026-12-05").tally.bytes == len(b"came later")
    assert checked(late, since="2026-12-06").tally.objects == 0


def test_an_object_nobody_names_is_extra(filled):
    digest = filled.store.put(b"nobody asked for this")
    report = checked(filled)
    assert [(one.name, one.object) for one in report.faults] == [("object-extra", digest.hex())]


def test_what_is_being_imported_is_not_extra(filled):
    filled.store.put(b"its row comes with the next transaction")
    with in_use(filled.layout):
        assert checked(filled).faults == ()


def test_what_was_imported_meanwhile_is_not_extra(filled, monkeypatch):
    def held(layout):
        data = b"came while the store was walked"
        digest = filled.store.put(data)
        with sqlite3.connect(layout.catalogue) as other:
            row = (900, "ab" * 16, digest, len(data))
            other.execute("INSERT INTO catalogue_item VALUES (?, ?, ?, ?)", row)
        yield from walking.held(layout)

    monkeypatch.setattr(verify_objects, "held", held)
    assert checked(filled).faults == ()


FOREIGN = {
    "a file among the folders": lambda top: (top / "notes.txt").touch(),
    "a folder of another name": lambda top: (top / "zz").mkdir(),
    "a name that is no digest": lambda top: next(top.glob("??/??")).joinpath("x").touch(),
    "an object in the wrong folder": lambda top: (
        (top / "ff/fe").mkdir(parents=True),
        shutil.copy2(next(top.glob("??/??/*")), top / "ff/fe"),
    ),
    "a folder in place of an object": lambda top: (
        next(top.glob("??/??"))
        .joinpath(next(top.glob("??/??")).parent.name + next(top.glob("??/??")).name + "0" * 60)
        .mkdir()
    ),
    "a name that is no text": lambda top: open(os.fsencode(top) + b"/\xff\xfe\n", "x").close(),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_what_does_not_belong_there_is_foreign(filled, what):
    FOREIGN[what](filled.layout.root / "objects")
    assert names(checked(filled)) == {"object-foreign"}


@pytest.mark.parametrize("how", ["link", "fifo", "folder"])
def test_an_object_that_is_no_file(filled, how):
    digest, path = biggest(filled)
    path.rename(filled.layout.root / "moved")
    {
        "link": lambda: path.symlink_to(filled.layout.root / "moved"),
        "fifo": lambda: os.mkfifo(path),
        "folder": path.mkdir,
    }[how]()
    assert names(checked(filled)) == {"object-foreign", "object-missing"}
    assert names(checked(filled, sample=1000)) == {"object-unreadable"}


def test_a_disk_that_does_not_read_is_a_fault(filled, monkeypatch):
    digest, path = biggest(filled)
    real = os.readv

    def readv(fd, buffers):
        if os.path.samestat(os.fstat(fd), os.stat(path)):
            raise OSError(5, "Input/output error")
        return real(fd, buffers)

    monkeypatch.setattr(os, "readv", readv)
    report = checked(filled)
    assert [(one.name, one.object) for one in report.faults] == [
        ("object-unreadable", digest.hex())
    ]


def test_what_is_left_in_the_spool_is_told_while_nothing_runs(filled):
    (filled.layout.spool / "0123456789abcdef").mkdir()
    (filled.layout.heads / "9.json.00.new").touch()
    report = checked(filled)
    assert sorted(one.object for one in report.faults) == [
        "9.json.00.new",
        "spool/0123456789abcdef",
    ]
    assert names(report) == {"temp-left"}
    with in_use(filled.layout):  # which clears it away, and may be staging something
        (filled.layout.spool / "feedfeedfeedfeed").mkdir()
        assert [one.object for one in checked(filled).faults] == ["9.json.00.new"]


def test_a_spool_that_was_deleted_is_no_fault(filled):
    shutil.rmtree(filled.layout.spool)
    assert checked(filled).faults == ()


# Going on.


def cut_short(ws, monkeypatch, after):
    """Verify, interrupted when so many lots are done; a lot is one object."""
    monkeypatch.setattr(verify_objects, "LOT_OBJECTS", 1)
    real, seen = verify_objects.Hashing._take, []

    def take(self, lot, found):
        real(self, lot, found)
        seen.append(lot)
        if len(seen) == after:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(verify_objects.Hashing, "_take", take)
        with pytest.raises(KeyboardInterrupt):
            checked(ws)


def test_a_verify_that_was_cut_short_goes_on(filled, monkeypatch):
    cut_short(filled, monkeypatch, 6)
    assert (filled.layout.spool / NAME).exists()
    report = checked(filled)
    assert 4 <= report.tally.taken_over <= 6  # one core may have been ahead of another
    assert report.tally.objects == 15
    assert report.faults == ()
    assert not (filled.layout.spool / NAME).exists()
    assert checked(filled).tally.taken_over == 0


def test_a_fault_is_looked_at_again_when_it_goes_on(filled, monkeypatch):
    first = min(bytes(d) for d in Item.objects.values_list("sha256", flat=True))
    path = path_of(filled, first)
    good = path.read_bytes()
    spoil(path, bytes(len(good)) if good else b"x")
    cut_short(filled, monkeypatch, 8)
    if good:
        assert names(checked(filled)) == {"object-changed"}
        cut_short(filled, monkeypatch, 8)
    spoil(path, good)  # repaired meanwhile
    assert checked(filled).faults == ()


def test_what_breaks_by_size_meanwhile_is_found_though_it_was_done(filled, monkeypatch):
    cut_short(filled, monkeypatch, 14)
    digest, path = biggest(filled)
    path.unlink()
    assert names(checked(filled)) == {"object-missing"}


@pytest.mark.parametrize("how", ["again", "stale", "garbage", "other vault", "medium"])
def test_a_journal_that_does_not_fit_is_not_taken_over(filled, monkeypatch, how):
    cut_short(filled, monkeypatch, 9)
    journal = filled.layout.spool / NAME
    ws, options = filled, {}
    if how == "again":
        options = {"again": True}
    elif how == "stale":
        later = filled.clock() + timedelta(days=8)
        ws = replace(filled, clock=lambda: later)
    elif how == "garbage":
        journal.write_bytes(b'{"schema": [[[')
    elif how == "other vault":
        journal.write_text(journal.read_text().replace(ws.layout.vault_id, "ab" * 16))
    else:
        options = {"medium": True}
    report = checked(ws, **options)
    assert (report.tally.taken_over, report.tally.objects, report.faults) == (0, 15, ())
    assert not journal.exists()


def test_the_large_ones_come_first_and_are_taken_over_too(filled, monkeypatch):
    monkeypatch.setattr("daylight.services.worklist.LARGE", 5000)
    cut_short(filled, monkeypatch, 5)
    assert len(json.loads((filled.layout.spool / NAME).read_bytes())["large"]) == 5
    report = checked(filled)
    assert report.tally.taken_over == 5
    assert report.tally.objects == 15


@given(st.lists(st.integers(LARGE, 1 << 40)), st.integers(1, 64))
def test_jobs_of_large_ones_hold_each_once_and_grow_smaller(sizes, workers):
    large = [(digest_of(str(n).encode()), size) for n, size in enumerate(sizes)]
    jobs = list(verify_objects.shared(large, workers))
    assert [one for job in jobs for one in job] == large
    left = sum(sizes)
    for job in jobs:
        before_last = sum(size for _, size in job[:-1])
        assert before_last < min(verify_objects.LARGE_LOT_BYTES, max(1, left // (4 * workers)))
        left -= sum(size for _, size in job)


def test_a_worklist_keeps_order_and_sizes(tmp_path):
    digests = sorted(digest_of(bytes([n])) for n in range(50))
    with Worklist(tmp_path) as work:
        for n, digest in enumerate(digests):
            work.add(digest, LARGE + n if n % 10 == 0 else n - 1)
        assert [size for _, size in work.large()] == [LARGE + n for n in (40, 30, 20, 10, 0)]
        assert [digest for digest, _ in work.small()] == [
            d for n, d in enumerate(digests) if n % 10
        ]
        assert work.at([3, 7]) == [(digests[3], 2), (digests[7], 6)]
        work.clear()
        assert list(work.small()) == []
    assert os.listdir(tmp_path) == []


# Rows.

ROWS = {
    "UPDATE catalogue_item SET size = size + 1 WHERE size > 5000": {
        "size-contradicted",
        "object-truncated",
    },
    "UPDATE catalogue_item SET size = 'many' WHERE size > 11000": {"size-contradicted"},
    "UPDATE catalogue_item SET sha256 = 'text' WHERE size > 11000": {
        "objects-changed",
        "row-unreadable",
        "object-extra",
    },
    "DELETE FROM catalogue_leakedpath WHERE occurrence_id = 3": {"row-orphan"},
    "UPDATE catalogue_leakedpath SET path = x'00' WHERE occurrence_id = 3": {"name-changed"},
    "DELETE FROM catalogue_holding WHERE item_id = 3": {"row-orphan"},
    "DELETE FROM catalogue_finding": {"row-orphan"},
    "DELETE FROM catalogue_media": {"object-extra"},
    "UPDATE catalogue_occurrence SET verified = 0 WHERE id = 2": {"occurrence-changed"},
    "UPDATE catalogue_occurrence SET entry = entry + 1 WHERE id = 2": {
        "objects-changed",
        "opening-misplaced",
        "occurrence-changed",
        "size-contradicted",
    },
    "UPDATE catalogue_occurrence SET entry = 999 WHERE id = 2": {
        "objects-changed",
        "opening-misplaced",
        "occurrence-changed",
        "size-contradicted",
        "row-orphan",
    },
    "UPDATE catalogue_occurrence SET position = position + 20 WHERE position > 5": {
        "opening-misplaced"
    },
    "UPDATE catalogue_occurrence SET salt = NULL WHERE id = 2": {
        "opening-missing",
        "closed-unpurged",
    },
    "UPDATE catalogue_occurrence SET salt = x'00' WHERE id = 2": {"objects-changed"},
    "UPDATE catalogue_occurrence SET salt = 7 WHERE id = 2": {"objects-changed"},
    'UPDATE catalogue_entry SET details = NULL WHERE "index" = 2': {"details-changed"},
    'UPDATE catalogue_entry SET details_salt = NULL WHERE "index" = 2': {"closed-unpurged"},
    "UPDATE catalogue_entry SET leaf = 'text' WHERE \"index\" = 2": {
        "leaf-unreadable",
        "subtree-changed",
        "head-contradicted",
        "row-unrecorded",
    },
    'UPDATE catalogue_entry SET leaf = 12 WHERE "index" = 2': {
        "leaf-unreadable",
        "subtree-changed",
        "head-contradicted",
        "row-unrecorded",
    },
    "UPDATE catalogue_head SET body = 5 WHERE size = 2": {"head-forged"},
    "UPDATE catalogue_head SET signature = zeroblob(64) WHERE size = 2": {"head-forged"},
    "UPDATE catalogue_subtree SET hash = 'text' WHERE key = 2": {"subtree-changed"},
    "UPDATE catalogue_statement SET value = 'another' WHERE id = 2": {"statement-changed"},
    "DELETE FROM catalogue_statement WHERE id = 2": {"statement-changed"},
    "UPDATE catalogue_accession SET name = 'another'": {"accession-changed"},
    "UPDATE catalogue_accession SET finished = NULL": {"accession-changed"},
    "UPDATE catalogue_exclusion SET entry = 0": {"row-unrecorded"},
    "INSERT INTO catalogue_rolegrant (user_id, role) VALUES (1, 'administrator')": {"user-changed"},
    "UPDATE catalogue_user SET is_active = 0": {"user-changed"},
    "UPDATE catalogue_user SET agent = '00'": {"row-unrecorded", "row-missing"},
    "UPDATE catalogue_vault SET key = zeroblob(32)": {"key-contradicted"},
    "UPDATE catalogue_vault SET vault_id = '00'": {"vault-changed"},
}


@pytest.mark.parametrize("statement", ROWS)
def test_a_row_that_was_tampered_with_is_named(filled, statement):
    with sqlite3.connect(filled.layout.catalogue) as database:
        assert database.execute(statement).rowcount > 0
    before = Entry.objects.count()
    report = checked(filled)
    assert names(report) == ROWS[statement]
    # Nothing may be signed on top of what is not in order; broken objects alone are no reason.
    assert bool(report.not_recorded) == any(not n.startswith("object-e") for n in names(report))
    assert Entry.objects.count() == before + (not report.not_recorded)


def test_a_planted_item_is_unrecorded(filled):
    (digest,) = filled.store.put_many([b"planted"])
    Item.objects.create(id=900, sha256=digest, size=7)
    report = checked(filled)
    assert [(one.name, one.object) for one in report.faults] == [("item-unrecorded", digest.hex())]


# The catalogue itself.


def damage(ws, spoil_it):
    from django.db import connections

    connections.close_all()
    with sqlite3.connect(ws.layout.catalogue) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    spoil_it(ws.layout.catalogue)


def test_a_table_that_is_gone_is_a_fault_and_the_rest_is_checked(filled):
    principal = custodian_here()
    with sqlite3.connect(filled.layout.catalogue) as database:
        database.execute("DROP TABLE catalogue_rendition")
    _, path = biggest(filled)
    OBJECTS["object-changed"](path)
    report = verify(filled, principal, VerifyRequest(), Silent())
    assert {"catalogue-unreadable", "object-changed"} <= names(report)
    assert report.tally.objects == 15
    assert report.not_recorded


def test_no_ledger_at_all_is_a_fault(filled):
    principal = custodian_here()
    with sqlite3.connect(filled.layout.catalogue) as database:
        database.execute("DROP TABLE catalogue_entry")
    report = verify(filled, principal, VerifyRequest(), Silent())
    assert "catalogue-unreadable" in names(report)
    assert report.ledger.root == b""


def test_pages_of_noise_are_a_fault(filled):
    principal = custodian_here()

    def noise(path):
        with path.open("r+b") as file:
            file.seek(8192)
            file.write(os.urandom(path.stat().st_size - 8192))

    damage(filled, noise)
    report = verify(filled, principal, VerifyRequest(), Silent())
    assert "catalogue-unreadable" in names(report)
    assert report.tally.objects == 15  # each still has its own name to go by


# Keys.


def test_without_the_passphrase_it_is_checked_and_not_entered(filled):
    locked = replace(filled, keyring=Keyring(filled.layout, lambda: pytest.fail("nobody is asked")))
    locked.layout.write_keys(to_file(filled.keyring.keys, "correct horse"))
    before = Entry.objects.count()
    report = checked(locked)
    assert report.faults == ()
    assert "passphrase" in report.not_recorded
    assert Entry.objects.count() == before
    opened = replace(filled, keyring=Keyring(filled.layout, lambda: "correct horse"))
    assert checked(opened, may_open_keys=True).not_recorded == ""
    wrong = replace(filled, keyring=Keyring(filled.layout, lambda: "wrong"))
    assert checked(wrong, may_open_keys=True).not_recorded


KEYS = {
    "keys-missing": lambda path: path.unlink(),
    "keys-damaged": lambda path: path.write_bytes(b"{}"),
    "key-contradicted": lambda path: path.write_bytes(to_file(new_keys(), "")),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_key_file_that_is_not_the_vaults(filled, name):
    KEYS[name](filled.layout.root / "vault.keys")
    fresh = replace(filled, keyring=Keyring(filled.layout, lambda: ""))
    assert names(checked(fresh)) == {name}


# Seams.


def test_seals_and_further_checks_join_in(filled, monkeypatch):
    wrong = Fault("seal-forged", "head 3", "made for this test")
    monkeypatch.setattr(service, "seals_report", lambda ws: SealsReport((), 1, (wrong,)))
    assert service.witness_faults in service.FURTHER_CHECKS
    other = Fault("witness-forged", "head 2", "made for this test")

    def further(ws):
        return [other]

    monkeypatch.setattr(service, "FURTHER_CHECKS", (further,))
    report = checked(filled)
    assert set(report.faults) == {wrong, other}
    assert report.seals == ()


def test_more_faults_than_are_told_are_counted(filled, monkeypatch):
    monkeypatch.setattr(verify_objects, "MOST_TOLD", 3)
    for path in (filled.layout.root / "objects").glob("??/??/*"):
        path.unlink()
    report = checked(filled)
    assert (len(report.faults), report.fault_count) == (3, 15)


def test_writers_are_not_kept_waiting(filled, monkeypatch):
    """While rows are read another connection may write."""
    wrote = []

    def writes(ws):
        with sqlite3.connect(ws.layout.catalogue, timeout=0) as database:
            database.execute("UPDATE catalogue_vault SET software = software")
            wrote.append(1)
        yield from ()

    monkeypatch.setattr(service.accounts, "accounts", lambda: writes(filled))
    assert checked(filled).faults == ()
    assert wrote
