"""What detectors find in a salvage: kept beside the item, told apart from its own, done anew with the salvage."""

import json
from dataclasses import replace

import pytest

from daylight.catalogue.models import Entry, Finding, Rendition
from daylight.catalogue.queries.found import findings_of
from daylight.catalogue.queries.relations import fingerprinted, relations
from daylight.catalogue.queries.salvages import salvages
from daylight.catalogue.queries.vault import custodian_here
from daylight.detectors.registry import Wants, listed
from daylight.domain.digest import digest_of
from daylight.domain.progress import Silent
from daylight.media.executor import End, Outcome
from daylight.services.examine import ExamineReport, examine
from daylight.services.sameness import compare_all
from tests.canonical import check
from tests.media.test_salvage import IN_BAND, recording, without_index
from tests.services.test_salvage import LOST, WHOLE, WORDS, Slots, archive, item_of

__all__ = ["archive"]  # the fixture
SEEN = {name for name, one in listed().items() if one.wants is Wants.KEY_FRAMES}


@pytest.fixture
def again(ws):
    """Examine what there is; gives the report and what was asked of the sandbox."""

    def run(change=lambda task, outcome: outcome):
        slots = Slots(change)
        ours = replace(ws, start_executor=lambda count: slots)
        return examine(ours, custodian_here(), "", Silent()), slots.asked

    return run


def made_of(data: bytes):
    return next(one for one in salvages().values() if one.digest == digest_of(data))


def of_lost(**wanted):
    return Finding.objects.filter(item__sha256=digest_of(LOST), **wanted).exclude(
        detector="salvage"
    )


def test_detectors_look_at_the_salvage_and_say_so(ws, archive, again):
    archive(cam__lost=LOST, cam__whole=WHOLE)
    assert not of_lost().exists()
    report, _ = again()
    assert (report.items, report.failed) == (1, 0)
    made = made_of(LOST)
    found = {row.detector: bytes(row.read_from) for row in of_lost()}
    assert found == dict.fromkeys(SEEN, bytes(made.made))
    one = item_of(LOST)
    assert (one.state, one.duration_us) == ("unreadable", None)  # the original is what it was
    assert one.rendition("filmstrip-clear").detector == "filmstrip"
    said = {view.detector: view.read_from for view in findings_of(custodian_here(), one.public_id)}
    assert said["activity"] == made.made.hex()
    assert (
        not Finding.objects.filter(item__sha256=digest_of(WHOLE)).exclude(read_from=None).exists()
    )
    assert again()[0] == ExamineReport(0, 0, 0)  # it is done
    check(ws)


def test_the_ledger_tells_how_many_salvages_were_read(ws, archive, again):
    archive(cam__lost=LOST, cam__whole=WHOLE)
    again()
    told = [json.loads(bytes(row.details)) for row in Entry.objects.order_by("index")]
    assert [one["salvages"] for one in told if "salvages" in one] == [1]


def test_another_salvage_is_looked_at_anew(ws, archive, again):
    archive(cam__lost=LOST, cam__whole=WHOLE)
    again()
    of_lost().update(read_from=digest_of(b"an earlier salvage"))
    assert fingerprinted(listed()["fingerprint"].version)[0].digest == digest_of(WHOLE)
    assert len(fingerprinted(listed()["fingerprint"].version)) == 1  # not of a salvage that is gone
    report, _ = again()
    assert report.findings == len(SEEN)
    assert {bytes(row.read_from) for row in of_lost()} == {bytes(made_of(LOST).made)}
    assert of_lost().count() == len(SEEN)
    check(ws)


def test_an_original_that_can_be_read_after_all_is_examined_itself(ws, archive, again):
    """A later reader may open what this one cannot: then nothing of the salvage stands for it."""
    archive(cam__lost=LOST, cam__whole=WHOLE)
    again()
    Finding.objects.filter(item__sha256=digest_of(WHOLE)).update(read_from=digest_of(b"a salvage"))
    report, _ = again()
    assert report.items == 1
    assert (
        not Finding.objects.filter(item__sha256=digest_of(WHOLE)).exclude(read_from=None).exists()
    )


def test_a_reader_that_dies_over_a_salvage_costs_its_findings_once(ws, archive, again):
    archive(cam__lost=LOST, cam__whole=WHOLE)
    report, _ = again(lambda task, outcome: Outcome(End.CRASHED, "SIGSEGV", ()))
    assert (report.findings, report.failed) == (len(SEEN), len(SEEN))
    assert "crashed" in of_lost().first().failed
    assert item_of(LOST).state == "unreadable"
    assert item_of(LOST).rendition("salvage") is not None
    assert again()[0] == ExamineReport(0, 0, 0)
    check(ws)


def test_a_salvage_is_known_as_a_copy_of_the_recording_that_it_was(ws, archive, again):
    archive(cam__lost=LOST, cam__whole=recording("libx264", 1, words=WORDS))
    again()
    compare_all(replace(ws, start_executor=lambda count: Slots()), custodian_here(), Silent())
    (one,) = relations(custodian_here())
    assert {one.a, one.b} == {digest_of(LOST), digest_of(recording("libx264", 1, words=WORDS))}
    assert one.facts["coded"] is True


def test_of_several_salvages_the_newest_counts(ws, archive, again):
    archive(cam__lost=LOST, cam__whole=WHOLE)
    old = Rendition.objects.get(name="salvage")
    before = Finding.objects.create(
        item=old.item, detector="salvage", version=1, failed="", facts={}
    )
    other = bytes(digest_of(b"an earlier salvage"))
    Rendition.objects.create(
        item=old.item, finding=before, name="salvage", media_type="video/mp4", sha256=other, size=1,
        facts=old.facts,
    )  # fmt: skip
    assert made_of(LOST).made == bytes(old.sha256)


def test_a_recording_that_describes_itself_needs_no_other(ws, archive, again):
    lost = without_index(recording("libx264", 5, words=IN_BAND["libx264"]))
    archive(cam__lost=lost)
    made = made_of(lost)
    assert (made.facts["key_frames"], made.duration_us) == (5, 6_000_000)
    facts = item_of(lost).rendition("salvage").facts
    assert (facts["method"], facts["sibling"], facts["rate_assumed"]) == ("in-band", None, False)
    assert again()[0].failed == 0
