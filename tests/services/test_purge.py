"""A purge leaves nothing: canaries in bytes and names, in rows, free pages, logs and leftovers."""

import hashlib
import hmac
import os
import secrets
import sqlite3
import threading
from contextlib import ExitStack

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from daylight.catalogue.models import (
    Entry,
    Hold,
    Item,
    LeakedPath,
    Media,
    Occurrence,
    Purge,
    Purged,
)
from daylight.catalogue.queries.items import Filter, find, items
from daylight.catalogue.queries.search import Wanted
from daylight.catalogue.queries.search import find as find_words
from daylight.catalogue.queries.vault import custodian_here
from daylight.crypto.sealed import name_key
from daylight.domain.digest import Digest
from daylight.domain.marks import Kind, Said
from daylight.domain.progress import Silent
from daylight.domain.search import parse
from daylight.domain.views import View
from daylight.errors import ApprovalRefused, ItemHeld, PurgeRefused, UsageError, VaultBusy
from daylight.ledger.leaf import commit
from daylight.services import hold, ledger, marks, purge, sweep, view_audit, view_setup
from daylight.services import purged as register
from daylight.services.examine import examine
from daylight.services.intake import ImportRequest, import_material
from daylight.services.verify import VerifyRequest, verify
from daylight.services.views import ViewLog
from daylight.storage.canary import spellings
from daylight.storage.layout import in_use, lock
from tests.services.signing import approved, asked, asked_to_lift, purged, two_people
from tests.test_docs import checked

NAME = b"Ivanov-canary-9f31c2-%d.bin"


def take(ws, folder, **words):
    return import_material(ws, custodian_here(), ImportRequest(roots=(folder,), **words), Silent())


def disk(tmp_path, count=4, name="disk"):
    folder = tmp_path / name
    folder.mkdir()
    for number in range(count):
        path = os.fsencode(folder) + b"/" + NAME % number
        with open(path, "wb") as file:
            file.write(b"canary in bytes %d " % number + secrets.token_bytes(3000))
    return folder


def digest_of(folder, number) -> Digest:
    with open(os.fsencode(folder) + b"/" + NAME % number, "rb") as file:
        return Digest(hashlib.file_digest(file, "sha256").digest())


def canaries(digest, number):
    return [*spellings(digest), NAME % number, b"canary in bytes %d " % number]


def found(ws, needles):
    """Where in the whole vault one of these lies: in any file's bytes or name, or in any table."""
    hits = []
    for path in (p for p in ws.layout.root.rglob("*") if p.is_file()):
        data = path.read_bytes() + os.fsencode(path.name)
        hits += [(path.name, needle) for needle in needles if needle in data]
    if connection.vendor == "postgresql":
        hits += _found_in_tables(needles)
    return hits


def _found_in_tables(needles):
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t")
            data = "\n".join(row[0] for row in cursor.fetchall()).encode()
            for needle in needles:
                if needle in data or needle.hex().encode() in data:
                    yield table, needle


def faults(ws):
    return {one.name for one in ledger.recheck(ws, custodian_here(), {}, Silent()).faults}


def say(ws, digest, words):
    item = Item.objects.get(sha256=digest).public_id
    made = marks.make(ws, custodian_here(), item, Kind.MARK, Said(words))
    marks.comment(ws, custodian_here(), made.mark, words)
    marks.call(ws, custodian_here(), made.mark, words)


def test_nothing_is_left_and_the_rest_stays_provable(any_ws, tmp_path):
    ws, folder = any_ws, disk(tmp_path)
    two_people(ws)
    take(ws, folder)
    examine(ws, custodian_here(), "", Silent())
    gone, stays = digest_of(folder, 1), digest_of(folder, 2)
    words = [b"zyzzyva", b"zyzzyv"]  # as it is said, and its stem in the index
    say(ws, gone, "they call him Zyzzyvas")
    assert found(ws, canaries(gone, 1))
    assert found(ws, words)
    aside = ws.layout.root / "quarantine" / f"{gone.hex()}.0"  # as a repair leaves it
    aside.parent.mkdir()
    aside.write_bytes(b"what a broken disk had left")
    journal = ws.layout.spool / "verify.json"  # as a verify that was cut short leaves it
    journal.write_text(gone.hex())
    report = purged(ws, gone)
    assert not aside.exists()
    assert not journal.exists()
    assert (report.items, report.traces, report.names_kept) == (1, (), 0)
    assert report.bytes > 3000
    assert found(ws, canaries(gone, 1)) == []
    assert found(ws, words) == []
    assert find_words(custodian_here(), Wanted(parse("zyzzyva"))).count == 0
    assert found(ws, canaries(stays, 2))
    assert gone not in set(ws.store.digests())
    assert find(custodian_here(), gone.hex()) == []
    assert {one.digest for one in items(custodian_here(), Filter())} == {
        digest_of(folder, number) for number in (0, 2, 3)
    }
    assert faults(ws) == set()
    assert verify(ws, custodian_here(), VerifyRequest(), Silent()).faults == ()
    (closed,) = Occurrence.objects.filter(item=None)
    assert closed.salt is None
    other = Occurrence.objects.filter(entry=closed.entry, item__sha256=stays).get()
    assert commit(bytes(other.salt), stays)
    assert not Purge.objects.exists()


