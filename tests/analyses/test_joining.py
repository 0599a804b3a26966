from hypothesis import given
from hypothesis import strategies as st

from daylight.analyses.joining import Sets

PAIRS = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=40)


def test_labels_and_people_keep_apart():
    sets = Sets([{"a"}, {"b"}, set(), {"a"}], [set(), set(), {1}, {2}])
    assert not sets.join(0, 1)
    assert sets.join(0, 2)
    assert not sets.join(3, 2)
    assert sets.join(0, 1, whatever_the_label=True)
    assert not sets.join(1, 3, whatever_the_label=True)
    assert list(sets.all()) == [[0, 1, 2], [3]]


@given(PAIRS, st.lists(st.sampled_from([set(), {1}, {2}]), min_size=12, max_size=12))
def test_nothing_is_lost_and_no_two_words_are_joined(pairs, said):
    sets = Sets([set() for _ in range(12)], said)
    joined = [sets.join(*pair) for pair in pairs]
    groups = list(sets.all())
    assert sorted(n for group in groups for n in group) == [*range(12)]
    for group in groups:
        assert len(set().union(*(said[n] for n in group))) <= 1
        assert all(sets.members(n) == sets.members(group[0]) for n in group)
    for pair, one in zip(pairs, joined, strict=True):
        assert one is (sets.root(pair[0]) == sets.root(pair[1])) or not one
