"""Films that are known outside, against what comes in later; and what is forgotten."""

import json

import pytest

from daylight.catalogue.models import Analysed, Contested, Entry, Known
from daylight.catalogue.queries import relations as queries
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Silent
from daylight.errors import Forbidden, UsageError
from daylight.services.known import against
from daylight.services.known_later import compare_known, forget
from tests.canonical import check
from tests.detectors.clocked import clocked_film
from tests.media.test_slices import remuxed
from tests.services.test_sameness import FILMS, compared, take, with_readers

PUBLIC = clocked_film(3_002, seconds=8, quality=26)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "public"
    made.mkdir()
    (made / "public.mp4").write_bytes(PUBLIC)
    (made / "other.mkv").write_bytes(remuxed(FILMS["other.mp4"], "mp4", "matroska"))
    return made


@pytest.fixture
def known(ws, folder):
    """Two films are known before anything is taken in."""
    inside, _ = with_readers(ws)
    against(inside, custodian_here(), folder, Silent(), "a public channel")
    return folder


def later(ws):
    inside, readers = with_readers(ws)
    return compare_known(inside, custodian_here(), Silent()), readers


def bring(ws, tmp_path, *names):
    disk = tmp_path / "-".join(names)
    disk.mkdir()
    for name in names:
        (disk / name).write_bytes(FILMS[name])
    found = take(ws, disk)
    compared(ws)
    return found


def marks():
    return {(one.item, one.known) for one in queries.contested(custodian_here())}


def test_what_comes_in_later_is_marked_once(ws, known, tmp_path):
    names = bring(ws, tmp_path, "night.mp4", "other.mp4")
    report, _ = later(ws)
    assert (report.films, report.away, report.contested) == (2, 0, 2)
    assert marks() == {(names["night.mp4"], "public.mp4"), (names["other.mp4"], "other.mkv")}
    entry = json.loads(bytes(Entry.objects.order_by("-index").first().leaf))
    assert (entry["action"], entry["count"]) == ("contested", 2)
    before = Entry.objects.count()
    again, readers = later(ws)
    assert (again.contested, readers.asked["compare"]) == (0, 0)
    assert Entry.objects.count() == before
    check(ws)


def test_more_that_comes_in_is_marked_beside_what_is(ws, known, tmp_path):
    first = bring(ws, tmp_path, "night.mp4")
    later(ws)
    entries = set(Contested.objects.values_list("entry", flat=True))
    second = bring(ws, tmp_path, "again.mp4")
    report, _ = later(ws)
    assert report.contested == 1
    assert marks() == {
        (first["night.mp4"], "public.mp4"),
        (second["again.mp4"], "public.mp4"),
    }
    assert len(set(Contested.objects.values_list("entry", flat=True)) - entries) == 1


@pytest.mark.parametrize("how", ["gone", "other bytes", "a link", "a folder"])
def test_of_films_that_are_away_what_needs_no_look_is_found(ws, known, tmp_path, how):
    """The copy with the same coded pictures is; the one that was encoded again is not."""
    for name in ("public.mp4", "other.mkv"):
        place = known / name
        place.rename(tmp_path / name)
        if how == "other bytes":
            place.write_bytes(FILMS["night.mp4"])
        elif how == "a link":
            place.symlink_to(tmp_path / name)
        elif how == "a folder":
            place.mkdir()
    names = bring(ws, tmp_path, "night.mp4", "other.mp4")
    report, _ = later(ws)
    assert (report.films, report.away, report.contested) == (2, 2, 1)
    assert marks() == {(names["other.mp4"], "other.mkv")}


def test_when_a_film_is_back_it_is_looked_at(ws, known, tmp_path):
    (known / "public.mp4").rename(tmp_path / "kept.mp4")
    names = bring(ws, tmp_path, "night.mp4")
    assert later(ws)[0].contested == 0
    (tmp_path / "kept.mp4").rename(known / "public.mp4")
    assert later(ws)[0].contested == 1
    assert marks() == {(names["night.mp4"], "public.mp4")}


def test_marks_of_a_film_that_went_stay(ws, known, tmp_path):
    names = bring(ws, tmp_path, "night.mp4")
    later(ws)
    (known / "public.mp4").unlink()
    bring(ws, tmp_path, "other.mp4")
    later(ws)
    assert (names["night.mp4"], "public.mp4") in marks()


def test_a_film_from_before_has_its_fingerprint_alone(ws, known, tmp_path):
    Known.objects.update(path=b"", facts=None, key_frames=b"")
    names = bring(ws, tmp_path, "night.mp4", "other.mp4")
    assert later(ws)[0].away == 2
    assert marks() == {(names["other.mp4"], "other.mkv")}


def test_who_added_it_is_listed_and_stays(ws, known, folder):
    inside, _ = with_readers(ws)
    against(inside, custodian_here(), folder, Silent(), "another note")
    films = queries.known_films(custodian_here())
    assert [one.name for one in films] == ["other.mkv", "public.mp4"]
    assert {one.note for one in films} == {"a public channel"}
    assert {one.agent for one in films} == {custodian_here().agent}
    with pytest.raises(Forbidden):
        queries.known_films(Principal("0" * 32, frozenset(), None))


def test_what_is_forgotten_is_known_no_more(ws, known, tmp_path):
    bring(ws, tmp_path, "night.mp4", "other.mp4")
    later(ws)
    (film,) = [one for one in queries.known_films(custodian_here()) if one.name == "public.mp4"]
    assert film.items == 1
    for reason in ("", " ", "x" * 10_000):
        with pytest.raises(UsageError):
            forget(ws, custodian_here(), film.id, reason)
    with pytest.raises(Forbidden):
        forget(ws, Principal("0" * 32, frozenset({Right.SEE_ITEMS}), None), film.id, "no")
    assert forget(ws, custodian_here(), film.id, "It is our own clip.") == 1
    assert {known for _, known in marks()} == {"other.mkv"}
    entry = json.loads(bytes(Entry.objects.order_by("-index").first().leaf))
    assert (entry["action"], entry["count"]) == ("known-forgotten", 1)
    assert later(ws)[0].contested == 0
    with pytest.raises(UsageError):
        forget(ws, custodian_here(), film.id, "again")
    check(ws)


def test_without_films_or_items_nothing_is_done(ws, tmp_path):
    assert later(ws)[0].films == 0
    assert not Analysed.objects.filter(analysis="known").exists()
