"""What speaks against a recording reaches the court, and so does how it was searched for."""

from daylight.catalogue.models import Relation
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.digest import Digest
from daylight.domain.marks import CONTRADICTS, Kind, Said, Span
from daylight.services import marks
from daylight.services.court_marks import against, searched
from tests.recordings import recording


def told(item):
    return against(custodian_here(), item.public_id, Digest(bytes(item.sha256)))


def test_only_what_speaks_against_it_is_told_with_how_sure_it_is(ws):
    item = recording(ws, 1)
    who = custodian_here()
    said = Said("The uniform is of another year", Span(1_500_000, 4_000_000), (), (CONTRADICTS,))
    made = marks.make(ws, who, item.public_id, Kind.MARK, said)
    marks.make(ws, who, item.public_id, Kind.MARK, Said("he falls", tags=("beating",)))
    (sentence,) = told(item)
    assert sentence.startswith("From 1.5 s to 4.0 s: The uniform is of another year (written ")
    assert "one person's word" in sentence
    marks.withdraw(ws, who, made.mark, "it is not")
    assert told(item) == ()


def test_what_was_said_of_a_copy_is_told_too(ws):
    item, copy = recording(ws, 1), recording(ws, 2)
    Relation.objects.create(
        item_a=item, item_b=copy, kind="trimmed", a_start_us=0, b_start_us=10_000_000,
        length_us=60_000_000, score=1.0, analysis="sameness", version=1, facts={},
    )  # fmt: skip
    said = Said("the clock jumps", Span(0, 0), (), (CONTRADICTS,))
    marks.make(ws, custodian_here(), item.public_id, Kind.MARK, said)
    (sentence,) = told(copy)
    assert sentence.startswith("From 10.0 s to 10.0 s: the clock jumps")
    assert bytes(item.sha256).hex()[:12] in sentence


def test_a_search_is_told_with_what_it_finds_and_how_much_of_it_is_inside(ws):
    items = [recording(ws, n) for n in range(1, 5)]
    for item in items[:3]:
        for words in ("a guard", "two guards"):
            marks.make(ws, custodian_here(), item.public_id, Kind.MARK, Said(words))
    sentence = searched(custodian_here(), "guards", [items[0].public_id, items[3].public_id])
    assert "“guards”" in sentence
    assert "3 items, of which 1 are in this package" in sentence
