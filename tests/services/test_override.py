"""A gate lets items pass on two signatures, those items and that gate alone."""

import json

import pytest

from daylight.catalogue.ledger_rows import entries_at
from daylight.catalogue.models import Entry, Opening
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.progress import Silent
from daylight.errors import ApprovalRefused, UsageError
from daylight.services import ledger, override
from daylight.services.approvals import countersign
from daylight.services.override import overrides
from daylight.services.personal_keys import signer
from tests.services.signing import PHRASES, approved, asked, asked_to_override, two_people
from tests.services.test_purge import digest_of, disk, take

GATE = "undecided-sound"


@pytest.fixture
def items(ws, tmp_path):
    folder = disk(tmp_path)
    take(ws, folder)
    two_people(ws)
    return [digest_of(folder, number) for number in range(3)]


def faults(ws):
    return {one.name for one in ledger.recheck(ws, custodian_here(), {}, Silent()).faults}


def test_a_gate_opens_on_two_signatures_for_these_items(ws, items):
    assert overrides(GATE, items[0]) == []
    done = approved(ws, asked_to_override(ws, GATE, *items[:2]))
    assert done.act == "gate-overridden"
    (entry,) = entries_at([done.entry])
    assert json.loads(entry.details)["about"] == GATE
    assert [overrides(GATE, one) for one in items] == [[done.entry], [done.entry], []]
    assert overrides("another-gate", items[0]) == []
    assert faults(ws) == set()


def test_one_person_opens_no_gate(ws, items):
    with pytest.raises(ApprovalRefused):
        approved(ws, asked_to_override(ws, GATE, items[0]), by="ada")
    assert overrides(GATE, items[0]) == []


@pytest.mark.parametrize(
    "gate", ["", "Gate", "a gate", "x" * 41, "a--b", "-a", "gate\n", "a\u202eb"]
)
def test_a_gate_has_a_code(ws, items, gate):
    with pytest.raises(UsageError):
        asked_to_override(ws, gate, items[0])


def test_a_gate_is_overridden_for_items(ws, items):
    with pytest.raises(UsageError):
        asked_to_override(ws, GATE)


def test_signatures_for_another_act_open_no_gate(ws, items):
    made = countersign(ws, custodian_here(), asked(ws, items[0]), signer("boris"), PHRASES["boris"])
    before = Entry.objects.count()
    with pytest.raises(ApprovalRefused):
        override.carry_out(ws, made)
    assert Entry.objects.count() == before


def test_what_the_gate_was_changed_to_or_whom_it_lets_pass_is_found(ws, items):
    entry = approved(ws, asked_to_override(ws, GATE, items[0])).entry
    kept = Entry.objects.get(index=entry)
    other = bytes(kept.details).replace(GATE.encode(), b"another-gate")
    Entry.objects.filter(index=entry).update(details=other)
    assert faults(ws) == {"details-changed"}
    Entry.objects.filter(index=entry).update(details=bytes(kept.details))
    row = Opening.objects.get(entry=entry)
    Opening.objects.filter(pk=row.pk).update(item=row.item_id + 1)
    assert faults(ws) == {"objects-changed"}
