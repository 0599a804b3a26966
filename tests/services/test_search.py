"""One suite for both indexes: what is found, what is not, by whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.catalogue.models import Camera, Recording
from daylight.catalogue.queries.search import PAGE, Wanted, find
from daylight.domain.marks import Kind, Said, Span
from daylight.domain.search import fold, parse, tokens
from daylight.errors import UsageError
from daylight.services import indexing, marks
from tests.recordings import recording
from tests.services.persons import person

TEXTS = {
    1: "Надзиратели ведут заключённого по коридору ИК-13, камера 4",
    2: "Two guards are beating a man; the guard at the door looks away",
    3: "В коридоре никого. ИК-2.",
    4: "13 minutes later the camera is covered with a towel",
    5: "сотрудник в маске, Straße, cafe\u0301",
}


@pytest.fixture
def said(any_ws):
    """Item by number; what is said of each."""
    items = {n: recording(any_ws, n) for n in TEXTS}
    who = person("a", "Everything")
    for n, text in TEXTS.items():
        marks.make(
            any_ws, who, items[n].public_id, Kind.MARK, Said(text, Span(n * 1000, n * 1000 + 5))
        )
    return {item.public_id: n for n, item in items.items()}


def found(said, text, **more):
    hits = find(person("a", "Everything"), Wanted(parse(text), **more))
    assert hits.count == len(hits.hits)
    return {said[one.item] for one in hits.hits}


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("надзиратель", {1}),  # another form of the word
        ("коридоры", {1, 3}),
        ("КОРИДОР", {1, 3}),
        ("заключенный", {1}),  # е for ё
        ("guarding beat", {2}),
        ('"guards are"', {2}),
        ('"guard are"', set()),  # a phrase is taken as it stands
        ("ИК-13", {1}),
        ("ИК-2", {3}),
        ("13", {1, 4}),
        ("на*", {1}),
        ("ka*", set()),
        ("ка*", {1}),
        ("camera -towel", set()),
        ("camera", {4}),
        ("коридор -камера", {3}),
        ("strasse café", {5}),
        ("коридор guard", set()),
    ],
)
def test_words_are_found_in_any_form_and_phrases_as_they_stand(said, text, items):
    assert found(said, text) == items


def test_a_hit_bears_its_moment_and_the_newest_stand_first(said):
    hits = find(person("a", "Everything"), Wanted(parse("камера"))).hits
    assert [(said[one.item], one.start_us, one.kind) for one in hits] == [(1, 1000, "mark")]
    both = find(person("a", "Everything"), Wanted(parse("коридор"))).hits
    assert [said[one.item] for one in both] == [3, 1]


def test_what_may_not_be_seen_is_neither_found_nor_counted(any_ws, said):
    recording(any_ws, 9, home="Elsewhere")
    for stranger in (person("a", "Elsewhere"), person("a")):
        hits = find(stranger, Wanted(parse("коридор")))
        assert (hits.hits, hits.count, hits.more) == ((), 0, False)


def test_pages_follow_one_another_and_the_count_is_of_all(any_ws):
    item = recording(any_ws, 1)
    for n in range(PAGE * 2 + 5):
        indexing.put(item.pk, "mark", f"{n:032x}", f"door number {n}")
    who, before, seen = person("a", "Everything"), None, []
    for _ in range(3):
        page = find(who, Wanted(parse("door"), before=before))
        assert page.count == PAGE * 2 + 5
        seen += [one.ref for one in page.hits]
        before = page.hits[-1].key
    assert not page.more
    assert seen == [f"{n:032x}" for n in reversed(range(PAGE * 2 + 5))]


def test_camera_and_time_narrow_it(any_ws, said):
    camera = Camera.objects.create(number=1)
    row = Recording.objects.filter(item_id=1)
    row.delete()
    Recording.objects.create(item_id=1, camera=camera, burnt_us=50_000_000)
    assert found(said, "коридор", camera=camera.public_id) == {1}
    assert found(said, "коридор", since_us=40_000_000, until_us=60_000_000) == {1}
    assert found(said, "коридор", since_us=60_000_000) == set()
    assert found(said, "коридор", kind="label") == set()


def test_what_is_replaced_is_no_longer_found(any_ws, said):
    indexing.put(1, "label", "x", "Корпус первый")
    indexing.put(1, "label", "x", "Корпус второй")
    assert found(said, "первый") == set()
    assert found(said, "второй") == {1}
    indexing.drop("label", "x")
    assert found(said, "второй") == set()


@pytest.mark.parametrize("text", ["", "  ", "-only", '""', "***", "—", "x" * 500, "a " * 40])
def test_a_search_for_nothing_is_said_to_be_none(text):
    with pytest.raises(UsageError):
        parse(text)


HOSTILE = [
    "' OR 1=1 --",
    '" NEAR(a b) AND',
    "stems : x NOT y",
    "a* OR b*",
    "^begin",
    "{folded} : z",
    "a & b | !c <-> d",
    "\\'; DROP TABLE catalogue_segment; --",
    "word' :*",
    "x\0y",
    "x\ud800",
    "ﬁ ① ٣ 你好 👁",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_query_is_an_operator_or_an_error(said, text):
    hits = find(person("a", "Everything"), Wanted(parse(text)))
    assert hits.count in range(6)


@given(st.text(max_size=300))
def test_tokens_hold_nothing_that_an_index_could_take_for_syntax(text):
    for one in tokens(text):
        assert one.isalnum()
    assert fold(fold(text)) == fold(text)
