"""What a person keeps for themselves: sums, budgets, wishes, and there and back."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.domain.exposure import (
    HARDEST,
    LEVELS,
    MINUTE_US,
    PICTURE_US,
    STRIP_US,
    Own,
    Today,
    added,
    decode,
    encode,
    level_of,
    weighed,
    without,
)
from daylight.domain.marks import Span
from daylight.domain.views import View

DAY = date(2026, 11, 26)
days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
spent = st.dictionaries(st.sampled_from(LEVELS), st.integers(0, 10**12))
owns = st.builds(
    Own,
    st.dictionaries(days, spent, max_size=4),
    st.dictionaries(st.integers(0, 4), st.integers(0, 1440)),
    st.integers(0, 1440),
    st.none() | st.builds(Today, days, st.integers(0, 4), st.just(("child", "death"))),
)


@given(owns)
def test_there_and_back(own):
    assert decode(encode(own)) == own


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"schema": "own/2"}'])
def test_what_is_nobodys(data):
    with pytest.raises((ValueError, LookupError, TypeError)):
        decode(data)


def test_what_is_watched_adds_up_and_old_days_go():
    own = added(Own(), DAY, [("3", 5), (level_of(None), 2), ("3", 6)])
    assert own.spent(DAY) == {"0": 0, "1": 0, "2": 0, "3": 11, "4": 0, "unknown": 2}
    later = added(own, DAY + timedelta(days=89), [("0", 1)])
    assert DAY in later.days
    assert DAY not in added(later, DAY + timedelta(days=90), []).days


def test_a_spent_budget_takes_what_is_as_hard_from_the_offers():
    own = added(Own(budget={3: 10, 4: 0}), DAY, [("3", 10 * MINUTE_US - 1)])
    assert own.used_up(DAY) == (4,)
    assert own.wish(DAY) == Today(DAY, 3)
    assert added(own, DAY, [("3", 1)]).wish(DAY).at_most == 2
    assert own.wish(DAY + timedelta(days=1)).at_most == 3  # of severity 4 nothing, any day
    assert Own(budget={0: 0}).wish(DAY).at_most == -1


def test_a_wish_is_for_its_day():
    own = Own(today=Today(DAY, 1, ("child",)))
    assert own.wish(DAY) == Today(DAY, 1, ("child",))
    assert own.wish(DAY + timedelta(days=1)) == Today(DAY + timedelta(days=1), HARDEST)


def test_only_content_notes_are_kept():
    assert without(["child", "<script>", "beating", "child"]) == ("beating", "child")


def seen(start, end):
    return View("a", "i", "clear", start, end, 1, 1)


S = 1_000_000


@pytest.mark.parametrize(
    ("view", "item", "said", "counted"),
    [
        (seen(0, 4 * S), None, [], [("unknown", 4 * S)]),
        (seen(0, 4 * S), 3, [(None, 3)], [("3", 4 * S)]),
        (seen(S, S), 3, [(None, 3)], [("3", PICTURE_US)]),
        (seen(None, None), 4, [(Span(0, S), 4)], [("4", STRIP_US)]),
        (seen(0, 4 * S), 4, [(Span(9 * S, 10 * S), 4)], [("unknown", 4 * S)]),
        (
            seen(0, 4 * S),
            4,
            [(Span(S, 3 * S), 4), (None, 1)],
            [("1", S), ("4", 2 * S), ("1", S)],
        ),
        (
            seen(0, 4 * S),
            4,
            [(Span(0, 3 * S), 2), (Span(2 * S, 9 * S), 4)],
            [("2", 2 * S), ("4", S), ("4", S)],
        ),
        (seen(2 * S, 2 * S), 4, [(Span(S, 3 * S), 4)], [("4", PICTURE_US)]),
        (seen(3 * S, 3 * S), 4, [(Span(S, 3 * S), 4)], [("unknown", PICTURE_US)]),
        (seen(0, 4 * S), 4, [(Span(S, S), 4)], [("unknown", S), ("4", PICTURE_US), ("unknown", S)]),
    ],
)
def test_seconds_count_by_what_was_said_of_just_these(view, item, said, counted):
    assert weighed(view, item, said) == counted


@given(
    st.integers(0, 100),
    st.integers(1, 100),
    st.lists(st.tuples(st.integers(0, 150), st.integers(0, 50), st.integers(0, 4)), max_size=5),
)
def test_no_second_counts_twice_nor_is_lost(start, length, said):
    severe = [(Span(at, at + long), level) for at, long, level in said]
    counted = weighed(seen(start, start + length), 0, severe)
    assert sum(us for _, us in counted) == length
