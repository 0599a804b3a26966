"""Backups: whole or absent, opened by the right key alone, and nothing is overwritten."""

import json
import os
import sqlite3
from pathlib import Path

import pyrage
import pytest
from django.db import connections

from daylight import bootstrap
from daylight.domain.principal import Principal
from daylight.domain.progress import Silent
from daylight.errors import (
    BackupRefused,
    Forbidden,
    ReplicaFull,
    ReplicaUnreachable,
    UsageError,
    VaultExists,
)
from daylight.storage.remote_objects import MemoryRemote
from tests.services.preserved import everything, fill


@pytest.fixture
def identity():
    return pyrage.x25519.Identity.generate()


def backup(ws, principal, file, **more):
    from daylight.services.backup import backup

    return backup(ws, principal, Path(file), **more)


def restore(file, root, identity="", passphrase=""):
    from daylight.services.restore import from_backup

    return from_backup(Path(file), root, str(identity), lambda: passphrase)


def test_backup_and_replica_give_the_vault_back(ws, principal, identity, tmp_path):
    from daylight.catalogue.ledger_rows import entries, frontier
    from daylight.catalogue.queries.vault import custodian_here
    from daylight.services.repair import repair
    from daylight.services.replicate import replicate

    remote = MemoryRemote(nothing_kept_here_matters=True)
    fill(ws, principal, tmp_path / "disk")
    replicate(ws, principal, remote, Silent())
    objects, root = everything(ws), frontier().root()
    size = backup(ws, principal, tmp_path / "b.age", recipients=[str(identity.to_public())])
    assert size == (tmp_path / "b.age").stat().st_size
    assert (tmp_path / "b.age").stat().st_mode & 0o777 == 0o600
    assert [json.loads(one.details) for one in entries()][-1] == {"recipients": 1}
    made = restore(tmp_path / "b.age", tmp_path / "new", identity)
    connections.close_all()
    new = bootstrap.settle(made)
    assert frontier().root() == root, "as it was before the backup was entered"
    report = repair(new, custodian_here(), remote, Silent())
    assert len(report.repaired) == 5
    assert everything(new) == objects


def test_under_a_passphrase(ws, principal, tmp_path):
    backup(ws, principal, tmp_path / "b.age", passphrase="слово")
    assert restore(tmp_path / "b.age", tmp_path / "new", passphrase="слово").vault_id
    for wrong in ("", "word"):
        with pytest.raises(BackupRefused):
            restore(tmp_path / "b.age", tmp_path / "no", passphrase=wrong)


def test_the_file_shows_nothing(ws, principal, identity, tmp_path):
    backup(ws, principal, tmp_path / "b.age", recipients=[str(identity.to_public())])
    data = (tmp_path / "b.age").read_bytes()
    for secret in (b"SQLite", b"vault.toml", ws.layout.vault_id.encode()):
        assert secret not in data
    assert secret in pyrage.decrypt(data, [identity])


def test_a_file_that_is_there_is_not_overwritten(ws, principal, identity, tmp_path):
    (tmp_path / "b.age").write_bytes(b"older")
    with pytest.raises(UsageError):
        backup(ws, principal, tmp_path / "b.age", recipients=[str(identity.to_public())])
    assert (tmp_path / "b.age").read_bytes() == b"older"
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError):
        backup(ws, principal, tmp_path / "link", recipients=[str(identity.to_public())])


@pytest.mark.parametrize("keys", [{}, {"recipients": ["age1x"]}, {"recipients": ["x"]}])
def test_no_key_no_file(ws, principal, tmp_path, keys):
    with pytest.raises(UsageError):
        backup(ws, principal, tmp_path / "b.age", **keys)
    assert {one.name for one in tmp_path.iterdir()} == {"vault"}


def test_a_disk_that_is_full_or_gone_leaves_nothing(ws, principal, identity, tmp_path, monkeypatch):
    recipients = [str(identity.to_public())]
    with pytest.raises(ReplicaUnreachable):
        backup(ws, principal, tmp_path / "no/b.age", recipients=recipients)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("daylight.services.backup.os.fsync", full)
    with pytest.raises(ReplicaFull):
        backup(ws, principal, tmp_path / "b.age", recipients=recipients)
    assert {one.name for one in tmp_path.iterdir()} == {"vault"}


def test_no_right_no_backup(ws, tmp_path):
    nobody = Principal(agent="0" * 32, rights=frozenset(), collections=None)
    with pytest.raises(Forbidden):
        backup(ws, nobody, tmp_path / "b.age", passphrase="x")


def test_a_restored_vault_overwrites_nothing(ws, principal, identity, tmp_path):
    backup(ws, principal, tmp_path / "b.age", recipients=[str(identity.to_public())])
    before = {p: p.read_bytes() for p in ws.layout.root.rglob("*") if p.is_file()}
    with pytest.raises(VaultExists):
        restore(tmp_path / "b.age", ws.layout.root, identity)
    assert {p: p.read_bytes() for p in ws.layout.root.rglob("*") if p.is_file()} == before


def test_what_does_not_open_makes_no_vault(ws, principal, identity, tmp_path):
    backup(ws, principal, tmp_path / "b.age", recipients=[str(identity.to_public())])
    data = (tmp_path / "b.age").read_bytes()
    other = pyrage.x25519.Identity.generate()
    cases = {
        "other key": (data, other),
        "no key": (data, ""),
        "cut": (data[:-100], identity),
        "flipped": (data[:-5000] + bytes([data[-5000] ^ 1]) + data[-4999:], identity),
        "none": (b"SQLite format 3", identity),
        "empty": (b"", identity),
    }
    for name, (content, key) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BackupRefused):
            restore(tmp_path / name, tmp_path / "new", key)
        assert not (tmp_path / "new").exists() or not os.listdir(tmp_path / "new"), name
    with pytest.raises(BackupRefused):
        restore(tmp_path / "not there", tmp_path / "new", identity)


def test_an_age_file_of_something_else_makes_no_vault(identity, tmp_path):
    for number, content in enumerate((b"", b"hello", os.urandom(100_000))):
        file = tmp_path / f"{number}.age"
        file.write_bytes(pyrage.encrypt(content, [identity.to_public()]))
        with pytest.raises(BackupRefused):
            restore(file, tmp_path / "new", identity)


def test_the_restored_catalogue_is_sound(ws, principal, identity, tmp_path):
    fill(ws, principal, tmp_path / "disk", [1, 2, 3])
    backup(ws, principal, tmp_path / "b.age", recipients=[str(identity.to_public())])
    made = restore(tmp_path / "b.age", tmp_path / "new", identity)
    with sqlite3.connect(made.catalogue) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT count(*) FROM catalogue_item").fetchone() == (3,)
    assert made.read_keys() == ws.layout.read_keys()
