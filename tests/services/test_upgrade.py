"""A vault of an earlier version is brought up, of a later one refused, beside others left alone."""

import shutil

import pytest
from django.core.management import call_command
from django.db import connection

from daylight.catalogue.models import Item
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.marks import Kind, Said
from daylight.errors import VaultBusy, VaultVersion
from daylight.services import marks
from daylight.services.upgrade import bring_up
from daylight.storage.layout import in_use
from tests.cli.test_verbs import daylight


def test_an_earlier_catalogue_keeps_its_rows_and_can_do_what_is_new(any_ws):
    call_command("migrate", "catalogue", "0009", verbosity=0)
    shutil.rmtree(any_ws.layout.spool)  # safe to delete while nothing runs
    Item.objects.create(id=1, sha256=bytes(32), size=5)
    assert bring_up(any_ws) > 3
    assert bring_up(any_ws) == 0
    item = Item.objects.get()
    made = marks.make(any_ws, custodian_here(), item.public_id, Kind.MARK, Said("a man falls"))
    assert made.version == 1


def test_a_later_one_is_refused_and_nothing_is_touched(ws):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('catalogue', '0999_later', '2030-01-01')"
        )
    with pytest.raises(VaultVersion, match="newer"):
        bring_up(ws)
    done = daylight("--vault", ws.layout.root, "status")
    assert done.returncode == 4
    assert "[vault-version]" in done.stderr


def test_it_waits_for_nobody_who_writes(ws):
    call_command("migrate", "catalogue", "0009", verbosity=0)
    with in_use(ws.layout), pytest.raises(VaultBusy):
        bring_up(ws)


def test_any_verb_brings_it_up_and_says_so(ws):
    call_command("migrate", "catalogue", "0009", verbosity=0)
    done = daylight("--vault", ws.layout.root, "status")
    assert done.returncode == 0, done.stderr
    assert "brought up" in done.stderr
    assert "brought up" not in daylight("--vault", ws.layout.root, "status").stderr
