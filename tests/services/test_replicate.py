"""Replicas: what is sent, what is left when a run is cut, and what a host can do."""

import json
import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connections

from daylight import bootstrap
from daylight.domain.digest import digest_of
from daylight.domain.principal import Principal
from daylight.domain.progress import Silent
from daylight.errors import Forbidden, ReplicaForeign, ReplicaFull, VaultBusy, VaultFull
from daylight.storage import layout
from daylight.storage.remote_folder import FolderRemote
from daylight.storage.remote_objects import MemoryRemote
from daylight.storage.replica import Replica
from tests.conftest import new_vault
from tests.services.preserved import everything, fill, spoil
from tests.services.signing import purged, two_people


@pytest.fixture
def remote():
    return MemoryRemote(nothing_kept_here_matters=True)


@pytest.fixture
def digests(ws, principal, tmp_path):
    return fill(ws, principal, tmp_path / "disk")


def replicate(ws, principal, remote, **more):
    from daylight.services.replicate import replicate

    return replicate(ws, principal, remote, Silent(), **more)


def restored(ws, remote, root):
    """The vault that the replica alone gives."""
    from daylight.services import restore

    key = ws.keyring.storage_key
    made, _ = restore.state_from_replica(remote, key, root)
    connections.close_all()
    new = bootstrap.settle(made)
    return new, restore.objects_from_replica(new, remote, key, Silent())


def test_the_second_run_sends_nothing_and_both_are_in_the_ledger(ws, principal, remote, digests):
    from daylight.catalogue.ledger_rows import entries

    first = replicate(ws, principal, remote)
    assert (first.objects, first.sent, first.broken, first.number) == (5, 5, (), 1)
    second = replicate(ws, principal, remote)
    assert (second.objects, second.sent, second.bytes, second.number) == (5, 0, 0, 2)
    told = [json.loads(one.details) for one in entries() if one.action == "replicated"]
    assert [one["number"] for one in told] == [1, 2]
    assert {one["replica"] for one in told} == {first.replica}


def test_only_what_is_new_is_sent(ws, principal, remote, digests, tmp_path):
    replicate(ws, principal, remote)
    fill(ws, principal, tmp_path / "more", [100, 200])
    report = replicate(ws, principal, remote)
    assert (report.objects, report.sent, report.bytes) == (7, 2, 300)


def test_the_replica_alone_gives_the_vault_back(ws, principal, remote, digests, tmp_path):
    from daylight.catalogue.ledger_rows import frontier

    replicate(ws, principal, remote)
    objects, vault_id = everything(ws), ws.layout.vault_id
    with sqlite3.connect(ws.layout.catalogue) as database:
        entries = database.execute("SELECT count(*) FROM catalogue_entry").fetchone()[0]
    new, report = restored(ws, remote, tmp_path / "new")
    assert (report.objects, report.missing) == (5, ())
    assert everything(new) == objects
    assert new.layout.vault_id == vault_id
    assert frontier().size == entries - 1  # as it was before `replicated` was entered
    assert new.keyring.storage_key == ws.keyring.storage_key


def test_the_host_sees_random_bytes_alone(ws, principal, digests, tmp_path):
    replicate(ws, principal, FolderRemote(tmp_path / "replica"))
    found = [one for one in (tmp_path / "replica").rglob("*") if one.is_file()]
    assert len(found) == 5 + 1 + 2  # objects, one state, two manifests
    seen = b"".join(one.read_bytes() + one.name.encode() for one in found)
    for secret in (b"SQLite", b"replica", b"daylight", ws.layout.vault_id.encode(), b"ustar"):
        assert secret not in seen
    for digest in digests:
        assert digest not in seen
        assert digest.hex().encode() not in seen


class Failing(MemoryRemote):
    """Breaks at one of its calls, as a cable that is pulled."""

    def __init__(self, left: int) -> None:
        super().__init__(nothing_kept_here_matters=True)
        self.left = left

    def put(self, name, chunks):
        self._count()
        super().put(name, chunks)

    def flush(self):
        self._count()

    def _count(self):
        self.left -= 1
        if self.left < 0:
            raise ReplicaFull("the disk is full")


