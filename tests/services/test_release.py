"""Preparing a release in a vault, and what its public documents tell of the ledger: nothing."""

import json

import pytest

from daylight.catalogue.ledger_rows import entries_at
from daylight.catalogue.models import Occurrence, Opening, ReleaseOpening
from daylight.catalogue.queries.items import Filter, items
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Silent
from daylight.errors import Forbidden, UsageError
from daylight.ledger.release import is_released
from daylight.services.intake import ImportRequest, import_material
from daylight.services.release import prepare


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
