"""How the report puts things: acts, sizes, lengths, in plain words."""

import unicodedata
from datetime import datetime
from fractions import Fraction

ACTS = {
    "vault-created": "The ledger was begun and its first key named",
    "key-rotated": "The ledger's key was changed, signed by the old key and the new",
    "key-replaced": "The ledger's key was lost and replaced",
    "accession-opened": "A transfer of material was begun",
    "custody-stated": "What is known of the transfer was written down",
    "received": "Received: copied, hashed and entered",
    "accession-closed": "The transfer was finished",
    "examined": "Examined by programs",
    "analysed": "Compared and read by programs",
    "originals-exported": "The original was given out in a package",
    "release-tree": "A release was prepared",
}


def act(action: str) -> str:
    """An act in words; one that this version does not know by its code."""
    return ACTS.get(action, action.replace("-", " ").capitalize())


def size(count: int) -> str:
    """Bytes, exactly."""
    return f"{count:,} bytes".replace(",", "\u00a0")


def length(seconds: Fraction | None) -> str:
    if seconds is None:
        return "unknown"
    whole = round(seconds * 10)
    minutes, tenths = divmod(whole, 600)
    return f"{minutes // 60}:{minutes % 60:02}:{tenths // 10:02}.{tenths % 10}"


def minute(at: str) -> str:
    """A time as entries bear it, to the minute or the day alone, to be read by people."""
    return at.replace("T", " ").removesuffix("Z")


def moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def plain(untrusted: str, longest: int = 500) -> str:
    """A text from elsewhere as it may be printed: controls and direction marks as escapes, cut."""
    shown = "".join(
        char
        if char == " " or unicodedata.category(char)[0] not in "CZ"
        else char.encode("unicode_escape", "surrogatepass").decode()
        for char in untrusted[:longest]
    )
    return shown + (" …" if len(untrusted) > longest else "")
