"""What is checked before a vault is made, and its first rows."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from daylight.catalogue.models import Collection, Entry, Vault
from daylight.catalogue.queries.vault import agents, custodian_here
from daylight.errors import ClockWrong, VaultExists, VaultFull, VaultMissing, VaultPlainDisk
from daylight.services import vault
from daylight.storage.volume import Volume
from tests.canonical import check


def volume(*, encrypted):
    return Volume(encrypted=encrypted, removable=False, read_only=False, filesystem="ext4")


def test_a_plain_volume_is_refused_unless_it_is_accepted():
    vault.check_volume(volume(encrypted=True), plain_disk=False)
    vault.check_volume(volume(encrypted=False), plain_disk=True)
    with pytest.raises(VaultPlainDisk, match="ext4"):
        vault.check_volume(volume(encrypted=False), plain_disk=False)


def test_free_space_is_asked_for(monkeypatch, tmp_path):
    free = SimpleNamespace(free=vault.MINIMUM_FREE)
    monkeypatch.setattr(vault.shutil, "disk_usage", lambda _: free)
    assert vault.check_space(tmp_path) == vault.MINIMUM_FREE
    free.free -= 1
    with pytest.raises(VaultFull):
        vault.check_space(tmp_path)


def test_a_clock_that_stands_in_the_past_is_refused():
    vault.check_clock(lambda: vault.RELEASED)
    with pytest.raises(ClockWrong, match="1970-01-01"):
        vault.check_clock(lambda: datetime(1970, 1, 1, tzinfo=UTC))


def test_a_new_vault_has_its_row_a_collection_and_the_first_entry(any_ws):
    assert Vault.objects.get().vault_id == any_ws.layout.vault_id
    assert Collection.objects.get().name == vault.EVERYTHING
    assert Entry.objects.get().index == 0
    assert custodian_here().agent == agents().custodian != agents().software
    check(any_ws)


def test_one_database_holds_one_vault(any_ws):
    with pytest.raises(VaultExists):
        vault.found(any_ws)
    assert Vault.objects.count() == 1
    check(any_ws)


def test_an_empty_catalogue_is_no_vault(ws):
    Vault.objects.all().delete()
    with pytest.raises(VaultMissing):
        agents()
