"""What is asked of the search box, and words as they are compared: pure."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from daylight.errors import UsageError

MAX_QUERY: Final = 400
MAX_PARTS: Final = 16
MAX_TOKEN: Final = 64  # characters; what is longer is no word
_YO, _YE = "\u0451", "\u0435"  # written either way
_PART = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Query:
    """``words``: any form of each; ``phrases``: tokens in this very order; ``beginnings``: of words.

    ``without``: any form of these is not in it.
    """

    words: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    beginnings: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def tokens(text: str) -> list[str]:
    """Words and numbers, small letters, without the dots of yo, compatibility forms undone; in their order."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace(_YO, _YE)
    return [one[:MAX_TOKEN] for one in _WORD.findall(plain)]


def fold(text: str) -> str:
    return " ".join(tokens(text))


def parse(text: str) -> Query:
    """``word``, ``"exact words"``, ``begin*``, ``-not``; ИК-13 is looked for as it stands.

    Raises ``UsageError`` where nothing is asked for, or only what is not wanted.
    """
    if len(text) > MAX_QUERY:
        raise UsageError(f"a search is up to {MAX_QUERY} characters long")
    words, phrases, beginnings, without = [], [], [], []
    for minus, quoted, found in _parts(text):
        if minus:
            without += found
        elif quoted or len(found) > 1:
            phrases.append(tuple(found))
        elif found[0].endswith("*"):
            beginnings.append(found[0][:-1])
        else:
            words.append(found[0])
    if not (words or phrases or beginnings):
        raise UsageError("say at least one word to look for")
    if len(words) + len(phrases) + len(beginnings) + len(without) > MAX_PARTS:
        raise UsageError(f"a search has up to {MAX_PARTS} words")
    return Query(tuple(words), tuple(phrases), tuple(beginnings), tuple(without))


def _parts(text: str) -> Iterator[tuple[bool, bool, list[str]]]:
    """Minus, quoted, tokens of each part; the last token of an open beginning keeps its star."""
    for minus, quoted, bare in _PART.findall(text):
        found = tokens(quoted or bare)
        if not found:
            continue
        if bare.endswith("*") and len(found) == 1 and not minus:
            found[0] += "*"
        yield bool(minus), bool(quoted), found
