"""Salvage as a service: which sibling is taken, what is kept, what is played, what is tried again."""

from dataclasses import replace

import pytest

from daylight.catalogue.models import Finding
from daylight.catalogue.queries.broken import Broken, Lender, nearest
from daylight.catalogue.queries.items import Filter, items
from daylight.catalogue.queries.vault import custodian_here
from daylight.detectors.programs import PROGRAMS
from daylight.domain.digest import Digest, digest_of
from daylight.domain.principal import Principal
from daylight.domain.progress import Silent
from daylight.errors import Forbidden, MediaRefused
from daylight.media.executor import End, Message, Outcome
from daylight.media.inline import InlineExecutor
from daylight.media.mpegts import PACKET
from daylight.services.examine import examine
from daylight.services.intake import ImportRequest, import_material
from daylight.services.salvage import SalvageReport, salvage
from daylight.services.watch import Player, playlist, segment
from tests.canonical import check
from tests.media.films import film
from tests.media.test_salvage import PLAIN, recontained, recording, without_index

WORDS = PLAIN["libx264"]
LOST = without_index(recording("libx264", 1, words=WORDS))
WHOLE = recording("libx264", 2, words=WORDS)
FOREIGN = recording("libx265", 3, words=PLAIN["libx265"])


class Slots:
    slots = 2

    def __init__(self, change=lambda task, outcome: outcome):
        self._inline, self._change = InlineExecutor(PROGRAMS, i_am_a_test=True), change
        self.asked = []

    def run(self, task):
        self.asked.append(task.program)
        return self._change(task, self._inline.run(task))

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass


@pytest.fixture
def archive(ws, tmp_path):
    """Takes files in, examines them, salvages; gives the report and what was asked of the sandbox."""

    def run(change=lambda task, outcome: outcome, **files: bytes):
        folder = tmp_path / f"archive{len(files)}{next(iter(files), '')}"
        for name, data in files.items():
            path = folder / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        slots = Slots(change)
        ours = replace(ws, start_executor=lambda count: slots)
        if files:
            import_material(ours, custodian_here(), ImportRequest(roots=(folder,)), Silent())
        examine(ours, custodian_here(), "", Silent())
        slots.asked.clear()
        return salvage(ours, custodian_here(), Silent()), slots.asked

    return run


def item_of(data: bytes):
    (found,) = [
        one for one in items(custodian_here(), Filter(limit=0)) if one.digest == digest_of(data)
    ]
    return found


def test_a_recording_is_rebuilt_and_says_so(ws, archive):
    report, _ = archive(cam__lost=LOST, cam__whole=WHOLE)
    assert report == SalvageReport(1, 1)
    one = item_of(LOST)
    assert one.state == "unreadable"  # the original is what it was
    made = one.rendition("salvage")
    assert made.media_type == "video/mp4"
    assert made.facts["sibling"] == digest_of(WHOLE).hex()
    assert made.facts["pictures"] == 60
    assert made.facts["times_assumed"] is True
    assert made.facts["used_bytes"] + made.facts["skipped_bytes"] == len(LOST)
    assert made.facts["facts"]["state"] == "ok"
    assert archive()[0] == SalvageReport(0, 0)  # it is done
    check(ws)


def test_what_was_rebuilt_is_played(ws, archive):
    archive(cam__lost=LOST, cam__whole=WHOLE)
    one = item_of(LOST)
    player = Player(replace(ws, start_executor=lambda count: Slots()))
    try:
        listed = playlist(player, custodian_here(), one.public_id, "clear")
        assert "0.ts" in listed
        for mode in ("clear", "shielded"):
            data = segment(player, custodian_here(), one.public_id, 0, mode).data
            assert len(data) > 20 * PACKET
    finally:
        player.close()


@pytest.mark.parametrize(("container", "codec"), [("matroska", "libx264"), ("avi", "mjpeg")])
def test_a_wiped_head_is_replaced_and_every_part_plays(ws, archive, container, codec):
    whole = film(container, codec, frames=100, noise=90)
    wiped = bytes(512) + whole[512:]
    report, _ = archive(cam__a=wiped, cam__b=film(container, codec, frames=60, noise=30))
    assert report == SalvageReport(1, 1)
    one = item_of(wiped)
    player = Player(replace(ws, start_executor=lambda count: Slots()))
    try:
        count = playlist(player, custodian_here(), one.public_id, "clear").count(".ts")
        assert count >= 3
        for number in range(count):
            assert segment(player, custodian_here(), one.public_id, number, "clear").data
    finally:
        player.close()
    check(ws)