def test_a_run_that_is_cut_anywhere_goes_on_and_never_spoils_the_last(
    ws, principal, digests, tmp_path
):
    remote = Failing(1000)
    replicate(ws, principal, remote)
    fill(ws, principal, tmp_path / "more", [100, 200])
    key, steps = ws.keyring.storage_key, 0
    while True:
        remote.left = steps
        try:
            report = replicate(ws, principal, remote)
        except ReplicaFull:
            newest = Replica(remote, key).newest()
            assert newest.number in (1, 2)
            assert sum(map(len, Replica(remote, key).state(newest))) == newest.state_bytes
            steps += 1
        else:
            break
    assert steps >= 4
    assert report.number in (2, 3)
    new, told = restored(ws, remote, tmp_path / "new")
    assert (told.objects, told.missing) == (7, ())


def test_a_first_run_that_is_cut_goes_on(ws, principal, digests):
    remote = Failing(3)
    with pytest.raises(ReplicaFull):
        replicate(ws, principal, remote)
    remote.left = 1000
    assert replicate(ws, principal, remote).number == 1


@pytest.mark.parametrize("how", ["flipped", "truncated"])
def test_a_broken_object_is_not_sent_but_named_and_the_rest_goes(
    ws, principal, remote, digests, how
):
    victim = max(digests, key=ws.store.size)
    spoil(ws, victim, how)
    report = replicate(ws, principal, remote)
    assert report.broken == (victim,)
    assert (report.sent, report.number) == (4, 1)
    with pytest.raises(KeyError):
        list(Replica(remote, ws.keyring.storage_key).object(victim))


def test_a_broken_object_does_not_replace_the_good_copy(ws, principal, remote, digests):
    replicate(ws, principal, remote)
    victim = max(digests, key=ws.store.size)
    spoil(ws, victim, "truncated")
    assert replicate(ws, principal, remote).broken == (victim,)
    kept = b"".join(Replica(remote, ws.keyring.storage_key).object(victim))
    assert digest_of(kept) == victim


def test_a_copy_that_was_cut_short_is_sent_again(ws, principal, remote, digests):
    replicate(ws, principal, remote)
    name = Replica(remote, ws.keyring.storage_key).name(digests[0])
    remote.put(name, iter([b"".join(remote.get(name))[:-1]]))
    assert replicate(ws, principal, remote).sent == 1


def test_a_check_reads_back_finds_and_mends(ws, principal, remote, digests):
    from daylight.services.replicate import CHECK_ALL

    replicate(ws, principal, remote)
    name = Replica(remote, ws.keyring.storage_key).name(digests[1])
    data = bytearray(b"".join(remote.get(name)))
    data[-1] ^= 1
    remote.put(name, iter([bytes(data)]))
    assert replicate(ws, principal, remote).mended == (), "not looked for"
    report = replicate(ws, principal, remote, check=CHECK_ALL)
    assert (report.checked, report.sent, report.mended) == (5, 1, (digests[1],))
    again = replicate(ws, principal, remote, check=CHECK_ALL)
    assert (again.checked, again.sent, again.mended) == (5, 0, ())
    assert replicate(ws, principal, remote, check=1).checked <= 5
    assert replicate(ws, principal, remote, check=99).checked == 5


def test_another_vaults_replica_is_refused(ws, principal, remote, digests, tmp_path, migrated):
    replicate(ws, principal, remote)
    before = dict(remote.list())
    other = new_vault(tmp_path / "other", migrated)
    from daylight.catalogue.queries.vault import custodian_here

    with pytest.raises(ReplicaForeign):
        replicate(other, custodian_here(), remote)
    assert dict(remote.list()) == before


