"""Clocks are read once for all crops, told in rows, and go with their items."""

import json
from datetime import timedelta

import pytest

from daylight.analyses import clocks as analysis
from daylight.catalogue.models import ClockReading, Entry, Rendition
from daylight.catalogue.queries.burnt_clocks import burnt_clock, burnt_clocks
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.burnt_clock import Ticking
from daylight.domain.progress import Silent
from daylight.services import burnt_clocks as service
from tests.analyses.clock_films import START, Look, film
from tests.services.test_examine import examined as passed_over
from tests.services.test_examine import only_item, take


def read_clocks(ws):
    return service.read_clocks(ws, custodian_here(), Silent())


def examined(ws):
    passed_over(ws)
    return read_clocks(ws)


LOOK = Look(layout="%d/%m/%Y %H:%M:%S")


def make(folder, name="a.mkv", day=14, seconds=12, seed=0):
    start = START.replace(day=day)
    data = film(LOOK, seconds, clock=lambda at: start + timedelta(seconds=float(at)), seed=seed)
    path = folder / name
    path.write_bytes(data)
    return path


def test_what_was_examined_has_its_clock_read_once(ws, tmp_path, monkeypatch):
    take(ws, make(tmp_path))
    examined(ws)
    view = burnt_clock(custodian_here(), only_item(ws).public_id)
    assert view.clock.ticking is Ticking.EVEN
    assert view.clock.layout == LOOK.layout
    assert view.clock.pieces[0].naive_us // 1_000_000 == int(START.timestamp())
    assert (view.version, view.failed) == (2, "")
    assert [*burnt_clocks().values()] == [view.clock]
    leaf = json.loads(bytes(Entry.objects.order_by("-index").first().leaf))
    assert leaf["action"] == "analysed"
    assert read_clocks(ws) == 0
    monkeypatch.setitem(service.ANALYSES, "clocks", analysis_of_version(3))
    assert read_clocks(ws) == 1
    assert ClockReading.objects.get().version == 3


def analysis_of_version(number):
    from daylight.analyses.base import Listed

    return Listed(number, ("overlay",))


def test_day_and_month_follow_the_camera(ws, tmp_path):
    """3 April or 4 March? Another recording of the camera shows a 14th."""
    take(ws, make(tmp_path, "a.mkv", day=4))
    examined(ws)
    assert ClockReading.objects.get().others == ["%m/%d/%Y %H:%M:%S"]
    take(ws, make(tmp_path, "b.mkv", day=14, seed=1))
    examined(ws)
    assert [row.others for row in ClockReading.objects.all()] == [[], []]


def test_crops_that_make_no_sense_are_named(ws, tmp_path):
    take(ws, make(tmp_path))
    examined(ws)
    ClockReading.objects.all().delete()
    digest = ws.store.put(b"no crops")
    Rendition.objects.filter(name="overlay").update(sha256=digest)
    assert read_clocks(ws) == 1
    row = ClockReading.objects.get()
    assert (row.ticking, row.pieces) == ("none", [])
    assert "another form" in row.failed


def test_no_line_is_no_clock(ws, tmp_path):
    path = tmp_path / "plain.mkv"
    path.write_bytes(film(Look(label=""), 6, clock=lambda at: None))
    take(ws, path)
    examined(ws)
    assert ClockReading.objects.get().ticking == "none"
    assert read_clocks(ws) == 0


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(analysis, "_MOST_KNOWN", 4)


def test_a_label_is_known_again_and_told_from_others(ws, tmp_path):
    keys = {}
    for number, label in enumerate(("CAM 07 GATE", "CAM 17 GATE", "CAM 07 GATE", "YARD")):
        path = tmp_path / f"{number}.mkv"
        path.write_bytes(film(Look(label=label), 8, seed=number))
        take(ws, path)
        examined(ws)
        row = ClockReading.objects.order_by("-item_id").first()
        keys.setdefault(label, set()).add(row.label_key)
    assert all(len(found) == 1 for found in keys.values())
    assert len({key for found in keys.values() for key in found}) == 3


def test_the_text_of_a_label_is_not_taken_over_from_an_earlier_version(ws, tmp_path, monkeypatch):
    monkeypatch.setattr(service, "text_of", lambda line: "GATE")
    take(ws, make(tmp_path))
    examined(ws)
    ClockReading.objects.update(version=1, label="CATE")
    assert read_clocks(ws) == 1
    assert ClockReading.objects.get().label == "GATE"