def test_what_was_watched_of_it_stands_for_nothing_any_more(any_ws, tmp_path):
    """The log of views names items by their random id alone; that id goes with the item's row."""
    ws, folder = any_ws, disk(tmp_path)
    two_people(ws)
    take(ws, folder)
    cards = view_setup.set_up(ws, custodian_here(), threshold=2, shares=2, days=90)
    gone = digest_of(folder, 1)
    public_id = Item.objects.get(sha256=gone).public_id
    log = ViewLog(ws)
    log.note(View("a" * 32, public_id, "clear", 0, 4_000_000, 1, 1))
    log.close()
    assert view_audit.audit(ws, custodian_here(), cards).told[0].item == gone.hex()
    purged(ws, gone)
    assert found(ws, [*canaries(gone, 1), public_id.encode()]) == []
    (left,) = view_audit.audit(ws, custodian_here(), cards).told
    assert (left.item, left.view.item) == ("", public_id)
    assert verify(ws, custodian_here(), VerifyRequest(), Silent()).faults == ()


def test_a_bare_commitment_that_was_changed_is_found(ws, tmp_path):
    folder = disk(tmp_path)
    two_people(ws)
    take(ws, folder)
    purged(ws, digest_of(folder, 0))
    assert checked(ws)[0] == 0
    Occurrence.objects.filter(item=None).update(commitment=bytes(32))
    assert faults(ws) == {"objects-changed"}
    assert checked(ws)[0] == 1


def test_an_item_alone_in_its_lot_loses_what_was_said_of_its_size(ws, tmp_path):
    folder = disk(tmp_path, count=1)
    two_people(ws)
    take(ws, folder)
    entry = Occurrence.objects.get().entry
    purged(ws, digest_of(folder, 0))
    assert Entry.objects.get(index=entry).details is None
    assert faults(ws) == set()


def test_who_closes_an_entry_without_a_purge_is_found(ws, tmp_path):
    folder = disk(tmp_path)
    two_people(ws)
    take(ws, folder)
    purged(ws, digest_of(folder, 0))
    Entry.objects.filter(index=1).update(details=None, details_salt=None)
    assert faults(ws) == {"closed-unpurged"}


def test_a_law_can_keep_the_hash(ws, tmp_path):
    folder = disk(tmp_path)
    two_people(ws)
    take(ws, folder)
    gone = digest_of(folder, 0)
    report = purged(ws, gone, law="Criminal Procedure Code, art. 81")
    assert report.traces == ()
    details = bytes(Entry.objects.get(index=report.entry).details)
    assert gone.hex().encode() in details
    assert b"art. 81" in details
    assert {needle for _, needle in found(ws, canaries(gone, 0))} == {gone.hex().encode()}
    assert faults(ws) == set()


def test_what_was_purged_does_not_come_back(any_ws, tmp_path):
    ws, folder = any_ws, disk(tmp_path)
    two_people(ws)
    take(ws, folder, accession="one")
    gone = digest_of(folder, 0)
    purged(ws, gone)
    report = take(ws, folder, accession="two")
    assert [one.kind for one in report.refused] == ["purged"]
    assert report.items_known == 3
    assert found(ws, canaries(gone, 0)) == []
    assert take(ws, folder, accession="one").refused[0].kind == "purged"
    assert found(ws, canaries(gone, 0)) == []
    (kept,) = register.to_let_go(ws)
    assert Purged.objects.count() == 1
    assert bytes.fromhex(kept) == bytes(Purged.objects.get().blind)
    assert faults(ws) == set()


def test_who_has_not_the_vaults_key_cannot_tell_what_was_purged(ws, tmp_path):
    folder = disk(tmp_path)
    two_people(ws)
    take(ws, folder)
    gone = digest_of(folder, 0)
    purged(ws, gone)
    blind = bytes(Purged.objects.get().blind)
    assert blind == register.blinding(ws)(gone)
    public = [gone, ws.layout.vault_id.encode(), ws.keyring.signer.public, bytes(32), b""]
    for key in public:
        for data in (gone, b"object\0" + gone, b"daylight purged/1\0" + gone):
            assert blind not in (
                hashlib.sha256(key + data).digest(),
                hmac.digest(key, data, "sha256"),
                hmac.digest(name_key(key), data, "sha256"),
            )