def test_without_a_sibling_it_fails_by_name_and_is_tried_again_with_another(ws, archive):
    report, _ = archive(cam__lost=LOST, other__foreign=FOREIGN)
    assert report == SalvageReport(1, 0)
    failed = Finding.objects.get(detector="salvage")
    assert "lends" in failed.failed
    assert archive()[0].tried == 0  # nothing new to try it with
    with pytest.raises(MediaRefused, match="cannot be read"):
        player = Player(ws)
        playlist(player, custodian_here(), item_of(LOST).public_id, "clear")
    report, _ = archive(cam__whole=WHOLE)
    assert report == SalvageReport(1, 1)
    assert not Finding.objects.get(detector="salvage").failed
    check(ws)


@pytest.mark.parametrize("how", ["dies", "lies", "says too much", "says nothing"])
def test_programs_that_misbehave_cost_one_finding(ws, archive, how):
    def change(task, outcome):
        if task.program != "salvage":
            return outcome
        if how == "dies":
            return Outcome(End.CRASHED, "SIGSEGV", ())
        facts = {"method": "index", "head": 1 << 40}
        messages = {"lies": (Message("rebuilt", facts, b""),), "says nothing": ()}
        many = tuple(replace(one, untrusted_facts=[]) for one in outcome.messages) * 2
        return Outcome(End.DONE, "", messages.get(how, many))

    report, _ = archive(change, cam__lost=LOST, cam__whole=WHOLE)
    assert report == SalvageReport(1, 0)
    assert ("crashed" in Finding.objects.get(detector="salvage").failed) is (how == "dies")
    assert item_of(LOST).renditions == ()
    check(ws)


def test_what_was_rebuilt_must_open(ws, archive):
    def unreadable(task, outcome):
        if task.program == "examine" and task.request["detectors"] == []:
            return Outcome(End.TIMED_OUT, "", ())
        return outcome

    report, _ = archive(unreadable, cam__lost=LOST, cam__whole=WHOLE)
    assert report == SalvageReport(1, 0)
    assert "cannot be read" in Finding.objects.get(detector="salvage").failed


def test_who_may_not_examine_does_not(ws):
    nobody = Principal(agent="0" * 32, rights=frozenset(), collections=frozenset())
    with pytest.raises(Forbidden):
        salvage(ws, nobody, Silent())


def test_neighbours_come_first_and_no_shape_crowds_out_the_others():
    one = Broken(1, Digest(b"1" * 32), 10, "mp4", "")
    shapes = [("h264", 704, 576, 12.0)] * 5 + [("hevc", 1280, 720, 12.0)]
    among = [Lender(n, Digest(bytes([n]) * 32), shape, "mp4") for n, shape in enumerate(shapes, 10)]
    lying = {1: [b"a/b/c"], 12: [b"a/b/x"], 14: [b"a/b/c"], 10: [b"z"]}
    assert [lender.key for lender in nearest(one, among, lying)] == [14, 12, 15]


def test_its_own_container_comes_first_among_those_as_near():
    one = Broken(1, Digest(b"1" * 32), 10, "mp4", "")
    shape = ("hevc", 1280, 720, 12.0)
    kinds = ("matroska", "mp4", "mp4", "matroska", "mp4")
    among = [Lender(n, Digest(bytes([n]) * 32), shape, kind) for n, kind in enumerate(kinds, 10)]
    lying = {1: [b"a/b/c"], 10: [b"a/b/x"], 13: [b"a/z"]}
    assert [lender.key for lender in nearest(one, among, lying)] == [10, 13, 11, 12]


def test_a_recording_in_another_container_lends_its_parameters(ws, archive):
    whole = recontained(WHOLE, "matroska")
    report, _ = archive(cam__lost=LOST, other__whole=whole, other__foreign=FOREIGN)
    assert report == SalvageReport(1, 1)
    made = item_of(LOST).rendition("salvage")
    assert made.facts["sibling"] == digest_of(whole).hex()
    assert made.facts["clean"] is True
    assert made.facts["pictures"] == 60
    check(ws)
