"""What people say as the room takes it: kept as typed, shown harmless, nothing of it lost."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.catalogue.models import Mark
from daylight.catalogue.queries.marks import marks_of
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.marks import Kind, Said, Span
from daylight.domain.principal import Role
from daylight.errors import UsageError
from daylight.services import marks, review
from daylight.web.saying import moment, written
from tests.web.rooms import Room

EVIL = '<script>alert(1)</script>\u202e"onmouseover="x'


def say(client, item, **form):
    return client.post(f"/items/{item.public_id}/marks/new/", {"kind": "mark", **form})


def said(item):
    return marks_of(custodian_here(), item.public_id)


def test_a_mark_is_kept_as_typed_and_shown_harmless(room: Room):
    item, client = room.item(1), room.as_(Role.ANALYST)
    answer = say(client, item, words=EVIL, start="0:01.5", end="1:02:03", tags=f"a, b ,a,{EVIL}")
    assert answer.status_code == 302
    (mark,) = said(item)
    assert mark.said.words == EVIL
    assert mark.said.span == Span(1_500_000, 3_723_000_000)
    assert mark.said.tags == tuple(sorted({"a", "b", EVIL}))
    page = client.get(f"/items/{item.public_id}/").content.decode()
    assert "<script>alert" not in page
    read = re.sub(r"(?s)<form.*?</form>", "", page)  # a form holds what was typed
    assert "\u202e" not in read
    assert 'onmouseover="x' not in page.replace("&quot;", "'")


@pytest.mark.parametrize(
    "form",
    [
        {"words": ""},
        {"words": "x", "start": "soon"},
        {"words": "x", "start": "2:00", "end": "1:00"},
        {"words": "x", "region": "[[0,0,0,99999,1]]"},
        {"words": "x", "region": "nonsense"},
        {"words": "x", "sureness": "certainly"},
        {"kind": "severity", "severity": "9"},
        {"kind": "severity", "severity": ""},
        {"kind": "description", "words": " "},
    ],
)
def test_what_cannot_be_kept_stands_in_the_form_again(room: Room, form):
    item, client = room.item(1), room.as_(Role.ANALYST)
    answer = say(client, item, **{"words": "typed with care", **form})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "This cannot be kept" in page
    assert form.get("words", "typed with care") in page
    assert not Mark.objects.exists()


def test_without_scripts_a_conflict_shows_both_texts(room: Room):
    item, client = room.item(1), room.as_(Role.ANALYST)
    made = marks.make(room.ws, custodian_here(), item.public_id, Kind.MARK, Said("first"))
    marks.change(room.ws, custodian_here(), made.mark, 1, Said("the other's"))
    answer = client.post(f"/marks/{made.mark}/change/", {"version": "1", "words": "my own"})
    page = answer.content.decode()
    assert "Somebody else changed this mark" in page
    assert "the other&#x27;s" in page
    assert ">my own</textarea>" in page
    assert [one.said.words for one in said(item)[0].versions] == ["first", "the other's"]
    client.post(f"/marks/{made.mark}/change/", {"version": "2", "words": "both"})
    assert said(item)[0].said.words == "both"


def test_a_second_person_confirms_and_a_name_is_shown(room: Room):
    item = room.item(1)
    ann, ben = room.user("ann", Role.ANALYST), room.user("ben", Role.ANALYST)
    say(room.client(ann), item, words="he falls")
    (mark,) = said(item)
    own = room.client(ann).get(f"/items/{item.public_id}/").content.decode()
    assert "I saw the same" not in own
    answer = room.client(ben).post(f"/marks/{mark.public_id}/confirm/", {"version": "1"})
    assert answer.status_code == 302
    page = room.client(ann).get(f"/items/{item.public_id}/").content.decode()
    assert "confirmed by a second person" in page
    assert 'title="ben"' in page
    wrong = room.client(ann).post(f"/marks/{mark.public_id}/confirm/", {"version": "1"})
    assert "You wrote this or confirmed it already" in wrong.content.decode()


def test_before_it_plays_it_says_what_comes_and_who_has_seen_it(room: Room):
    item, other = room.item(1), custodian_here()
    severe = Said("near the end", Span(5_000_000, 9_500_000), (), ("torture",), severity=4)
    marks.make(room.ws, other, item.public_id, Kind.SEVERITY, severe)
    review.take(room.ws, other, item.public_id)
    client = room.as_(Role.ANALYST)
    for page in (
        client.get(f"/items/{item.public_id}/").content.decode(),
        client.post(
            f"/items/{item.public_id}/lower/", {"part": "player"}, headers={"HX-Request": "true"}
        ).content.decode(),
    ):
        assert "Severity 4 of 4" in page
        assert "0:05–0:09.5" in page
        assert "is going through it" in page


def test_a_third_person_is_asked_why(room: Room):
    item = room.item(1)
    marks.make(room.ws, custodian_here(), item.public_id, Kind.SEVERITY, Said(severity=3))
    clients = [room.client(room.user(name, Role.ANALYST)) for name in ("a", "b", "c")]
    for client in clients[:2]:
        assert client.post(f"/items/{item.public_id}/take/").status_code == 302
    page = clients[2].post(f"/items/{item.public_id}/take/").content.decode()
    assert "Why you must see it too" in page
    answer = clients[2].post(f"/items/{item.public_id}/take/", {"reason": "I know the ward"})
    assert answer.status_code == 302


def test_search_finds_moments_and_says_when_nothing_was_asked(room: Room):
    item, client = room.item(1), room.as_(Role.COUNSEL)
    marks.make(
        room.ws, custodian_here(), item.public_id, Kind.MARK,
        Said("Охранник у двери", Span(61_500_000, 62_000_000)),
    )  # fmt: skip
    page = client.get("/search/", {"q": "охранники дверь"}).content.decode()
    assert "1 found" in page
    assert f"/items/{item.public_id}/?t=61.5" in page
    assert "Say at least one word" in client.get("/search/", {"q": "-дверь"}).content.decode()
    none = client.get("/search/", {"q": "окно"}).content.decode()
    assert "0 found" in none
    assert "Nothing matches" in none
    assert "severity" not in page.split("<ol")[1]
    marks.make(room.ws, custodian_here(), item.public_id, Kind.SEVERITY, Said(severity=3))
    hard = client.get("/search/", {"q": "охранники дверь"}).content.decode()
    assert "severity 3" in hard.split("<ol")[1]  # before one follows the link
    narrowed = client.get("/search/", {"q": "дверь", "since": "2021-01-01"}).content.decode()
    assert "0 found" in narrowed


@given(st.integers(0, 400 * 24 * 3600 * 10**6))
def test_a_time_is_read_as_it_is_written(us):
    assert moment(written(us)) == us


@given(st.text(max_size=20))
def test_any_text_is_a_time_or_refused(text):
    try:
        found = moment(text)
    except UsageError:
        return
    assert found is None or found >= 0
