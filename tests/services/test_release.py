"""Preparing a release in a vault, and what its public documents tell of the ledger: nothing."""

import json

import pytest
from django.db import transaction

from daylight.catalogue.ledger_rows import entries_at, indices_of
from daylight.catalogue.models import Occurrence, Opening, ReleaseOpening
from daylight.catalogue.queries.items import Filter, items
from daylight.catalogue.queries.requests import open_requests
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Silent
from daylight.errors import ApprovalRefused, Forbidden, UsageError
from daylight.ledger.release import is_released
from daylight.services import ledger
from daylight.services.intake import ImportRequest, import_material
from daylight.services.personal_keys import signer
from daylight.services.record import record
from daylight.services.release import ask_to_release, prepare, record_release
from tests.services import signing
from tests.services.signing import signed_export, signed_release, two_people


@pytest.fixture
def digests(ws, principal, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    for number in range(20):
        (disk / str(number)).write_bytes(bytes([number]) * (number + 1))
    import_material(ws, principal, ImportRequest(roots=(disk,)), Silent())
    return [one.digest for one in items(principal, Filter())]


def test_the_root_is_entered_and_the_documents_hold(ws, principal, digests):
    prepared = prepare(ws, principal, digests[:7])
    (entry,) = entries_at([prepared.entry])
    assert entry.action == "release-tree"
    assert json.loads(entry.details) == {"root": prepared.root.hex(), "count": 7}
    assert json.loads(entry.leaf)["count"] == 0  # whoever sees the leaf learns of no item
    assert set(prepared.documents) == set(digests[:7])
    assert all(is_released(document) for document in prepared.documents.values())
    assert ReleaseOpening.objects.filter(release__public_id=prepared.public_id).count() == 7


def test_public_documents_share_nothing_with_the_ledger(ws, principal, digests):
    """The matcher holds the originals and, some day, a court package too: commitments do not meet."""
    said = json.dumps([prepare(ws, principal, digests).documents[one] for one in digests])
    salts = [*Occurrence.objects.values_list("salt", flat=True)]
    salts += [*Opening.objects.values_list("salt", flat=True)]
    salts += [*ReleaseOpening.objects.values_list("salt", flat=True)]
    assert not any(bytes(salt).hex() in said for salt in salts)
    assert not any(digest.hex() in said for digest in digests)
    for entry in entries_at(range(20)):
        leaf = json.loads(entry.leaf)
        assert leaf["details"] not in said
        assert leaf["object"] not in said or leaf["object"] == "00" * 32
    assert ws.layout.vault_id not in said
    assert principal.agent not in said


def test_what_is_not_there_is_not_released(ws, principal, digests):
    for wanted in ([], [Digest(bytes(32))], [digests[0], Digest(bytes(32))]):
        with pytest.raises(UsageError):
            prepare(ws, principal, wanted)
    stranger = Principal(principal.agent, principal.rights, frozenset())
    with pytest.raises(UsageError):
        prepare(ws, stranger, digests)
    with pytest.raises(Forbidden):
        lesser = Principal(principal.agent, principal.rights - {Right.EXPORT}, None)
        prepare(ws, lesser, digests)
    assert not ReleaseOpening.objects.exists()


def release(ws, principal, prepared, approved):
    said = {"files": 7}
    return record_release(ws, principal, prepared.public_id, approved, said)


def faults(ws):
    return {one.name for one in ledger.recheck(ws, custodian_here(), {}, Silent()).faults}


def test_a_release_bears_two_signatures_over_its_root(ws, principal, digests):
    two_people(ws)
    prepared = prepare(ws, principal, digests[:7])
    approved = signed_release(ws, prepared.public_id)
    entry = release(ws, principal, prepared, approved)
    (kept,) = entries_at([entry])
    said = json.loads(kept.details)
    assert (kept.action, said["about"], said["files"]) == ("released", prepared.root.hex(), 7)
    assert said["reason"] == "for the press"
    assert json.loads(kept.leaf)["count"] == 7
    assert faults(ws) == set()
    assert not open_requests(ws.clock())
    with pytest.raises(ApprovalRefused):
        release(ws, principal, prepared, approved)


def test_signatures_for_one_release_serve_no_other(ws, principal, digests):
    two_people(ws)
    one, same, other = (prepare(ws, principal, digests[:n]) for n in (7, 7, 8))
    approved = signed_release(ws, one.public_id)
    for wrong in (same, other):
        with pytest.raises(ApprovalRefused):
            release(ws, principal, wrong, approved)
    with pytest.raises(ApprovalRefused):
        release(ws, principal, one, signed_export(ws, digests[0].hex()))
    with pytest.raises(UsageError):
        signed_release(ws, "no such release")
    with pytest.raises(ApprovalRefused, match="signed there"):
        signing.approved(ws, _asked(ws, one))
    assert not indices_of({"released"})
    assert release(ws, principal, one, approved)


def _asked(ws, prepared):
    ada = signer("ada"), signing.PHRASES["ada"]
    return ask_to_release(ws, custodian_here(), prepared.public_id, "for the press", *ada)


def test_who_may_not_export_releases_nothing(ws, principal, digests):
    two_people(ws)
    prepared = prepare(ws, principal, digests)
    lesser = Principal(principal.agent, principal.rights - {Right.EXPORT}, None)
    approved = signed_release(ws, prepared.public_id)
    with pytest.raises(Forbidden):
        release(ws, lesser, prepared, approved)


def test_a_release_with_a_purged_item_is_prepared_anew(ws, principal, digests):
    two_people(ws)
    prepared = prepare(ws, principal, digests[:7])
    approved = signed_release(ws, prepared.public_id)
    signing.purged(ws, digests[3])
    for act in (
        lambda: release(ws, principal, prepared, approved),
        lambda: signed_release(ws, prepared.public_id),
    ):
        with pytest.raises(UsageError, match="purged"):
            act()
    assert not indices_of({"released"})


def test_a_released_entry_without_its_signatures_is_found(ws, principal, digests):
    with transaction.atomic():
        record(ws, principal.agent, "released", objects=digests[:1], details={"reason": "mine"})
    assert faults(ws) == {"approval-missing", "closed-unpurged"}
