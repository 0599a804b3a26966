"""Taking, giving, ending; few see the worst; what was seen is not offered again, nor are its copies."""

from dataclasses import replace

import pytest

from daylight.catalogue.models import Relation, Standing
from daylight.catalogue.queries import review as queries
from daylight.catalogue.queries.review import (
    Tasks,
    handed_over,
    my_tasks,
    offers,
    shares,
    standing_of,
    tasks_of_item,
)
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.marks import Kind, Said, Span
from daylight.domain.principal import Role
from daylight.errors import Forbidden, TaskRefused, UsageError
from daylight.services import marks, people, review, standing
from tests.recordings import recording
from tests.services.persons import person


@pytest.fixture
def items(any_ws):
    return [recording(any_ws, n) for n in (1, 2, 3, 4)]


def offered(who, **more):
    return [one.item for one in offers(who, **more)]


def same(a, b, *, length_us=60_000_000, a_us=0, b_us=0):
    Relation.objects.create(
        item_a=a, item_b=b, kind="remuxed", a_start_us=a_us, b_start_us=b_us,
        length_us=length_us, score=1.0, analysis="sameness", version=1, facts={},
    )  # fmt: skip


def test_what_is_taken_or_seen_is_not_offered_and_shares_grow(any_ws, items):
    ada, boris = person("a", "Everything"), person("b", "Everything")
    assert offered(ada) == [one.public_id for one in items]
    task = review.take(any_ws, ada, items[0].public_id)
    assert review.take(any_ws, ada, items[0].public_id) == task  # pressed twice
    assert offered(boris) == [one.public_id for one in items[1:]]
    assert [one.item for one in my_tasks(ada).listed] == [items[0].public_id]
    ended = review.end(any_ws, ada, items[0].public_id, "reviewed")
    assert (ended.how, ended.severity) == ("reviewed", None)
    assert my_tasks(ada) == Tasks(())
    assert offered(boris) == [one.public_id for one in items[1:]]
    (share,) = shares(boris)
    assert (share.items, share.reviewed, share.described, share.taken) == (4, 1, 0, 0)
    with pytest.raises(TaskRefused):
        review.end(any_ws, ada, items[0].public_id, "reviewed")


def test_copies_of_what_was_seen_are_not_offered_and_parts_are(any_ws, items):
    first, copy, part, other = items
    same(first, copy)
    same(first, part, length_us=20_000_000)  # a minute each: a third of it
    ada = person("a", "Everything")
    review.take(any_ws, ada, first.public_id)
    review.end(any_ws, ada, first.public_id, "reviewed")
    assert offered(person("b", "Everything")) == [part.public_id, other.public_id]


def test_severity_and_notes_reach_copies_as_soon_as_they_are_known(any_ws, items):
    first, copy, *_ = items
    ada = person("a", "Everything")
    severe = Said("", Span(0, 5_000_000), (), ("torture", "screams"), severity=4)
    marks.make(any_ws, ada, first.public_id, Kind.SEVERITY, severe)
    assert standing_of(ada, copy.public_id).severity is None
    same(first, copy)
    standing.refresh_copies()
    found = standing_of(ada, copy.public_id)
    assert (found.severity, found.notes) == (4, ("screams", "torture"))
    boris = person("b", "Everything")
    assert first.public_id not in offered(boris, at_most=3)
    assert copy.public_id not in offered(boris, without=["torture"])
    assert copy.public_id in offered(boris, without=["child"])


def test_a_lowered_or_withdrawn_severity_is_lowered_everywhere(any_ws, items):
    first, copy, *_ = items
    same(first, copy)
    ada = person("a", "Everything")
    said = Said("", None, (), ("death",), severity=4)
    made = marks.make(any_ws, ada, first.public_id, Kind.SEVERITY, said)
    marks.change(any_ws, ada, made.mark, 1, replace(said, severity=1, tags=()))
    assert standing_of(ada, copy.public_id).severity == 1
    assert standing_of(ada, copy.public_id).notes == ()
    marks.withdraw(any_ws, ada, made.mark, "wrong film")
    assert standing_of(ada, copy.public_id).severity is None