def test_an_object_that_another_item_has_too_stays(ws, tmp_path):
    folder = disk(tmp_path, count=2)
    two_people(ws)
    take(ws, folder)
    one, two = digest_of(folder, 0), digest_of(folder, 1)
    shared = ws.store.put(b"the same index")
    for row in Item.objects.all():
        Media.objects.create(
            item=row, probe_version=1, kind="video", state="ok", facts={}, key_frames=shared
        )
    purged(ws, one)
    assert set(ws.store.digests()) == {two, shared}
    purged(ws, two)
    assert set(ws.store.digests()) == set()


def test_a_name_that_is_part_of_anothers_is_told(ws, tmp_path):
    folder = disk(tmp_path, count=1)
    other = os.fsencode(folder) + b"/x" + NAME % 0
    with open(other, "wb") as file:
        file.write(b"other")
    two_people(ws)
    take(ws, folder)
    report = purged(ws, digest_of(folder, 0))
    assert (report.names_kept, report.traces) == (1, ())


def test_a_name_that_would_be_found_anywhere_is_not_looked_for(ws, tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    (folder / "1").write_bytes(b"one")
    two_people(ws)
    take(ws, folder)
    report = purged(ws, Digest(hashlib.sha256(b"one").digest()))
    assert (report.names_kept, report.traces) == (1, ())
    assert not Purge.objects.exists()


def test_what_an_archive_still_holds_is_not_purged_alone(ws, tmp_path):
    from tests.services.test_intake import _zip

    folder = tmp_path / "disk"
    folder.mkdir()
    data = secrets.token_bytes(500)
    (folder / "leak.zip").write_bytes(_zip([("a.bin", data), ("b.bin", b"b")]))
    two_people(ws)
    take(ws, folder)
    inner = Digest(hashlib.sha256(data).digest())
    outer = Digest(hashlib.sha256((folder / "leak.zip").read_bytes()).digest())
    with pytest.raises(PurgeRefused, match=outer.hex()):
        asked(ws, inner)
    purged(ws, inner, outer)
    assert {one.size for one in items(custodian_here(), Filter())} == {1}
    assert faults(ws) == set()


def test_nobody_purges_what_is_under_hold(any_ws, tmp_path):
    ws, folder = any_ws, disk(tmp_path)
    two_people(ws)
    take(ws, folder)
    held = digest_of(folder, 0)
    waiting = asked(ws, held)
    hold.place(ws, custodian_here(), [held], "case 12/26")
    with pytest.raises(ItemHeld):
        asked(ws, held)
    with pytest.raises(ItemHeld):
        approved(ws, waiting)
    assert held in set(ws.store.digests())
    assert found(ws, canaries(held, 0))
    approved(ws, asked_to_lift(ws, held))
    assert approved(ws, waiting).purges[0].traces == ()
    assert found(ws, canaries(held, 0)) == []
    assert faults(ws) == set()


def test_the_database_refuses_too(any_ws, tmp_path):
    folder = disk(tmp_path)
    take(any_ws, folder)
    held = digest_of(folder, 0)
    hold.place(any_ws, custodian_here(), [held], "case 12/26")
    with pytest.raises(IntegrityError), transaction.atomic():
        LeakedPath.objects.all().delete()
        Occurrence.objects.update(item=None)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM catalogue_opening")
            cursor.execute("DELETE FROM catalogue_holding")
            cursor.execute("DELETE FROM catalogue_item")
    assert Hold.objects.count() == 1


def test_nothing_is_purged_while_others_write(ws, tmp_path):
    folder = disk(tmp_path)
    two_people(ws)
    take(ws, folder)
    request = asked(ws, digest_of(folder, 0))
    with in_use(ws.layout), pytest.raises(VaultBusy):
        approved(ws, request)
    assert Item.objects.count() == 4
    assert approved(ws, request).purges[0].traces == ()


def test_a_purge_waits_for_a_verify_and_gives_up_after_a_while(ws, tmp_path):
    folder = disk(tmp_path)
    two_people(ws)
    take(ws, folder)
    request = asked(ws, digest_of(folder, 0))
    with lock(ws.layout, "verify"), pytest.raises(VaultBusy):
        approved(ws, request)
    assert Item.objects.count() == 4
    with ExitStack() as verifying:
        verifying.enter_context(lock(ws.layout, "verify"))
        timer = threading.Timer(0.4, verifying.close)
        timer.start()
        assert approved(ws, request).purges[0].traces == ()
        timer.join()


def test_a_verify_does_not_begin_while_a_purge_runs(ws, tmp_path, monkeypatch):
    folder = disk(tmp_path)
    two_people(ws)
    take(ws, folder)
    met = []

    def sweep_beside_a_verify(*given):
        with pytest.raises(VaultBusy):
            verify(ws, custodian_here(), VerifyRequest(), Silent())
        met.append(given)

    monkeypatch.setattr(purge, "sweep", sweep_beside_a_verify)
    purged(ws, digest_of(folder, 0))
    assert met


class Killed(BaseException):
    pass


STEPS = {
    "before the rows": (purge, "_take_out"),
    "before the entry": (purge, "_record"),
    "before it is remembered": (purge, "_remember"),
    "before the bytes": (purge, "_finish"),
    "at an object": (purge, "remove"),
    "before the sweep": (purge, "sweep"),
    "before the scan": (purge, "scan"),
    "before the end": (purge, "_forget"),
    "at the end": (purge, "cut_log"),
}


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_it_is_finished_later(ws, tmp_path, monkeypatch, step):
    folder = disk(tmp_path)
    two_people(ws)
    take(ws, folder)
    gone = digest_of(folder, 0)
    request = asked(ws, gone)

    def dies(*args, **words):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(*STEPS[step], dies)
        with pytest.raises(Killed):
            approved(ws, request)
    half = find(custodian_here(), gone.hex())
    assert (half == []) == Purged.objects.exists()
    assert faults(ws) == set()
    if half:
        approved(ws, request)
    else:
        with pytest.raises(ApprovalRefused):
            approved(ws, request)
        assert all(one.traces == () for one in purge.finish(ws))
    assert found(ws, canaries(gone, 0)) == []
    assert not Purge.objects.exists()
    assert purge.finish(ws) == []
    assert faults(ws) == set()


def test_a_trace_is_told_and_the_purge_stays_open(ws, tmp_path):
    folder = disk(tmp_path)
    two_people(ws)
    take(ws, folder)
    gone = digest_of(folder, 0)
    stray = ws.layout.root / "ledger" / "notes.txt"
    stray.write_bytes(b"\xff" * 5000 + gone.hex().upper().encode())
    report = purged(ws, gone)
    assert report.traces == ("ledger/notes.txt",)
    assert Purge.objects.exists()
    stray.unlink()
    (again,) = purge.finish(ws)
    assert again.traces == ()
    assert not Purge.objects.exists()


def test_the_log_cannot_be_cut_under_a_reader(ws, tmp_path, monkeypatch):
    folder = disk(tmp_path)
    two_people(ws)
    take(ws, folder)
    gone = digest_of(folder, 0)

    def busy():
        raise VaultBusy("read")

    with monkeypatch.context() as patch:
        patch.setattr(sweep, "cut_log", busy)
        with pytest.raises(VaultBusy):
            purged(ws, gone)
    assert gone not in set(ws.store.digests())
    assert [one.traces for one in purge.finish(ws)] == [()]
    assert found(ws, canaries(gone, 0)) == []


def test_another_open_request_about_it_is_void(ws, tmp_path):
    folder = disk(tmp_path)
    two_people(ws)
    take(ws, folder)
    gone, other = digest_of(folder, 0), digest_of(folder, 1)
    waiting = asked(ws, gone, other)
    purged(ws, gone)
    with pytest.raises(ApprovalRefused):
        approved(ws, waiting)
    assert find(custodian_here(), other.hex())
    assert found(ws, canaries(gone, 0)) == []


def test_an_unknown_item_cannot_be_asked_for(ws):
    two_people(ws)
    with pytest.raises(UsageError):
        asked(ws, Digest(bytes(32)))


def test_a_reader_of_the_log_is_waited_for_and_told(ws, tmp_path, monkeypatch):
    folder = disk(tmp_path)
    two_people(ws)
    take(ws, folder)
    gone = digest_of(folder, 0)
    request = asked(ws, gone)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 200")
    reader = sqlite3.connect(ws.layout.catalogue, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM catalogue_item").fetchall()
    with pytest.raises(VaultBusy):
        approved(ws, request)
    assert purge.is_cut_short(request)
    assert find(custodian_here(), gone.hex()) == []
    reader.close()
    assert [one.traces for one in purge.finish(ws)] == [()]
    assert not purge.is_cut_short(request)
    assert found(ws, canaries(gone, 0)) == []


def test_what_is_gone_cannot_be_held(ws, tmp_path):
    folder = disk(tmp_path)
    two_people(ws)
    take(ws, folder)
    gone = digest_of(folder, 0)
    purged(ws, gone)
    with pytest.raises(UsageError):
        hold.place(ws, custodian_here(), [gone], "too late")
