"""Cards of a key: any two of three, and what people do wrong with them."""

import itertools
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shamir_mnemonic import combine_mnemonics

from daylight.crypto.shares import combine, split
from daylight.errors import SharesRefused, UsageError

SECRET = bytes(range(32))


def test_any_two_of_three_give_the_key_and_so_do_all():
    cards = split(SECRET, 2, 3)
    assert [len(one.split()) for one in cards] == [33, 33, 33]
    for chosen in itertools.permutations(cards, 2):
        assert combine(chosen) == SECRET
    assert combine(cards) == SECRET


@given(st.data())
@settings(max_examples=25)
def test_every_split_comes_together(data):
    count = data.draw(st.integers(2, 6))
    threshold = data.draw(st.integers(2, count))
    secret = os.urandom(32)
    cards = split(secret, threshold, count)
    chosen = data.draw(st.permutations(cards))[:threshold]
    assert combine(chosen) == secret
    with pytest.raises(SharesRefused):
        combine(chosen[1:])


def test_other_programs_of_the_standard_read_the_cards():
    assert combine_mnemonics(split(SECRET, 3, 5)[1:4]) == SECRET


# From the standard's own list: slip-0039, "Threshold 2-of-3, 256 bits".
VECTOR = [
    (
        "humidity disease academic always aluminum jewelry energy woman receiver strategy amuse duckling"
        " lying evidence network walnut tactics forget hairy rebound impulse brother survive clothes"
        " stadium mailman rival ocean reward venture always armed unwrap"
    ),
    (
        "humidity disease academic agency actress jacket gross physics cylinder solution fake mortgage"
        " benefit public busy prepare sharp friar change work slow purchase ruler again tricycle involve"
        " viral wireless mixture anatomy desert cargo upgrade"
    ),
]


def test_the_standards_cards_give_what_the_standard_says():
    """Its lists use the passphrase TREZOR; without one the words combine to another secret."""
    assert combine_mnemonics(VECTOR, b"TREZOR").hex() == (
        "c938b319067687e990e05e0da0ecce1278f75ff58d9853f19dcaeed5de104aae"
    )
    assert combine(VECTOR) == combine_mnemonics(VECTOR)


def test_layout_and_case_do_not_matter():
    one, two, _ = split(SECRET, 2, 3)
    assert combine([f"\n  {one.upper()}\n", two.replace(" ", "\n")]) == SECRET


def test_what_is_wrong_with_a_card_is_said_without_its_words():
    one, two, _ = split(SECRET, 2, 3)
    words = two.split()
    swapped = [*words[:8], "acid" if words[8] != "acid" else "acne", *words[9:]]
    for wrong in (" ".join(swapped), " ".join(words[:-1]), two + " acid", "hello", "", "\0"):
        with pytest.raises(SharesRefused, match="share 2") as told:
            combine([one, wrong])
        assert not {*words} - {"share", "word"} & {*str(told.value).split()}


def test_cards_of_two_sets_do_not_mix():
    with pytest.raises(SharesRefused):
        combine([split(SECRET, 2, 3)[0], split(SECRET, 2, 3)[1]])


def test_one_card_twice_is_one_card():
    one, *_ = split(SECRET, 2, 3)
    for too_few in ([one], [one, one], []):
        with pytest.raises(SharesRefused):
            combine(too_few)


@pytest.mark.parametrize(("threshold", "count"), [(1, 3), (4, 3), (2, 17), (0, 0), (-1, 2)])
def test_no_such_split(threshold, count):
    with pytest.raises(UsageError):
        split(SECRET, threshold, count)
