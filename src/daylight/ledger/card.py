"""A head card: a head small enough for a piece of paper, in words for people and as text for a QR code.

The words are those of SLIP-39 (SatoshiLabs, as ``shamir-mnemonic`` carries them): 1024 common words
that differ in their first four letters, so they survive the telephone and handwriting. The list of
PGP reads aloud as well, but carries eight bits a word: twenty words for the same strength.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from shamir_mnemonic.wordlist import WORDLIST

from daylight.domain.clock import coarse, minute
from daylight.errors import CardRefused
from daylight.ledger.head import Head, SignedHead

PREFIX = "DAYLIGHT-HEAD:1:"
# The keeper could look for two heads with the same words (a birthday search): 150 bits leave 2^75.
DIGEST_WORDS = 15
WORDS = DIGEST_WORDS + 1
BITS = 10  # of a word
LETTERS = 4  # that tell each word of the list
_NUMBER = {word[:LETTERS]: number for number, word in enumerate(WORDLIST)}
_FIELD = 0x409  # x^10 + x^3 + 1, primitive over GF(2): the field of the check word
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SIZES = 1 << 53  # no ledger has as many entries
MINUTES = 4_000_000_000  # since 1970; the year 9575
_TEXT = re.compile(rb"(?i)DAYLIGHT-HEAD:1:([A-Z2-7]{250})(?![A-Z2-7])")
_PARTS = (16, 8, 4, 32, 32, 64)  # bytes: vault, size, minute, root, key, signature


def words(head: SignedHead) -> tuple[str, ...]:
    """Sixteen words: the first 150 bits of the SHA-256 of the head's body, then a check word."""
    digest = int.from_bytes(hashlib.sha256(head.body()).digest(), "big")
    top = digest >> (256 - DIGEST_WORDS * BITS)
    numbers = [top >> BITS * (DIGEST_WORDS - 1 - n) & 1023 for n in range(DIGEST_WORDS)]
    return tuple(WORDLIST[number] for number in (*numbers, _check(numbers)))


def read_words(said: Sequence[str]) -> tuple[str, ...]:
    """Words as somebody read them back; four letters of each are enough.

    Raises ``CardRefused`` if one is not of the list, or they do not belong together: the check word
    finds every single wrong word and every two that changed places.
    """
    told = [word for one in said for word in re.split(r"[\s,.;\d]+", one.lower()) if word]
    numbers = [_number(place, word) for place, word in enumerate(told, 1)]
    if len(numbers) != WORDS:
        raise CardRefused(f"a card has {WORDS} words, these are {len(numbers)}")
    if _check(numbers[:-1]) != numbers[-1]:
        raise CardRefused("these words do not belong together: one was misread, or two are swapped")
    return tuple(WORDLIST[number] for number in numbers)


def _number(place: int, word: str) -> int:
    number = _NUMBER.get(word[:LETTERS])
    if number is None or not WORDLIST[number].startswith(word):
        raise CardRefused(f"word {place} is not a word of a card")
    return number


def _check(numbers: Sequence[int]) -> int:
    """The sum of ``x^(15-n) * number`` over GF(1024): a wrong word or a swap changes it for sure."""
    total = 0
    for number in numbers:
        total = _times_x(total ^ number)
    return total


def _times_x(value: int) -> int:
    value <<= 1
    return value ^ _FIELD if value >> BITS else value


def to_text(head: SignedHead) -> str:
    """The signed head for a QR code in its alphanumeric mode: :data:`PREFIX` and base32 (RFC 4648)."""
    said = head.head
    minutes = (_minute(said.at) - _EPOCH) // timedelta(minutes=1)
    if not 0 <= minutes < MINUTES:
        raise CardRefused("the head's minute is not of this age")
    data = b"".join(
        (
            bytes.fromhex(said.vault),
            said.size.to_bytes(8, "big"),
            minutes.to_bytes(4, "big"),
            said.root,
            said.key,
            head.signature,
        )
    )
    return PREFIX + base64.b32encode(data).decode().rstrip("=")


def find_text(data: bytes) -> SignedHead | None:
    """The head in whatever a scanner or a card's file holds; None where there is none.

    ``CardRefused`` for one whose signature does not hold, so for every letter that was changed.
    """
    found = _TEXT.search(data)
    if found is None:
        return None
    head = _head(base64.b32decode(found[1].upper() + b"=" * 6))
    if head is None or to_text(head)[len(PREFIX) :].encode() != found[1].upper():
        raise CardRefused("this is no card of a head")
    if not head.is_signed():
        raise CardRefused("the head's signature does not hold: a letter of the card was changed")
    return head


def _head(data: bytes) -> SignedHead | None:
    parts, start = [], 0
    for length in _PARTS:
        parts.append(data[start : start + length])
        start += length
    vault, root, key, signature = parts[0], *parts[3:]
    size, minutes = int.from_bytes(parts[1], "big"), int.from_bytes(parts[2], "big")
    if size >= SIZES or minutes >= MINUTES:
        return None
    at = _EPOCH + timedelta(minutes=minutes)
    said = Head(vault.hex(), size, root, coarse(at), key)
    return SignedHead(said, signature)


def _minute(at: str) -> datetime:
    try:
        return minute(at)
    except ValueError as error:
        raise CardRefused("the head bears no minute of the calendar") from error


def in_rows(phrase: Sequence[str], columns: int = 4) -> list[str]:
    """Numbered words in rows, to be read aloud."""
    cells = [f"{number:>2} {word:<8}" for number, word in enumerate(phrase, 1)]
    return [
        "  ".join(cells[start : start + columns]).rstrip()
        for start in range(0, len(cells), columns)
    ]


def lines(head: SignedHead) -> list[str]:
    """The card without its code. It names neither the archive nor anything that came in."""
    said = head.head
    return [
        f"HEAD CARD  vault {said.vault[:8]}  {said.size} entries  {said.at}",
        *in_rows(words(head)),
        "Give this card to two people outside, who do not know each other. Each keeps it.",
        "Read back years later, it shows whether this record was changed since.",
    ]
