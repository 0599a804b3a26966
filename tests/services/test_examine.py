"""The coordinator against readers that crash, hang, lie or fail in one part of a long recording."""

import time
from collections import Counter
from dataclasses import replace

import pytest

from daylight.catalogue.queries.items import Filter, items
from daylight.catalogue.queries.vault import custodian_here
from daylight.detectors.programs import PROGRAMS
from daylight.detectors.registry import Wants, listed
from daylight.domain.principal import Principal
from daylight.domain.progress import Silent
from daylight.errors import Forbidden, UsageError, VaultBusy
from daylight.media.executor import End, Message, Outcome
from daylight.media.inline import InlineExecutor
from daylight.services import findings
from daylight.services.examine import examine
from daylight.services.intake import ImportRequest, import_material
from daylight.storage.layout import lock
from tests.canonical import check
from tests.test_sample import ROOT


class Readers:
    """Programs run in this process, but for the outcomes that ``change`` makes up."""

    slots = 2

    def __init__(self, change=lambda task, outcome: outcome):
        self._inline = InlineExecutor(PROGRAMS, i_am_a_test=True)
        self._change = change
        self.asked = Counter()

    def run(self, task):
        self.asked[task.program] += 1
        return self._change(task, self._inline.run(task))

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass


def examined(ws, change=lambda task, outcome: outcome, only=""):
    readers = Readers(change)
    with_readers = replace(ws, start_executor=lambda slots: readers)
    return examine(with_readers, custodian_here(), only, Silent()), readers


def take(ws, *roots):
    import_material(ws, custodian_here(), ImportRequest(roots=roots), Silent())


def only_item(ws):
    (one,) = items(custodian_here(), Filter(limit=0))
    return one


CAR = ROOT / "samples" / "car-detection.mp4"


@pytest.fixture
def short_spans(monkeypatch):
    """Every recording counts as long."""
    monkeypatch.setattr("daylight.detectors.examining.SPAN_WORK", 2)


def test_a_long_recording_ends_as_a_short_one_does(ws, short_spans, monkeypatch):
    take(ws, CAR)
    report, readers = examined(ws)
    assert (readers.asked["examine"], readers.asked["merge"]) == (1, 1)
    assert readers.asked["look"] > 1
    cut = {made.name: made.digest for made in only_item(ws).renditions}
    monkeypatch.undo()
    from daylight.catalogue.models import Media, Rendition

    Rendition.objects.all().delete()
    Media.objects.update(probe_version=0)
    examined(ws)
    assert {made.name: made.digest for made in only_item(ws).renditions} == cut
    assert report.failed == 0
    check(ws)


@pytest.mark.parametrize("end", [End.CRASHED, End.TIMED_OUT, End.OVERSIZE, End.FAILED])
def test_a_reader_that_dies_costs_one_item_and_is_not_asked_again(ws, tmp_path, end):
    (tmp_path / "note.txt").write_text("a note\n")
    take(ws, CAR, tmp_path / "note.txt")

    def dies(task, outcome):
        large = any("demuxer" in str(m.untrusted_facts) for m in outcome.messages[:1])
        video = large and '"kind": "video"' in repr(outcome.messages[0].untrusted_facts).replace(
            "'", '"'
        )
        return Outcome(end, "it died", ()) if video else outcome

    report, _ = examined(ws, dies)
    assert report.items == 2
    states = {(one.kind, one.state) for one in items(custodian_here(), Filter(limit=0))}
    assert states == {("other", "unreadable"), ("document", "ok")}
    assert examined(ws)[0].items == 0


@pytest.mark.parametrize(
    "lie",
    [
        Message("facts", {"schema": "facts/1"}, b""),
        Message("facts", [1], b""),
        Message("gossip", {}, b""),
        Message("finding", {"detector": "oracle"}, b""),
        Message("spans", {"bounds": [[5, 1]]}, b""),
        Message("seen", {"decoded": -1, "corrupt": 0}, b""),
    ],
)
def test_a_reader_that_lies_is_not_believed(ws, lie):
    take(ws, CAR)
    examined(ws, lambda task, outcome: replace(outcome, messages=(*outcome.messages, lie)))
    one = only_item(ws)
    assert (one.state, one.renditions) == ("unreadable", ())
    assert "no sense" in one.reason
    check(ws)


def test_a_reader_that_dies_late_leaves_what_it_had_found(ws):
    take(ws, CAR)

    def late(task, outcome):
        kept = tuple(m for m in outcome.messages if m.untrusted_kind in ("facts", "seen"))
        return Outcome(End.CRASHED, "SIGSEGV", kept)

    report, _ = examined(ws, late)
    one = only_item(ws)
    assert (one.kind, one.state, one.codec) == ("video", "damaged", "h264")
    fed = [one for one in listed().values() if one.wants is not Wants.STILL]
    assert report.failed == len(fed)  # filmstrip, waveform …, each with the reason
    check(ws)


def test_a_span_that_fails_leaves_a_hole_that_is_owned_up_to(ws, short_spans):
    take(ws, CAR)

    def one_dies(task, outcome):
        dies = task.program == "look" and task.request["first"] == 2
        return Outcome(End.CRASHED, "SIGSEGV", ()) if dies else outcome

    examined(ws, one_dies)
    one = only_item(ws)
    assert one.state == "damaged"
    assert "part of it could not be read" in one.reason
    strip = one.rendition("filmstrip-clear")
    assert 0 < strip.facts["count"] < 7
    from daylight.catalogue.models import Finding

    assert "SIGSEGV" in Finding.objects.get(detector="filmstrip").facts["incomplete"]
    check(ws)


def test_one_detector_alone_is_added_later(ws):
    take(ws, CAR)
    examined(ws, only="probe")
    assert only_item(ws).renditions == ()
    examined(ws, only="waveform")
    assert {made.name for made in only_item(ws).renditions} == {"waveform"}
    examined(ws)
    assert {made.name for made in only_item(ws).renditions} >= {
        "waveform",
        "filmstrip-clear",
        "filmstrip-shielded",
    }
    check(ws)


def test_who_may_not_examine_does_not(ws):
    nobody = Principal(agent="0" * 32, rights=frozenset(), collections=frozenset())
    with pytest.raises(Forbidden):
        examine(ws, nobody, "", Silent())
    with pytest.raises(UsageError, match="crystal"):
        examine(ws, custodian_here(), "crystal-ball", Silent())


def test_two_do_not_examine_at_once(ws):
    take(ws, CAR)
    with lock(ws.layout, "examine"), pytest.raises(VaultBusy):
        examine(ws, custodian_here(), "", Silent())


@pytest.mark.parametrize(("short", "begun"), [(1 << 20, 12), (0, 4)])
def test_while_a_transaction_waits_for_the_disk_the_slots_have_work(
    ws, tmp_path, monkeypatch, short, begun
):
    for number in range(16):
        (tmp_path / f"{number}.txt").write_text(f"note {number}\n")
    take(ws, tmp_path)
    monkeypatch.setattr("daylight.services.examine._SHORT", short)
    monkeypatch.setattr("daylight.services.examine.BATCH", 1)
    keep, asked = findings.keep, []

    def slow(ws, ready):
        time.sleep(0.3)
        asked.append(readers.asked["examine"])
        keep(ws, ready)

    monkeypatch.setattr(findings, "keep", slow)
    readers = Readers()
    with_readers = replace(ws, start_executor=lambda slots: readers)
    assert examine(with_readers, custodian_here(), "probe", Silent()).items == 16
    assert asked[0] == begun
