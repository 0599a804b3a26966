"""Repair: what is broken comes back, nothing else is touched, and the broken bytes are kept."""

import json
import os

import pytest

from daylight.domain.digest import digest_of
from daylight.domain.principal import Principal
from daylight.domain.progress import Silent
from daylight.errors import (
    Forbidden,
    ReplicaForeign,
    ReplicaMissing,
    ReplicaUnreachable,
    StoreCorrupt,
    UsageError,
)
from daylight.storage.quarantine import fault_of, object_path
from daylight.storage.remote_objects import MemoryRemote
from daylight.storage.replica import Replica
from tests.conftest import new_vault
from tests.services.preserved import everything, fill, spoil


@pytest.fixture
def remote():
    return MemoryRemote(nothing_kept_here_matters=True)


@pytest.fixture
def digests(ws, principal, remote, tmp_path):
    from daylight.services.replicate import replicate

    found = fill(ws, principal, tmp_path / "disk")
    replicate(ws, principal, remote, Silent())
    return found


def repair(ws, principal, remote, only=()):
    from daylight.services.repair import repair

    return repair(ws, principal, remote, Silent(), only)


def told() -> list[dict]:
    from daylight.catalogue.ledger_rows import entries

    return [json.loads(one.details) for one in entries() if one.action == "repaired"]


def by_size(ws, digests) -> list[bytes]:
    return sorted(digests, key=ws.store.size)


def test_a_whole_vault_is_left_as_it_is(ws, principal, remote, digests):
    before = {one: object_path(ws.layout, one).stat() for one in digests}
    report = repair(ws, principal, remote)
    assert (report.objects, report.repaired, report.left) == (5, (), ())
    assert {one: object_path(ws.layout, one).stat().st_mtime_ns for one in digests} == {
        one: stat.st_mtime_ns for one, stat in before.items()
    }
    assert not (ws.layout.root / "quarantine").exists()
    assert told() == []


@pytest.mark.parametrize("how", ["flipped", "truncated", "missing"])
def test_what_is_broken_comes_back_and_is_kept_aside(ws, principal, remote, digests, how):
    before = everything(ws)
    victims = by_size(ws, digests)[1:4]
    for one in victims:
        spoil(ws, one, how)
    report = repair(ws, principal, remote)
    fault = "object-missing" if how == "missing" else "object-changed"
    assert {one.digest for one in report.repaired} == {*victims}
    assert {one.fault for one in report.repaired} == {fault}
    assert (report.objects, report.left) == (5, ())
    assert everything(ws) == before
    assert all(object_path(ws.layout, one).stat().st_mode & 0o777 == 0o400 for one in digests)
    kept = [*(ws.layout.root / "quarantine").glob("*")]
    assert len(kept) == (0 if how == "missing" else 3)
    for one in kept:
        assert digest_of(one.read_bytes()).hex() != one.name.partition(".")[0]
    (entry,) = told()
    assert entry["bytes"] == str(sum(len(before[one]) for one in victims))


def test_only_what_is_named_is_looked_at(ws, principal, remote, digests):
    one, other = by_size(ws, digests)[-2:]
    spoil(ws, one)
    spoil(ws, other)
    report = repair(ws, principal, remote, [one])
    assert (report.objects, len(report.repaired)) == (1, 1)
    assert fault_of(ws.layout, other) == "object-changed"


def test_what_was_purged_is_not_brought_back(ws, principal, remote, digests):
    from tests.services.signing import purged, two_people

    two_people(ws)
    purged(ws, digests[0])
    assert list(Replica(remote, ws.keyring.storage_key).object(digests[0])), "no contact since"
    with pytest.raises(UsageError):
        repair(ws, principal, remote, digests[:2])
    assert repair(ws, principal, remote).repaired == ()
    assert digests[0] not in set(ws.store.digests())


def test_what_the_replica_lacks_or_has_broken_stays_and_is_named(ws, principal, remote, digests):
    one, other, third = by_size(ws, digests)[-3:]
    replica = Replica(remote, ws.keyring.storage_key)
    replica.forget(replica.name(one))
    remote.put(replica.name(other), iter([b"".join(remote.get(replica.name(other)))[:-1]]))
    for victim in (one, other, third):
        spoil(ws, victim)
    was = {victim: object_path(ws.layout, victim).read_bytes() for victim in (one, other)}
    report = repair(ws, principal, remote)
    assert {left.digest: left.left for left in report.left} == {
        one: "the replica does not have it",
        other: "the replica's copy is damaged",
    }
    assert [done.digest for done in report.repaired] == [third]
    for victim, data in was.items():
        assert object_path(ws.layout, victim).read_bytes() == data, "nothing was taken away"
    assert not [one for one in ws.layout.spool.rglob("*") if one.is_file() and one.stat().st_size]


