"""The archive compared with itself and with films outside: found, kept, seen only where it may be, gone."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from daylight.catalogue.models import (
    Analysed,
    Collection,
    Comparison,
    Contested,
    Entry,
    Item,
    Known,
    Relation,
    Rendition,
)
from daylight.catalogue.queries import relations as queries
from daylight.catalogue.queries.items import Filter, items
from daylight.catalogue.queries.vault import custodian_here
from daylight.detectors.programs import PROGRAMS
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Silent
from daylight.errors import Forbidden, UsageError, VaultBusy
from daylight.media.executor import End, Message, Outcome
from daylight.media.inline import InlineExecutor
from daylight.services.examine import examine
from daylight.services.intake import ImportRequest, import_material
from daylight.services.known import against
from daylight.services.sameness import compare_all
from daylight.services.side_by_side import _probe
from daylight.storage.layout import lock
from tests.canonical import check
from tests.detectors.clocked import clocked_film
from tests.media.test_slices import remuxed
from tests.services.signing import purged, two_people


class Readers:
    """Programs run in this process; ``change`` makes up some outcomes."""

    slots = 1

    def __init__(self, change):
        self._inline, self._change = InlineExecutor(PROGRAMS, i_am_a_test=True), change
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


def with_readers(ws, change=lambda task, outcome: outcome):
    readers = Readers(change)
    return replace(ws, start_executor=lambda slots: readers), readers


FILMS = {
    "night.mp4": clocked_film(3_000, seconds=10),
    "again.mp4": clocked_film(3_000, seconds=10, quality=32),
    "boxed.mp4": clocked_film(3_000, seconds=10, quality=24, bars=40),
    "other.mp4": clocked_film(50_000, seconds=10),
}


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    for name, data in FILMS.items():
        (folder / name).write_bytes(data)
    (folder / "packed.mkv").write_bytes(remuxed(FILMS["night.mp4"], "mp4", "matroska"))
    (folder / "night copy.mp4").write_bytes(FILMS["night.mp4"])
    return folder


def take(ws, folder, **words):
    import_material(ws, custodian_here(), ImportRequest(roots=(folder,), **words), Silent())
    return {
        name: digest
        for digest, name in (
            (one.digest, met.untrusted_path.decode())
            for one in items(custodian_here(), Filter(limit=0))
            for met in one.occurrences
        )
    }


def compared(ws, change=lambda task, outcome: outcome):
    inside, readers = with_readers(ws, change)
    examine(inside, custodian_here(), "fingerprint", Silent())
    return compare_all(inside, custodian_here(), Silent()), readers


def pairs(principal=None):
    return {
        (one.kind, frozenset((one.a, one.b)))
        for one in queries.relations(principal or custodian_here())
    }


def test_copies_are_found_and_the_other_night_is_not(ws, disk):
    names = take(ws, disk)
    night, packed, again, boxed = (
        names[name] for name in ("night.mp4", "packed.mkv", "again.mp4", "boxed.mp4")
    )
    report, readers = compared(ws)
    assert pairs() == {
        ("remuxed", frozenset((night, packed))),
        ("re-encoded", frozenset((night, again))),
        ("re-encoded", frozenset((packed, again))),
        ("letterboxed", frozenset((night, boxed))),
        ("letterboxed", frozenset((packed, boxed))),
        ("letterboxed", frozenset((again, boxed))),
    }
    for one in queries.relations(custodian_here()):
        assert abs(one.a_start_us - one.b_start_us) <= 500_000
        assert one.length_us >= 9_000_000
        assert 0.5 < one.score <= 1
    assert report.relations == 6
    assert report.compared == readers.asked["compare"] >= 2
    (met,) = [one for one in queries.met_again(custodian_here()) if one.kind == "video"]
    assert (met.item, met.occurrences) == (night, 2)
    entry = json.loads(bytes(Entry.objects.order_by("-index").first().leaf))
    assert entry["action"] == "compared"
    check(ws)


def test_what_is_done_is_not_done_again_and_what_comes_in_is_all_that_is_looked_at(
    ws, disk, tmp_path
):
    take(ws, disk)
    first, _ = compared(ws)
    entries = Entry.objects.count()
    again, readers = compared(ws)
    assert (again.relations, again.compared, readers.asked) == (first.relations, 0, Counter())
    assert Entry.objects.count() == entries
    later = tmp_path / "later"
    later.mkdir()
    (later / "small.mp4").write_bytes(clocked_film(3_000, seconds=10, size=(160, 120)))
    take(ws, later)
    kept = {*Relation.objects.values_list("pk", flat=True)}
    third, readers = compared(ws)
    assert third.relations > first.relations
    assert 0 < readers.asked["compare"] <= 4
    assert kept <= {*Relation.objects.values_list("pk", flat=True)}
    assert "rescaled" in {kind for kind, _ in pairs()}


def test_a_comparison_that_dies_says_nothing(ws, disk):
    take(ws, disk)

    def dies(task, outcome):
        return Outcome(End.CRASHED, "it died", ()) if task.program == "compare" else outcome

    compared(ws, dies)
    assert {kind for kind, _ in pairs()} == {"remuxed"}


@pytest.mark.parametrize(
    ("facts", "size"),
    [
        ({"probe": 0, "a_us": [1, 2], "b_us": [1]}, 4),
        ({"probe": 0, "a_us": ["x"], "b_us": [1]}, 4),
        ({"probe": 0, "a_us": 7, "b_us": None}, 4),
        ({"probe": 0, "a_us": [1 << 80], "b_us": [1]}, 4),
        ({"probe": 0, "a_us": list(range(200)), "b_us": [1]}, 800),
        ([1, 2], 4),
        ("text", 0),
    ],
)
def test_a_comparison_that_lies_is_not_believed(facts, size):
    assert _probe(Message("compared", facts, bytes(size))) is None
    assert _probe(Message("gossip", {"a_us": [1], "b_us": [1]}, bytes(4))) is None
    strange = np.array([np.nan, np.inf, -7, 99], "<f4").tobytes()
    probe = _probe(Message("compared", {"a_us": [1, 2], "b_us": [1, 2]}, strange))
    assert np.array_equal(probe.table, [[np.nan, np.nan], [0, 2]], equal_nan=True)


def test_a_relation_with_what_one_may_not_see_is_not_shown(ws, disk, tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "again.mp4").write_bytes((disk / "again.mp4").read_bytes())
    (disk / "again.mp4").unlink()
    for name in ("ours", "theirs"):
        Collection.objects.create(name=name, created=ws.clock())
    names = take(ws, disk, collection="ours")
    names |= take(ws, theirs, collection="theirs")
    compared(ws)
    ours = Collection.objects.get(name="ours").public_id
    analyst = Principal("0" * 32, frozenset({Right.SEE_ITEMS}), frozenset({ours}))
    seen = pairs(analyst)
    assert seen
    assert len(seen) < len(pairs())
    assert all(names["again.mp4"] not in pair for _, pair in seen)
    public = Item.objects.get(sha256=names["night.mp4"]).public_id
    assert len(queries.relations_of(analyst, public)) == 2
    assert len(queries.relations_of(custodian_here(), public)) == 3
    nobody = Principal("0" * 32, frozenset(), None)
    for ask in (queries.relations, queries.met_again, queries.contested):
        with pytest.raises(Forbidden):
            ask(nobody)
    with pytest.raises(Forbidden):
        compare_all(ws, analyst, Silent())
    with pytest.raises(Forbidden):
        against(ws, analyst, disk, Silent())


def known_films(tmp_path):
    folder = tmp_path / "known"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "public.mp4").write_bytes(clocked_film(3_002, seconds=8, quality=26))
    (folder / "same.mp4").write_bytes(FILMS["other.mp4"])
    (folder / "note.txt").write_text("not a film")
    (folder / "link.mp4").symlink_to(folder / "same.mp4")
    return folder


def test_what_is_known_outside_is_marked(ws, disk, tmp_path):
    names = take(ws, disk)
    compared(ws)
    inside, _ = with_readers(ws)
    report = against(inside, custodian_here(), known_films(tmp_path), Silent())
    assert (report.files, report.compared, report.contested) == (3, 2, 5)
    marks = {(one.item, one.known): one for one in queries.contested(custodian_here())}
    mark = marks[names["night.mp4"], "sub/public.mp4"]
    assert abs(mark.item_start_us - 2_000_000) <= 500_000
    assert mark.known_start_us <= 500_000
    assert mark.length_us >= 7_000_000
    same = marks[names["other.mp4"], "same.mp4"]
    assert (same.kind, same.score) == ("identical", 1.0)
    assert Item.objects.count() == 5
    shown = next(one for one in items(custodian_here(), Filter(limit=0)) if one.contested)
    assert shown.contested[0].entry
    entry = json.loads(bytes(Entry.objects.order_by("-index").first().leaf))
    assert (entry["action"], entry["count"]) == ("contested", 5)
    again = against(inside, custodian_here(), known_films(tmp_path / "twice"), Silent())
    assert again == report
    assert Contested.objects.count() == 5
    check(ws)


def test_a_folder_that_is_none_and_a_vault_that_is_busy(ws, disk, tmp_path, monkeypatch):
    with pytest.raises(UsageError):
        against(ws, custodian_here(), tmp_path / "nowhere", Silent())
    monkeypatch.setattr("daylight.storage.layout.PATIENCE_TENTHS", 1)
    with lock(ws.layout, "examine"), pytest.raises(VaultBusy):
        compare_all(ws, custodian_here(), Silent())


def test_a_purge_takes_relations_and_marks_along(ws, disk, tmp_path):
    names = take(ws, disk)
    two_people(ws)
    compared(ws)
    inside, _ = with_readers(ws)
    against(inside, custodian_here(), known_films(tmp_path), Silent())
    gone = names["other.mp4"]
    report = purged(ws, gone)
    assert report.traces == ()
    assert not Known.objects.filter(digest=bytes(gone)).exists()
    report = purged(ws, names["night.mp4"])
    assert report.traces == ()
    assert all(names["night.mp4"] not in pair for _, pair in pairs())
    assert not Contested.objects.filter(item__sha256=names["night.mp4"]).exists()
    assert Comparison.objects.filter(item_a__sha256=names["night.mp4"]).count() == 0
    assert not Analysed.objects.exists()
    compared(ws)
    assert {frozenset((names["again.mp4"], names["boxed.mp4"]))} <= {pair for _, pair in pairs()}


def test_a_vault_without_films_says_so(ws, tmp_path):
    (tmp_path / "note.txt").write_text("a note\n")
    take(ws, tmp_path / "note.txt")
    report, readers = compared(ws)
    assert (report.recordings, report.relations, readers.asked["compare"]) == (0, 0, 0)
    assert not Rendition.objects.exists()