def test_two_runs_at_once_are_one(ws, principal, remote):
    with layout.lock(ws.layout, "replicate"), pytest.raises(VaultBusy):
        replicate(ws, principal, remote)


def test_no_right_no_replica(ws, remote):
    nobody = Principal(agent="0" * 32, rights=frozenset(), collections=None)
    with pytest.raises(Forbidden):
        replicate(ws, nobody, remote)
    assert dict(remote.list()) == {}


@pytest.fixture(params=["folder", "bucket"])
def place(request, tmp_path):
    """A replica's place, as one disk or server is after another contact."""
    if request.param == "folder":
        return FolderRemote(tmp_path / "replica")
    return MemoryRemote(nothing_kept_here_matters=True)


def state_of(ws, remote) -> bytes:
    """The catalogue that the replica's newest state gives, as it lies in its archive."""
    replica = Replica(remote, ws.keyring.storage_key)
    return b"".join(replica.state(replica.newest()))


def test_what_was_purged_goes_at_the_next_contact(ws, principal, place, digests):
    two_people(ws)
    assert replicate(ws, principal, place).forgotten == 0
    replicate(ws, principal, place)
    gone, replica = digests[1], Replica(place, ws.keyring.storage_key)
    assert list(replica.object(gone))
    assert gone in state_of(ws, place)
    before = dict(place.list())
    purged(ws, gone)
    report = replicate(ws, principal, place)
    assert (report.forgotten, report.objects, report.sent) == (1, 4, 0)
    after = dict(place.list())
    assert set(after) < set(before)
    with pytest.raises(KeyError):
        list(replica.object(gone))
    assert len(after) == 4 + 2, "of the states only the newest is left, with its manifest"
    assert gone not in state_of(ws, place)
    later = replace(ws, clock=lambda: ws.clock() + timedelta(minutes=2))
    assert [replicate(later, principal, place).forgotten for _ in range(2)] == [0, 0]
    assert len(dict(place.list())) == 4 + 4, "and states take turns again"


def test_a_run_that_is_cut_after_it_forgot_still_leaves_no_older_state(ws, principal, digests):
    two_people(ws)
    remote = Failing(1000)
    replicate(ws, principal, remote)
    replicate(ws, principal, remote)
    purged(ws, digests[1])
    remote.left = 1  # the flush that ends the forgetting
    with pytest.raises(ReplicaFull):
        replicate(ws, principal, remote)
    remote.left = 1000
    assert replicate(ws, principal, remote).forgotten == 0
    assert len(dict(remote.list())) == 4 + 2
    assert digests[1] not in state_of(ws, remote)


def test_an_object_that_another_item_has_too_is_not_forgotten(ws, principal, remote, digests):
    from daylight.catalogue.models import Item, Media

    two_people(ws)
    shared = ws.store.put(b"the same index")
    for row in Item.objects.all():
        Media.objects.create(
            item=row, probe_version=1, kind="video", state="ok", facts={}, key_frames=shared
        )
    replicate(ws, principal, remote)
    purged(ws, digests[0])
    assert replicate(ws, principal, remote).forgotten == 1
    assert list(Replica(remote, ws.keyring.storage_key).object(shared))


def test_what_was_made_again_since_it_was_purged_is_sent_again(ws, principal, remote, digests):
    """A rendition can have the very bytes of one that went with another item."""
    from daylight.catalogue.models import Item, Media

    two_people(ws)
    shared = ws.store.put(b"a blank strip")
    facts = {"probe_version": 1, "kind": "video", "state": "ok", "facts": {}}
    first, second = Item.objects.order_by("pk")[:2]
    Media.objects.create(item=first, key_frames=shared, **facts)
    replicate(ws, principal, remote)
    purged(ws, bytes(first.sha256))
    assert replicate(ws, principal, remote).forgotten == 2
    Media.objects.create(item=second, key_frames=ws.store.put(b"a blank strip"), **facts)
    report = replicate(ws, principal, remote)
    assert (report.forgotten, report.sent) == (0, 1)
    assert replicate(ws, principal, remote).forgotten == 0
    assert list(Replica(remote, ws.keyring.storage_key).object(shared))


