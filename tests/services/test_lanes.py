"""Lanes of a recording that was examined, of one that was not, and of one that is not seen."""

import pytest

from daylight.catalogue import models
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.marks import Kind, Said, Span
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Silent
from daylight.services import marks
from daylight.services.burnt_clocks import read_clocks
from daylight.services.lanes import lanes
from tests.services.test_watch import CLIP, SOUND, taken

__all__ = ["taken"]


def by_name(ws, public):
    return {one.name: one for one in lanes(ws, custodian_here(), public)}


def test_what_was_found_lies_in_its_lane(ws, taken):
    public = taken(CLIP)
    read_clocks(ws, custodian_here(), Silent())
    said = Said("somebody falls", Span(1_000_000, 2_000_000))
    marks.make(ws, custodian_here(), public, Kind.MARK, said)
    found = by_name(ws, public)
    assert [one for one in found if one not in ("sound", "speech")] == [
        "activity", "shots", "clock", "marks", "damage"
    ]  # fmt: skip
    assert found["activity"].examined
    assert found["activity"].by == "activity/1"
    assert [(one.start_us, one.word) for one in found["marks"].things] == [(1_000_000, "mark")]
    assert found["clock"].examined
    assert found["damage"].by == "lens/1, structure/2"


def test_gaps_and_damaged_packets_lie_where_they_are(ws, taken):
    public = taken(CLIP)
    found = models.Finding.objects.get(item__public_id=public, detector="structure")
    spans = {"gaps": [[2000, 5000]], "damaged": [[9000, 0], [12000, 700]]}
    found.facts |= {name: {"count": len(one), "spans": one} for name, one in spans.items()}
    found.save()
    things = by_name(ws, public)["damage"].things
    assert [(t.start_us, t.end_us, t.word) for t in things] == [
        (2_000_000, 7_000_000, "gap"),
        (9_000_000, 9_200_000, "damaged"),
        (12_000_000, 12_700_000, "damaged"),
    ]


def test_of_sound_only_what_can_be_heard(ws, taken):
    found = by_name(ws, taken(SOUND))
    assert list(found) == ["sound", "speech", "marks"]
    assert found["sound"].things
    assert found["speech"].things


def test_where_nobody_has_looked_it_is_said(ws, taken):
    public = taken(CLIP)
    models.Rendition.objects.all().delete()
    models.Finding.objects.all().delete()
    models.ClockReading.objects.all().delete()
    found = by_name(ws, public)
    assert [name for name, one in found.items() if one.examined] == ["marks"]


def test_what_is_not_seen_has_no_lanes(ws, taken):
    public = taken(CLIP)
    stranger = Principal("x", frozenset(Right), frozenset())
    with pytest.raises(KeyError):
        lanes(ws, stranger, public)
