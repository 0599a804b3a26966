"""Cards: short enough to be read aloud, and whoever misreads one word is told so."""

import base64
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from shamir_mnemonic.wordlist import WORDLIST

from daylight.crypto.signing import SigningKey
from daylight.errors import CardRefused
from daylight.ledger import card
from daylight.ledger.head import SignedHead, sign

KEY = SigningKey.from_seed(b"\7" * 32)
VAULT = "ab" * 16
HEAD = sign(KEY, VAULT, 1204, b"\1" * 32, "2026-11-12T14:07Z")
PHRASE = card.words(HEAD)
WORD = st.sampled_from(WORDLIST)


@given(
    st.binary(min_size=16, max_size=16),
    st.integers(0, (1 << 53) - 1),
    st.binary(min_size=32, max_size=32),
    st.datetimes(min_value=card._EPOCH.replace(tzinfo=None)).filter(lambda at: at.year < 9000),
)
def test_a_head_survives_its_code_and_its_words(vault, size, root, at):
    head = sign(KEY, vault.hex(), size, root, f"{at:%Y-%m-%dT%H:%MZ}")
    text = card.to_text(head)
    assert len(text) == 266
    assert re.fullmatch(r"[0-9A-Z $%*+./:-]+", text), "the alphanumeric mode of a QR code"
    assert card.find_text(text.encode()) == head
    assert card.find_text(f"<desc>{text.lower()}</desc>".encode()) == head
    assert card.read_words(card.words(head)) == card.words(head)


def test_the_words_of_a_known_head():
    """Cards lie with people outside for years: the same head has the same words for ever."""
    assert " ".join(PHRASE) == KNOWN


KNOWN = (
    "satoshi spray trash pipeline simple grill discuss famous "
    "advocate burning shrimp peaceful preach stay exact romantic"
)


def test_every_head_has_words_of_its_own():
    others = [
        sign(KEY, VAULT, 1205, b"\1" * 32, "2026-11-12T14:07Z"),
        sign(KEY, VAULT, 1204, b"\2" * 32, "2026-11-12T14:07Z"),
        sign(KEY, VAULT, 1204, b"\1" * 32, "2026-11-12T14:08Z"),
        sign(KEY, "ac" * 16, 1204, b"\1" * 32, "2026-11-12T14:07Z"),
        sign(SigningKey.from_seed(b"\6" * 32), VAULT, 1204, b"\1" * 32, "2026-11-12T14:07Z"),
    ]
    phrases = {card.words(one) for one in (HEAD, *others)}
    assert len(phrases) == 6
    assert len({phrase[0] for phrase in phrases}) > 1


@given(st.lists(WORD, min_size=15, max_size=15), st.integers(0, 15), WORD)
def test_a_wrong_word_is_found(first, place, wrong):
    numbers = [WORDLIST.index(word) for word in first]
    phrase = [*first, WORDLIST[card._check(numbers)]]
    assert card.read_words(phrase) == tuple(phrase)
    assume(phrase[place] != wrong)
    phrase[place] = wrong
    with pytest.raises(CardRefused, match="do not belong together"):
        card.read_words(phrase)


@given(st.lists(WORD, min_size=15, max_size=15), st.integers(0, 15), st.integers(0, 15))
def test_two_words_that_changed_places_are_found(first, one, other):
    phrase = [*first, WORDLIST[card._check([WORDLIST.index(word) for word in first])]]
    assume(phrase[one] != phrase[other])
    phrase[one], phrase[other] = phrase[other], phrase[one]
    with pytest.raises(CardRefused):
        card.read_words(phrase)


def test_words_are_taken_as_people_write_them():
    rows = card.in_rows(PHRASE)
    for said in (
        [" ".join(PHRASE)],
        ["  ".join(rows)],
        [word.upper() for word in PHRASE],
        [word[:4] for word in PHRASE],
        [", ".join(PHRASE) + "."],
        [f"{number}. {word}" for number, word in enumerate(PHRASE, 1)],
    ):
        assert card.read_words(said) == PHRASE


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([], "16 words, these are 0"),
        (PHRASE[:-1], "these are 15"),
        ([*PHRASE, "acid"], "these are 17"),
        (["xylophone", *PHRASE[1:]], "word 1 is not"),
        ([PHRASE[0] + "s", *PHRASE[1:]], "word 1 is not"),
        ([*PHRASE[:3], "abc", *PHRASE[4:]], "word 4 is not"),
        (["\x00", "слово", *PHRASE[2:]], "word 1 is not"),
    ],
)
def test_what_are_no_words_of_a_card_is_refused(said, why):
    with pytest.raises(CardRefused, match=why):
        card.read_words(said)


@given(st.lists(st.text(max_size=20), max_size=40))
def test_any_text_is_refused_and_nothing_else_happens(said):
    with pytest.raises(CardRefused):
        card.read_words(said)


@given(st.integers(0, 249), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_a_changed_letter_of_the_code_is_found(place, letter):
    text = card.to_text(HEAD)
    place += len(card.PREFIX)
    assume(text[place] != letter)
    with pytest.raises(CardRefused):
        card.find_text((text[:place] + letter + text[place + 1 :]).encode())


@given(st.binary(max_size=400))
def test_what_holds_no_code_holds_none(data):
    assert card.find_text(data) is None


@pytest.mark.parametrize("cut", [1, 10, 249])
def test_a_short_code_is_none(cut):
    assert card.find_text(card.to_text(HEAD)[:-cut].encode()) is None
    assert card.find_text(card.to_text(HEAD).encode() + b"A") is None


@given(st.binary(min_size=156, max_size=156))
def test_bytes_that_nobody_signed_are_refused(data):
    text = card.PREFIX + base64.b32encode(data).decode().rstrip("=")
    with pytest.raises(CardRefused):
        card.find_text(text.encode())


@pytest.mark.parametrize("at", ["1969-12-31T23:59Z", "9999-01-01T00:00Z", "2026-13-01T00:00Z"])
def test_a_minute_that_no_card_can_bear_is_refused(at):
    with pytest.raises(CardRefused):
        card.to_text(sign(KEY, VAULT, 1, b"\1" * 32, at))


def test_a_card_says_what_to_do_and_names_nothing():
    lines = card.lines(HEAD)
    assert "1204 entries" in lines[0]
    assert VAULT[:8] in lines[0]
    assert VAULT not in "\n".join(lines)
    assert len(lines) == 7
    assert all(len(line) <= 80 for line in lines)
    assert "two people outside" in lines[-2]


def test_an_unsigned_head_is_no_card():
    forged = SignedHead(HEAD.head, bytes(64))
    with pytest.raises(CardRefused, match="signature"):
        card.find_text(card.to_text(forged).encode())