def test_a_missing_object_that_no_row_names_is_not_made_up(ws, principal, remote, digests):
    """What was purged must not come back because a replica still has it."""
    purged = b"withdrawn"
    Replica(remote, ws.keyring.storage_key).put_object(digest_of(purged), [purged])
    report = repair(ws, principal, remote)
    assert report.repaired == ()
    assert digest_of(purged) not in everything(ws)


def test_renditions_are_repaired_too(ws, principal, remote, tmp_path):
    from daylight.services.replicate import replicate

    fill(ws, principal, tmp_path / "disk", [10])
    rendition = ws.store.put(os.urandom(2000))  # no row names it: it lies in the store
    replicate(ws, principal, remote, Silent())
    spoil(ws, rendition)
    assert [one.digest for one in repair(ws, principal, remote).repaired] == [rendition]
    assert told()[0]["others"] == 1


def test_another_vaults_replica_is_refused(ws, principal, remote, digests, tmp_path, migrated):
    spare = MemoryRemote(nothing_kept_here_matters=True)
    with pytest.raises(ReplicaMissing):
        repair(ws, principal, spare)
    Replica(spare, bytes(32)).begin(ws.layout.vault_id)
    with pytest.raises(ReplicaForeign):
        repair(ws, principal, spare)
    same_key = MemoryRemote(nothing_kept_here_matters=True)
    Replica(same_key, ws.keyring.storage_key).begin("1" * 32)
    with pytest.raises(ReplicaForeign):
        repair(ws, principal, same_key)


def test_no_right_no_repair(ws, remote):
    nobody = Principal(agent="0" * 32, rights=frozenset(), collections=None)
    with pytest.raises(Forbidden):
        repair(ws, nobody, remote)


def test_a_run_that_ends_half_way_has_entered_what_it_did(ws, principal, digests, remote):
    victims = by_size(ws, digests)[1:]
    for one in victims:
        spoil(ws, one)
    names = {Replica(remote, ws.keyring.storage_key).name(one) for one in victims}
    served = []

    class Cable:
        def get(self, name):
            if name in names:
                served.append(name)
                if len(served) == len(victims):
                    raise ReplicaUnreachable("pulled")
            yield from remote.get(name)

        def __getattr__(self, what):
            return getattr(remote, what)

    with pytest.raises(ReplicaUnreachable):
        repair(ws, principal, Cable())
    whole = [one for one in victims if not fault_of(ws.layout, one)]
    entered = sum(entry["bytes"] != "0" for entry in told())
    assert entered <= 1
    assert not entered or whole
    again = repair(ws, principal, remote)
    assert again.left == ()
    assert not any(fault_of(ws.layout, one) for one in digests)


def test_a_disk_that_lies_again_is_said(ws, principal, remote, digests, monkeypatch):
    from daylight.storage import local

    victim = max(digests, key=ws.store.size)
    spoil(ws, victim)
    monkeypatch.setattr(local, "hash_from_medium", lambda *_: digest_of(b"other"))
    with pytest.raises(StoreCorrupt):
        repair(ws, principal, remote)


def test_every_column_that_names_an_object_is_looked_at():
    """A new table with a digest of an object must be added to ``queries.objects``."""
    from django.apps import apps
    from django.db.models import BinaryField

    from daylight.catalogue.queries.objects import HOLDING

    no_objects = {
        "token_sha256", "salt", "details_salt", "hash", "key", "roots_sha256", "path_sha256", "signature", "public",
        "commitment", "first_key", "root", "blind", "digest",
        "read_from",  # a salvage, which its rendition holds
    }  # fmt: skip
    found = {
        (model, field.name)
        for model in apps.get_app_config("catalogue").get_models()
        for field in model._meta.get_fields()
        if isinstance(field, BinaryField) and field.max_length == 32
    }
    assert {one for one in found if one[1] not in no_objects} == {*HOLDING}


def test_two_vaults_share_nothing(ws, principal, remote, digests, tmp_path, migrated):
    other = new_vault(tmp_path / "other", migrated)
    assert other.keyring.storage_key != ws.keyring.storage_key


def test_nothing_is_looked_at_twice_while_it_is_mended(ws, principal, remote, digests):
    """An object that is set aside for a moment is not taken for a missing one, nor a new one again."""
    victims = by_size(ws, digests)[1:]
    for turn in range(6):
        for one in victims:
            spoil(ws, one, "missing" if turn % 2 else "flipped")
        report = repair(ws, principal, remote)
        assert (report.objects, len(report.repaired)) == (5, 4)
    assert len([*(ws.layout.root / "quarantine").iterdir()]) == 12
