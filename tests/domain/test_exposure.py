"""What a person keeps for themselves: sums, budgets, wishes, and there and back."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.domain.exposure import (
    HARDEST,
    LEVELS,
    MINUTE_US,
    Own,
    Today,
    added,
    decode,
    encode,
    level_of,
    without,
)

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
