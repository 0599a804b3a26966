"""Words brought to their stems, Russian and English by their letters (Snowball, M. F. Porter)."""

import threading
from functools import lru_cache

import Stemmer

from daylight.domain.search import tokens

_OWN = threading.local()  # a stemmer keeps state and is no two threads' at once


def stem(token: str) -> str:
    """The stem of one folded token; numbers and other alphabets stay as they are."""
    cyrillic = any("\u0430" <= char <= "\u044f" for char in token)
    return _stem(token, "russian" if cyrillic else "english")


def stems(text: str) -> str:
    return " ".join(map(stem, tokens(text)))


@lru_cache(maxsize=65536)
def _stem(token: str, language: str) -> str:
    if not hasattr(_OWN, language):
        setattr(_OWN, language, Stemmer.Stemmer(language))
    found: str = getattr(_OWN, language).stemWord(token)
    return found