def test_what_is_described_is_read_and_not_offered(any_ws, items):
    first, copy, part, _ = items
    same(first, copy)
    same(first, part, length_us=20_000_000)
    ada = person("a", "Everything")
    marks.make(any_ws, ada, first.public_id, Kind.DESCRIPTION, Said("A man is led past."))
    assert standing_of(ada, copy.public_id).described
    assert not standing_of(ada, part.public_id).described
    assert copy.public_id not in offered(person("b", "Everything"))
    assert Standing.objects.get(item=first).marks == 1


def test_a_third_person_says_why_they_must_see_the_worst(any_ws, items):
    item = items[0].public_id
    people_ = [person(letter, "Everything") for letter in "abc"]
    marks.make(any_ws, people_[0], item, Kind.SEVERITY, Said(severity=3))
    for one in people_[:2]:
        review.take(any_ws, one, item)
    with pytest.raises(TaskRefused, match="hard to see"):
        review.take(any_ws, people_[2], item)
    review.take(any_ws, people_[2], item, "I know the corridor")
    assert [one.beside for one in tasks_of_item(people_[0], item)] == [
        "",
        "",
        "I know the corridor",
    ]


def test_what_is_handed_over_waits_for_somebody_else(any_ws, items):
    ada, boris = person("a", "Everything"), person("b", "Everything")
    review.take(any_ws, ada, items[0].public_id)
    review.end(any_ws, ada, items[0].public_id, "handed-over")
    assert [one.item for one in handed_over(boris).listed] == [items[0].public_id]
    assert items[0].public_id not in offered(ada)  # who gave it back is not asked again
    assert items[0].public_id in offered(boris)
    review.take(any_ws, boris, items[0].public_id)
    assert handed_over(boris) == Tasks(())
    review.end(any_ws, boris, items[0].public_id, "reviewed")
    assert handed_over(boris) == Tasks(())


def test_what_waits_is_narrowed_as_what_is_offered_and_the_rest_is_counted(any_ws, items):
    ada, boris = person("a", "Everything"), person("b", "Everything")
    for one in items[:3]:
        review.take(any_ws, ada, one.public_id)
        review.end(any_ws, ada, one.public_id, "handed-over")
    Standing.objects.filter(item=items[0]).update(severity=3)
    Standing.objects.filter(item=items[1]).update(severity=1, notes=" torture ")
    waits = handed_over(boris, at_most=2, without=["torture"])
    assert ([one.item for one in waits.listed], waits.further) == ([items[2].public_id], 2)


def test_of_many_tasks_some_are_listed_and_all_counted(any_ws, items, monkeypatch):
    ada = person("a", "Everything")
    monkeypatch.setattr(queries, "LISTED", 3)
    for one in items:
        review.take(any_ws, ada, one.public_id)
    found = my_tasks(ada)
    assert [one.item for one in found.listed] == [one.public_id for one in items[:3]]
    assert found.further == 1


def test_a_task_is_given_only_to_who_may_see_it_and_by_who_may_give(any_ws, items):
    editor = person("e", "Everything", role=Role.EDITOR)
    head = custodian_here()
    recording(any_ws, 9, home="Elsewhere")
    people.add(any_ws, head, people.NewUser("inside", (Role.ANALYST,), ("Everything",)))
    people.add(any_ws, head, people.NewUser("outside", (Role.ANALYST,), ("Elsewhere",)))
    people.add(any_ws, head, people.NewUser("lawyer", (Role.COUNSEL,), ("Everything",)))
    item = items[0].public_id
    review.give(any_ws, editor, item, "inside")
    (task,) = tasks_of_item(editor, item)
    assert (task.given_by, task.agent == editor.agent) == (editor.agent, False)
    for name, error in (("outside", TaskRefused), ("lawyer", TaskRefused), ("nobody", UsageError)):
        with pytest.raises(error):
            review.give(any_ws, editor, item, name)
    with pytest.raises(Forbidden):
        review.give(any_ws, person("a", "Everything"), item, "inside")
    with pytest.raises(KeyError):
        review.take(any_ws, person("s", "Elsewhere"), item)
    assert tasks_of_item(person("s", "Elsewhere"), item) == ()