def test_a_purge_that_was_cut_short_is_not_sent(ws, principal, remote, digests, monkeypatch):
    """Its bytes are still in the store, and go from the replica all the same."""
    from daylight.services import purge

    class Killed(BaseException):
        pass

    def dies(*_, **__):
        raise Killed

    two_people(ws)
    replicate(ws, principal, remote)
    with monkeypatch.context() as patch:
        patch.setattr(purge, "_finish", dies)
        with pytest.raises(Killed):
            purged(ws, digests[1])
    assert digests[1] in set(ws.store.digests())
    report = replicate(ws, principal, remote)
    assert (report.forgotten, report.sent, report.objects) == (1, 0, 4)
    with pytest.raises(KeyError):
        list(Replica(remote, ws.keyring.storage_key).object(digests[1]))


def test_a_new_key_of_replicas_ends_what_was_kept_of_purges(ws, principal, remote, digests):
    """Nobody can match it any more; and no later purge trips over a row that nobody can open."""
    from daylight.catalogue.models import Purge, Purged
    from daylight.services import ledger

    two_people(ws)
    purged(ws, digests[0])
    Purge.objects.create(entry=1, todo={"sealed": "under the lost key"})
    ledger.replace_lost_key(ws, principal, "", "the safe burnt")
    assert not Purged.objects.exists()
    assert purged(ws, digests[1]).traces == ()
    assert not Purge.objects.exists()
    assert Purged.objects.count() == 1


def test_heads_go_along_and_none_is_newer_than_the_catalogue(ws, principal, remote, tmp_path):
    (ws.layout.heads / "1.json").write_text("{}")
    (ws.layout.heads / "1.authority.tsr").write_bytes(b"token")
    (ws.layout.heads / "2.json.0011.new").write_bytes(b"a draft")
    replicate(ws, principal, remote)
    new, _ = restored(ws, remote, tmp_path / "new")
    assert {one.name for one in new.layout.heads.iterdir()} >= {"1.json", "1.authority.tsr"}
    assert not [*new.layout.heads.glob("*.new")]


def test_the_copy_of_the_catalogue_is_one_moment(ws, principal, digests):
    """A writer in the middle of a transaction is not copied, and not kept waiting either."""
    from daylight.services.snapshot import snapshot

    with sqlite3.connect(ws.layout.catalogue, isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM catalogue_leakedpath")
        with snapshot(ws.layout) as members, sqlite3.connect(members["catalogue.sqlite"]) as copy:
            assert copy.execute("SELECT count(*) FROM catalogue_leakedpath").fetchone() == (5,)
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        writer.execute("ROLLBACK")
    assert not [*ws.layout.spool.glob("snapshot-*")]


def test_free_pages_of_the_catalogue_do_not_travel(ws, principal):
    from daylight.services.snapshot import snapshot

    canary = b"canary-5f1c9d77"
    with sqlite3.connect(ws.layout.catalogue) as database:
        database.execute("CREATE TABLE extra (x)")
        database.executemany("INSERT INTO extra VALUES (?)", [(canary * 200,)] * 50)
    with sqlite3.connect(ws.layout.catalogue) as database:
        database.execute("DROP TABLE extra")
    with snapshot(ws.layout) as members:
        assert canary not in members["catalogue.sqlite"].read_bytes()


def test_a_disk_too_full_for_the_copy_is_named(ws, principal, remote, monkeypatch):
    from daylight.services import snapshot

    class Full(sqlite3.OperationalError):
        sqlite_errorcode = sqlite3.SQLITE_FULL

    class Connection:
        def execute(self, *_):
            raise Full

        def close(self):
            pass

    monkeypatch.setattr(snapshot.sqlite3, "connect", lambda *a, **k: Connection())
    with pytest.raises(VaultFull):
        replicate(ws, principal, remote)
