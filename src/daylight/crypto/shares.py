"""A key in k of n shares: SLIP-39, the words of one share on one card.

Any ``threshold`` cards of a set give the key; fewer tell nothing about it but its length.
"""

from collections.abc import Sequence

from shamir_mnemonic import (
    MnemonicError,
    Share,
    decode_mnemonics,
    generate_mnemonics,
    recover_ems,
)

from daylight.errors import SharesRefused, UsageError

MOST = 16  # shares in a set: the standard's limit


def split(secret: bytes, threshold: int, count: int) -> list[str]:
    """``count`` shares of 33 words each for a secret of 32 bytes. ``UsageError``: no such split."""
    if not 2 <= threshold <= count <= MOST:
        raise UsageError(f"shares are 2 to {MOST}, and at least 2 of them give the key")
    cards: list[str] = generate_mnemonics(1, [(threshold, count)], secret)[0]
    return cards


def combine(shares: Sequence[str]) -> bytes:
    """The secret. ``SharesRefused`` for too few, mistyped, or mixed ones; more than needed do."""
    if not shares:
        raise SharesRefused("no share was given")
    for place, share in enumerate(shares, start=1):
        _check(place, share)
    try:
        groups = decode_mnemonics([_words(one) for one in shares])
        needed = {place: group.get_minimal_group() for place, group in groups.items()}
        secret: bytes = recover_ems(needed).decrypt(b"")
    except MnemonicError:  # its words quote the share
        raise SharesRefused("the shares are too few, or of different sets") from None
    return secret


def _check(place: int, share: str) -> None:
    """Say which card is mistyped, never what is on it."""
    try:
        Share.from_mnemonic(_words(share))
    except MnemonicError:
        raise SharesRefused(f"share {place} has a word too many, too few, or mistyped") from None


def _words(share: str) -> str:
    return " ".join(share.lower().split())
