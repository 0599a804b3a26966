"""What a purge cannot reach is named: backups, replicas, exports."""

import json
from dataclasses import replace

import pyrage

from daylight.catalogue.ledger_rows import entries
from daylight.catalogue.models import Entry
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.clock import coarse
from daylight.domain.progress import Silent
from daylight.services.backup import backup
from daylight.services.bag_export import export_bag
from daylight.services.copies import Copies
from daylight.services.export import folder_sink
from daylight.services.replicate import replicate
from daylight.storage.remote_objects import MemoryRemote
from tests.services.signing import purged, signed_export, two_people
from tests.services.test_purge import canaries, digest_of, disk, faults, found, take


def test_the_report_names_the_copies_that_still_hold_it(any_ws, tmp_path):
    now, here, folder = any_ws.clock(), custodian_here(), disk(tmp_path, count=2)
    ws = replace(any_ws, clock=lambda: now)  # no minute begins meanwhile
    key = [str(pyrage.x25519.Identity.generate().to_public())]  # a passphrase costs seconds
    two_people(ws)
    remotes = [MemoryRemote(nothing_kept_here_matters=True) for _ in range(3)]
    backup(ws, here, tmp_path / "0.age", recipients=key)  # before it came in
    replicate(ws, here, remotes[2], Silent())
    take(ws, folder)
    gone, stays = digest_of(folder, 0), digest_of(folder, 1)
    backup(ws, here, tmp_path / "1.age", recipients=key)
    runs = [replicate(ws, here, remotes[place], Silent()) for place in (0, 0, 1)]
    export(ws, tmp_path / "bag", gone.hex(), stays.hex())
    export(ws, tmp_path / "other", stays.hex())
    backup(ws, here, tmp_path / "2.age", recipients=key)
    acts = {one.index: one for one in entries()}
    report = purged(ws, gone)
    copies = report.copies
    assert [acts[one.entry].action for one in copies.backups] == ["backed-up"] * 2
    assert {one.at for one in copies.backups} == {coarse(now)}
    assert [one.replica for one in copies.replicas] == [runs[1].replica, runs[2].replica]
    said = [json.loads(acts[one.entry].details) for one in copies.replicas]
    assert [one["number"] for one in said] == [2, 1], "the last run of each"
    (bag,) = copies.exports
    assert json.loads(acts[bag.entry].details)["kind"] == "bag"
    assert bag.entry == min(i for i, one in acts.items() if one.action == "originals-exported")
    kept = json.loads(bytes(Entry.objects.get(index=report.entry).details))
    assert kept["backups"] == " ".join(str(one.entry) for one in copies.backups)
    assert found(ws, canaries(gone, 0)) == []
    assert faults(ws) == set()


def export(ws, dest, *names):
    approval = signed_export(ws, *names)
    export_bag(ws, custodian_here(), approval, folder_sink(ws, dest), Silent())


def test_where_nothing_left_the_vault_no_copy_is_named(ws, tmp_path):
    folder = disk(tmp_path)
    two_people(ws)
    take(ws, folder)
    assert purged(ws, digest_of(folder, 0)).copies == Copies()
