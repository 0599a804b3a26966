"""What may be stated of a transfer, and under which names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.domain.custody import DRAW, TOPICS, Statements, check_name, is_text, new_codename
from daylight.errors import UsageError


def test_drawn_codenames_are_accepted_as_typed_ones_are_not():
    for _ in range(200):
        Statements({"handed_over_by": new_codename()})
    for text in ("Ivan", "amber-heron", "amber heron 12", "amber-heron-12\n", "office:", "NEW"):
        with pytest.raises(UsageError, match="codename"):
            Statements({"handed_over_by": text})


def test_an_office_is_no_person():
    Statements({"handed_over_by": "office:Mémorial, Paris"})


@pytest.mark.parametrize("text", ["a\0b", "\udce9", "\x1b[31m", "x\u2028y", "x" * 2001])
@pytest.mark.parametrize("topic", ["place", "handling"])
def test_what_is_no_text_is_refused(topic, text):
    with pytest.raises(UsageError, match=topic):
        Statements({topic: text})


def test_handling_may_take_several_lines():
    Statements({"handling": "bought\n\tsold\nfound"})


def test_an_unknown_topic_names_those_that_are_known():
    with pytest.raises(UsageError, match="received_at"):
        Statements({"colour": "red"})


def test_only_what_is_new_is_stated():
    said = Statements({"seal": "A 1", "place": "", "device": "HDD"})
    assert said.beyond({}) == {"seal": "A 1", "device": "HDD"}
    assert said.beyond({"seal": "A 1", "device": "SSD"}) == {"device": "HDD"}


def test_a_codename_is_drawn_where_there_is_none():
    asked = Statements({"handed_over_by": DRAW})
    drawn = asked.beyond({})["handed_over_by"]
    Statements({"handed_over_by": drawn})
    assert drawn != DRAW
    assert asked.beyond({"handed_over_by": drawn}) == {}
    assert asked.beyond({"handed_over_by": ""})["handed_over_by"] != DRAW


@given(st.text())
def test_text_that_is_kept_can_be_encoded_and_stays_one_line(text):
    if is_text(text):
        assert text.encode().decode() == text
        assert len(text.splitlines()) <= 1


@given(st.text(max_size=250))
def test_a_name_is_kept_as_it_is_or_refused(name):
    try:
        assert check_name(name) == name
    except UsageError:
        assert not name.strip() or len(name) > 200 or not is_text(name)


def test_every_topic_asks_something():
    assert all(TOPICS.values())
