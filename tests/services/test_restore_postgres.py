"""A catalogue on PostgreSQL comes back too: into an empty database, wholly or not at all."""

import os

import pytest
from django.db import connections

from daylight import bootstrap
from daylight.catalogue.queries.items import Filter, items
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.progress import Silent
from daylight.errors import DatabaseUnusable, ToolMissing, UsageError
from daylight.services import restore
from daylight.services.replicate import replicate
from daylight.services.verify import VerifyRequest, verify
from daylight.storage import layout
from daylight.storage.remote_objects import MemoryRemote
from tests.conftest import new_vault
from tests.postgres import fresh_database
from tests.services.preserved import fill


@pytest.fixture
def remote():
    return MemoryRemote(nothing_kept_here_matters=True)


@pytest.fixture
def on_postgresql(postgres_url, tmp_path, migrated, remote):
    """A replica of a vault whose catalogue is on PostgreSQL, and its key."""
    ws = new_vault(tmp_path / "vault", migrated, postgres_url)
    fill(ws, custodian_here(), tmp_path / "disk", [10, 20])
    replicate(ws, custodian_here(), remote, Silent())
    yield ws
    connections.close_all()


def test_a_catalogue_on_postgresql_is_loaded_into_another_database(
    on_postgresql, postgres_cluster, tmp_path, remote
):
    ws, url = on_postgresql, fresh_database(postgres_cluster)
    before = [one.digest for one in items(custodian_here(), Filter())]
    made, _ = restore.state_from_replica(remote, ws.keyring.storage_key, tmp_path / "new", url)
    assert made == layout.read(tmp_path / "new")
    assert (made.database, made.vault_id) == (url, ws.layout.vault_id)
    assert not (made.root / "catalogue.pgdump").exists()
    connections.close_all()
    again = bootstrap.settle(made)
    report = restore.objects_from_replica(again, remote, ws.keyring.storage_key, Silent())
    assert (report.objects, report.missing) == (2, ())
    assert [one.digest for one in items(custodian_here(), Filter())] == before
    assert verify(again, custodian_here(), VerifyRequest(), Silent()).faults == ()


def test_until_its_catalogue_is_there_the_folder_is_no_vault(
    on_postgresql, tmp_path, remote, monkeypatch
):
    """Killed before that, no command may take it for one, and work on the database of the old."""
    seen = []
    monkeypatch.setattr(
        restore.dumps, "load", lambda *_: seen.append((tmp_path / "new/vault.toml").exists())
    )
    restore.state_from_replica(remote, on_postgresql.keyring.storage_key, tmp_path / "new")
    assert seen == [False]
    assert layout.read(tmp_path / "new").vault_id == on_postgresql.layout.vault_id


def test_no_database_is_written_over(on_postgresql, tmp_path, remote):
    key, new = on_postgresql.keyring.storage_key, tmp_path / "new"
    with pytest.raises(DatabaseUnusable, match="not empty"):
        restore.state_from_replica(remote, key, new)
    assert list(new.iterdir()) == []
    assert on_postgresql.layout.database == layout.read(on_postgresql.layout.root).database


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("postgresql:///?host=/nonexistent&dbname=none", DatabaseUnusable),
        ("sqlite:///x", UsageError),
    ],
)
def test_a_database_that_is_not_there_leaves_nothing(on_postgresql, tmp_path, remote, url, error):
    with pytest.raises(error):
        restore.state_from_replica(remote, on_postgresql.keyring.storage_key, tmp_path / "new", url)
    assert not (tmp_path / "new").exists() or list((tmp_path / "new").iterdir()) == []


def test_without_postgresqls_tools_that_is_said(
    on_postgresql, postgres_cluster, tmp_path, remote, monkeypatch
):
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    with pytest.raises(ToolMissing, match="pg_restore"):
        restore.state_from_replica(
            remote,
            on_postgresql.keyring.storage_key,
            tmp_path / "new",
            fresh_database(postgres_cluster),
        )
    assert list((tmp_path / "new").iterdir()) == []


def test_a_catalogue_that_is_a_file_needs_no_database(ws, principal, tmp_path, remote):
    replicate(ws, principal, remote, Silent())
    with pytest.raises(UsageError):
        restore.state_from_replica(
            remote, ws.keyring.storage_key, tmp_path / "new", "postgresql://somewhere/else"
        )
    assert list((tmp_path / "new").iterdir()) == []
