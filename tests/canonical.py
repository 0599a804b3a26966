"""A catalogue as it must come out however it came about; and whether it hangs together."""

import hashlib
import json
import os
from typing import Any

from daylight.catalogue.ledger_rows import frontier, key_of
from daylight.catalogue.models import (
    Accession,
    Entry,
    Exclusion,
    Finding,
    Item,
    LeakedPath,
    Media,
    Occurrence,
    Opening,
    Rendition,
    Statement,
    Subtree,
)
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.progress import Silent
from daylight.ledger.leaf import commit, commit_details, commit_objects
from daylight.ledger.merkle import EMPTY, grow, leaf_hash
from daylight.services.ledger import recheck
from daylight.services.workspace import Workspace


def dump() -> dict[str, Any]:
    """Without ids, times, order and drawn names: two equal dumps are the same catalogue."""
    names = {row.pk: n for n, row in enumerate(Accession.objects.order_by("pk"))}
    return {
        "items": sorted(_item(row) for row in Item.objects.all()),
        "occurrences": sorted(_occurrence(row, names) for row in LeakedPath.objects.all()),
        "exclusions": sorted(
            (names[row.accession_id], bytes(row.path), row.kind, row.reason, bytes(row.target))
            for row in Exclusion.objects.all()
        ),
        "statements": sorted(
            (names[row.accession_id], row.topic, row.value) for row in Statement.objects.all()
        ),
        "finished": sorted(row.finished is not None for row in Accession.objects.all()),
    }


def _item(row: Item) -> tuple[Any, ...]:
    media = Media.objects.filter(item=row).first()
    facts = "" if media is None else json.dumps(media.facts, sort_keys=True)
    key_frames = b"" if media is None or media.key_frames is None else bytes(media.key_frames)
    findings = sorted(
        (one.detector, one.version, one.failed, json.dumps(one.facts, sort_keys=True))
        for one in Finding.objects.filter(item=row)
    )
    renditions = sorted(
        (one.name, bytes(one.sha256), json.dumps(one.facts, sort_keys=True))
        for one in Rendition.objects.filter(item=row)
    )
    return bytes(row.sha256), row.size, facts, key_frames, findings, renditions


def _occurrence(row: LeakedPath, names: dict[int, int]) -> tuple[Any, ...]:
    item = bytes(row.occurrence.item.sha256)
    times = (row.mtime_ns or 0, row.mode or 0, row.occurrence.verified)
    return names[row.accession_id], bytes(row.path), item, *times


def check(ws: Workspace) -> None:
    """The ledger hashes up, every commitment opens, store and catalogue agree, nothing is left over."""
    assert recheck(ws, custodian_here(), {}, Silent()).faults == ()
    _check_ledger()
    _check_commitments()
    _check_store(ws)
    left = [path for path in ws.layout.spool.rglob("*") if path.suffix != ".lock"]
    assert left == []


def _check_ledger() -> None:
    entries = list(Entry.objects.order_by("index"))
    assert [one.index for one in entries] == list(range(len(entries)))
    grown, nodes = grow(EMPTY, [bytes(one.leaf) for one in entries])
    kept = {row.key: bytes(row.hash) for row in Subtree.objects.all()}
    assert kept == {key_of(node.level, node.position): node.hash for node in nodes}
    assert frontier() == grown
    for one in entries:
        leaf = json.loads(bytes(one.leaf))
        assert leaf["index"] == one.index
        opened = commit_details(bytes(one.details_salt), bytes(one.details))
        assert leaf["details"] == opened.hex()
        assert leaf_hash(bytes(one.leaf)) == kept[key_of(0, one.index)]


def _check_commitments() -> None:
    by_entry: dict[int, list[Occurrence | Opening]] = {}
    for model in (Occurrence, Opening):
        for row in model.objects.select_related("item").order_by("entry", "position"):
            by_entry.setdefault(row.entry, []).append(row)
    for index, rows in by_entry.items():
        assert [row.position for row in rows] == list(range(len(rows)))
        leaf = json.loads(bytes(Entry.objects.get(index=index).leaf))
        made = commit_objects([commit(bytes(r.salt), bytes(r.item.sha256)) for r in rows])
        assert (leaf["object"], leaf["count"]) == (made.hex(), len(rows))


def _check_store(ws: Workspace) -> None:
    named = {bytes(d) for d in Item.objects.values_list("sha256", flat=True)}
    named |= {bytes(d) for d in Rendition.objects.values_list("sha256", flat=True)}
    named |= {bytes(d) for d in Media.objects.values_list("key_frames", flat=True) if d}
    held = set(ws.store.digests())
    assert held == named
    for digest in held:
        with os.fdopen(ws.store.open_fd(digest), "rb") as file:
            assert hashlib.file_digest(file, "sha256").digest() == digest
