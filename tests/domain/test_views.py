"""Records of views: joined where they go on, and read back as they were written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.domain.views import View, decode, encode, joined

numbers = st.one_of(st.none(), st.integers(0, 10**12))
views = st.builds(
    View,
    agent=st.just("a" * 32),
    item=st.text(max_size=12),
    how=st.sampled_from(["clear", "shielded", "pictures-clear"]),
    start_us=numbers,
    end_us=numbers,
    at=st.integers(0, 2**40),
    until=st.integers(0, 2**40),
)


@given(st.lists(views, max_size=5))
def test_there_and_back(seen):
    assert decode(encode("a" * 32, seen)) == seen


def test_what_goes_on_becomes_one():
    def part(start, end, at, how="clear", item="i", agent="a"):
        return View(agent, item, how, start, end, at, at)

    assert joined([part(0, 4, 1), part(4, 8, 2), part(8, 9, 3)]) == [
        View("a", "i", "clear", 0, 9, 1, 3)
    ]
    apart = [part(0, 4, 1), part(5, 8, 2), part(8, 9, 3, how="shielded"), part(9, 10, 4, item="j")]
    assert joined(apart) == apart


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"schema": "views/2"}', b"\xff"])
def test_what_is_no_record(data):
    with pytest.raises(ValueError):  # noqa: PT011  # json's own, or ours
        decode(data)


def test_what_counts_as_shielded():
    def how(name):
        return View("a", "i", name, 0, 5, 1, 1)

    assert how("shielded").is_shielded
    assert how("pictures-shielded").is_shielded
    assert not how("clear").is_shielded
    assert not how("pictures-clear").is_shielded
    assert View("a", "i", "clear", None, None, 1, 1).length_us == 0
